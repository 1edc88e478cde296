"""The page of a resource, chapters from a topic's page, and the topics that they tick."""

import pytest

from tests.factories import make_user
from tracker.actions.progress import Mark, mark_topics
from tracker.actions.units import mark_unit
from tracker.models import Source, TopicProgress, TopicState, UnitProgress


def lone_unit(catalog):
    """A unit that alone covers all its topics in its resource."""
    for resource in catalog.resources.values():
        for unit in resource.units:
            others = [other for other in resource.units if other is not unit]
            if unit.topics and not any(set(unit.topics) & set(other.topics) for other in others):
                return unit
    raise AssertionError


@pytest.fixture
def unit(catalog):
    return lone_unit(catalog)


@pytest.fixture
def page(unit):
    return f"/library/{unit.resource}/"


@pytest.fixture
def mark_url(unit):
    return f"/library/{unit.resource}/{unit.slug}/mark/"


def test_a_guest_sees_units_without_boxes_and_a_hint(client, catalog, page):
    text = client.get(page).content.decode()

    assert "to tick what you have read" in text
    assert 'class="tick"' not in text


def test_a_guest_is_sent_to_the_sign_in(client, catalog, mark_url):
    assert client.post(mark_url, {"done": "1"})["Location"].startswith("/accounts/login/")


def test_marking_without_htmx_leads_back_to_a_page_that_proposes_topics(
    ada, ada_browser, catalog, unit, page, mark_url
):
    response = ada_browser.post(mark_url, {"done": "1"}, follow=True)

    text = response.content.decode()
    assert response.redirect_chain[0][0].startswith(page + "?undo=")
    assert UnitProgress.objects.get(user=ada).unit_id == unit.id
    assert f"{unit.label} is done." in text
    assert f'formaction="/library/{unit.resource}/{unit.slug}/topics/"' in text
    assert f"1</strong> of {len(catalog.resources[unit.resource].units)}" in text


def test_one_confirmation_ticks_all_proposed_topics_and_is_undone_as_one(
    ada, ada_browser, catalog, unit, page, mark_url
):
    slugs = {catalog.topics[index].slug for index in unit.topics}
    ada_browser.post(mark_url, {"done": "1"})

    response = ada_browser.post(
        f"/library/{unit.resource}/{unit.slug}/topics/", {"topics": " ".join(slugs)}, follow=True
    )

    rows = TopicProgress.objects.filter(user=ada).select_related("topic")
    assert {(row.topic.slug, row.state, row.source) for row in rows} == {
        (slug, "done", "unit") for slug in slugs
    }
    batch = response.redirect_chain[0][0].split("undo=")[1].split("#")[0]
    ada_browser.post(f"/undo/{batch}/", {"next": page})
    assert not TopicProgress.objects.filter(user=ada).exists()
    assert UnitProgress.objects.filter(user=ada).exists()


def test_only_topics_of_the_unit_are_ticked(ada, ada_browser, catalog, unit):
    other = next(topic for topic in catalog.topics if topic.index not in unit.topics)
    address = f"/library/{unit.resource}/{unit.slug}/topics/"

    assert ada_browser.post(address, {"topics": other.slug}).status_code == 400
    assert ada_browser.post(address).status_code == 400
    assert not TopicProgress.objects.filter(user=ada).exists()


def test_marking_with_htmx_answers_the_row_the_count_and_the_way_back(
    ada, ada_htmx, catalog, unit, page, mark_url
):
    text = ada_htmx.post(mark_url, {"done": "1", "next": page}).content.decode()

    assert f'<li id="unit-{unit.slug}" hx-swap-oob="true">' in text
    assert text.count("<li id=") == 1
    assert 'id="resource-progress" hx-swap-oob="true"' in text
    assert 'class="callout" data-tone="done"' in text
    assert 'id="undo"' in text


def test_undo_with_htmx_puts_every_row_back(ada, ada_htmx, catalog, unit, page):
    batch = mark_unit(user=ada, unit=unit, is_done=True).batch

    text = ada_htmx.post(f"/undo/{batch}/", {"next": page}).content.decode()

    assert not UnitProgress.objects.exists()
    assert text.count("<li id=") == len(catalog.resources[unit.resource].units)


def test_unmarking_keeps_a_tick_made_by_hand(ada, ada_browser, catalog, unit, mark_url):
    topic = catalog.topics[unit.topics[0]]
    mark_topics(user=ada, marks=[Mark(topic=topic, state=TopicState.DONE)], source=Source.MANUAL)
    mark_unit(user=ada, unit=unit, is_done=True)

    ada_browser.post(mark_url, {"done": "0"})

    assert not UnitProgress.objects.exists()
    assert TopicProgress.objects.get(user=ada).state == "done"


def test_what_is_no_unit_is_not_found_and_what_is_no_state_is_refused(
    ada_browser, catalog, mark_url, page
):
    assert ada_browser.post(page + "no-such-unit/mark/", {"done": "1"}).status_code == 404
    assert ada_browser.post(mark_url, {"done": "maybe"}).status_code == 400
    assert ada_browser.post(mark_url).status_code == 400
    assert ada_browser.get(page + "?read=nonsense&undo=x").status_code == 200


def test_the_topic_page_ticks_units_too(ada, ada_browser, ada_htmx, catalog, unit, mark_url):
    topic = f"/topics/{catalog.topics[unit.topics[0]].slug}/"

    assert f'formaction="{mark_url}"' in ada_browser.get(topic).content.decode()
    text = ada_htmx.post(mark_url, {"done": "1", "next": topic}).content.decode()

    assert 'id="shelf" aria-labelledby="readings" hx-swap-oob="true"' in text
    assert "as well</button>" in text
    response = ada_browser.post(mark_url, {"done": "1", "next": topic})
    assert response["Location"].startswith(topic)


def test_a_mark_leaves_other_people_alone(ada, ada_browser, catalog, unit, mark_url):
    mark_unit(user=make_user(), unit=unit, is_done=True)

    ada_browser.post(mark_url, {"done": "1"})
    ada_browser.post(mark_url, {"done": "0"})

    assert UnitProgress.objects.count() == 1


@pytest.mark.parametrize("count", [0, 25])
def test_the_pages_ask_the_database_the_same_however_much_is_read(
    ada, ada_browser, catalog, unit, page, mark_url, count_queries, count
):
    units = [one for resource in catalog.resources.values() for one in resource.units]
    for one in [one for one in units if one is not unit][:count]:
        UnitProgress.objects.create(user=ada, unit_id=one.id, done_at=ada.joined_at)
    ada_browser.get(page)

    with count_queries() as looking:
        ada_browser.get(page)
    with count_queries() as marking:
        ada_browser.post(mark_url, {"done": "1"}, headers={"HX-Request": "true"})

    assert len(looking) == 4
    assert len(marking) <= 8
