"""The map of a role: every topic as a link, the panel beside it, and ticking in it."""

import re

import pytest

from tests.factories import make_user
from tracker.actions.progress import Mark, mark_topics
from tracker.models import Source, TopicProgress, TopicState

MAP = "/roadmap/data-scientist/?view=map"


def test_every_topic_of_the_role_is_a_box_and_a_link(client, catalog):
    page = client.get(MAP).content.decode()

    role = catalog.roles["data-scientist"]
    assert page.count('class="node"') == len(role.entries)
    for entry in role.entries:
        assert f'href="?view=map&amp;topic={catalog.topics[entry.index].slug}"' in page
    assert 'href="/roadmap/data-scientist/">List</a>' in page


def test_a_box_says_its_state_in_words_and_by_shape(ada, ada_browser, catalog):
    marks = [Mark(topic=catalog.topic_by_slug["vectors"], state=TopicState.DONE)]
    mark_topics(user=ada, marks=marks, source=Source.MANUAL)

    page = ada_browser.get(MAP).content.decode()

    box = re.search(r'<a class="node" id="node-vectors".*?</a>', page).group()
    assert 'data-state="done"' in box
    assert 'aria-label="Vectors and vector arithmetic, done"' in box
    assert 'href="#mark-done"' in box


def test_a_deep_link_opens_the_topic_beside_the_map(client, catalog):
    page = client.get(MAP + "&topic=derivatives").content.decode()

    topic = catalog.topic_by_slug["derivatives"]
    assert f'<h2><a href="/topics/derivatives/">{topic.title}</a></h2>' in page
    assert 'formaction="/topics/derivatives/mark/"' in page
    assert page.count('aria-current="true"') == 1


@pytest.mark.parametrize("topic", ["", "no-such-topic", "%00", "projective-geometry"])
def test_a_topic_that_is_not_on_the_map_opens_nothing(client, catalog, topic):
    response = client.get(f"{MAP}&topic={topic}")

    assert response.status_code == 200
    assert "Choose a topic" in response.content.decode()


def test_htmx_gets_the_panel_and_the_address_moves(ada_htmx, catalog):
    response = ada_htmx.get(MAP + "&topic=derivatives")

    assert response.content.decode().count("<svg") == 0
    assert response.content.decode().splitlines()[1].startswith('<section class="card" id="panel"')
    assert response["HX-Push-Url"] == MAP + "&topic=derivatives"
    assert "HX-Request" in response["Vary"]


def test_a_tick_in_the_panel_redraws_the_boxes_it_changes(ada, ada_htmx, catalog):
    address = MAP + "&topic=vectors"

    text = ada_htmx.post(
        "/topics/vectors/mark/", {"state": "done", "next": address}
    ).content.decode()

    assert text.lstrip().startswith("<template><svg>")
    assert re.search(r'id="node-vectors"[^>]*hx-swap-oob="true"', text)
    assert re.search(r'id="node-algebra-and-functions"[^>]*data-state="implied"', text)
    assert 'id="node-kl-divergence"' not in text
    assert 'id="state" ' in text
    assert 'id="panel-place" hx-swap-oob="true"' in text
    assert 'id="roadmap-line" hx-swap-oob="true"' in text


def test_a_tick_without_htmx_comes_back_to_the_map(ada, ada_browser, catalog):
    address = MAP + "&topic=vectors"

    response = ada_browser.post("/topics/vectors/mark/", {"state": "done", "next": address})

    assert response["Location"].startswith(address + "&undo=")
    assert TopicProgress.objects.get(user=ada).state == "done"


def test_a_renamed_role_keeps_its_map(client, catalog):
    assert client.get("/roadmap/nobody/?view=map").status_code == 404


@pytest.mark.parametrize("ticked", [0, 40])
def test_the_map_costs_three_queries(ada, ada_browser, catalog, count_queries, ticked):
    for topic in catalog.topics[:ticked]:
        TopicProgress.objects.create(
            user=ada, topic_id=topic.id, state="done", source="manual", changed_at=ada.joined_at
        )
    make_user()

    with count_queries() as queries:
        ada_browser.get(MAP + "&topic=vectors")

    assert len(queries) == 3
