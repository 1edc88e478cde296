"""Marking a topic from a page: with htmx, without it, and with input that makes no sense."""

import gzip

import pytest
from django.urls import reverse

from catalog.graph import forget_graph
from tests.factories import make_topic, make_user
from tracker.models import Activity, TopicProgress, TopicState

ROADMAP = "/roadmap/data-scientist/"
MARK = "/topics/vectors/mark/"


def state_of(user, slug):
    return TopicProgress.objects.get(user=user, topic__slug=slug).state


def test_mark_without_htmx_leads_back_with_the_offer_to_undo(catalog, ada, ada_browser):
    response = ada_browser.post(MARK, {"state": "done", "next": ROADMAP + "?show=todo"})

    batch = Activity.objects.get().batch
    assert response.status_code == 302
    assert response["Location"] == f"{ROADMAP}?show=todo&undo={batch}#topic-vectors"
    assert state_of(ada, "vectors") == TopicState.DONE


def test_page_after_a_mark_says_what_happened_and_offers_undo(catalog, ada_browser):
    answer = ada_browser.post(MARK, {"state": "done", "next": ROADMAP}, follow=True)

    batch = Activity.objects.get().batch
    page = answer.content.decode()
    assert "“Vectors and vector arithmetic” is done." in page
    assert f'action="/undo/{batch}/"' in page
    # The next form must not offer to undo this one again.
    assert f'name="next" value="{ROADMAP}"' in page


def test_undo_without_htmx_restores_and_leads_back(catalog, ada, ada_browser):
    ada_browser.post(MARK, {"state": "done"})
    batch = Activity.objects.get().batch

    response = ada_browser.post(f"/undo/{batch}/", {"next": f"{ROADMAP}?show=todo&undo={batch}"})

    assert response["Location"] == ROADMAP + "?show=todo"
    assert not TopicProgress.objects.exists()


def test_undo_twice_changes_nothing_the_second_time(catalog, ada_browser):
    ada_browser.post(MARK, {"state": "done"})
    batch = Activity.objects.get().batch

    for _ in range(2):
        assert ada_browser.post(f"/undo/{batch}/").status_code == 302

    assert Activity.objects.count() == 2


def test_undo_of_somebody_else_is_refused(catalog, ada, ada_browser):
    ada_browser.post(MARK, {"state": "done"})
    stranger = make_user()
    ada_browser.force_login(stranger)

    page = ada_browser.post(
        f"/undo/{Activity.objects.get().batch}/", {"next": ROADMAP}, follow=True
    )

    assert "There is nothing to undo here." in page.content.decode()
    assert state_of(ada, "vectors") == TopicState.DONE


def test_undo_of_something_changed_since_is_refused_in_the_status_region(catalog, ada, ada_htmx):
    ada_htmx.post(MARK, {"state": "done", "next": ROADMAP})
    batch = Activity.objects.get().batch
    ada_htmx.post(MARK, {"state": "learning", "next": ROADMAP})

    answer = ada_htmx.post(f"/undo/{batch}/", {"next": ROADMAP})

    assert answer.status_code == 422
    assert "has been changed since" in answer.content.decode()
    assert state_of(ada, "vectors") == TopicState.LEARNING


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"state": "finished"}, "A topic can be to do, learning, done or skipped"),
        ({"state": "\0"}, "A topic can be to do, learning, done or skipped"),
        ({"stuck": "maybe"}, "A topic is stuck (1) or it is not (0)."),
        ({}, "It does not say which state is wanted."),
    ],
)
def test_mark_that_makes_no_sense_gets_a_page_that_says_so(catalog, ada_browser, sent, sentence):
    answer = ada_browser.post(MARK, sent)

    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert not TopicProgress.objects.exists()


def test_mark_of_an_unknown_topic_is_not_found(catalog, ada_browser):
    assert ada_browser.post("/topics/numerology/mark/", {"state": "done"}).status_code == 404


def test_mark_is_not_a_link(catalog, ada_browser):
    assert ada_browser.get(MARK).status_code == 405


def test_mark_repeated_changes_nothing_and_says_so(catalog, ada_htmx):
    ada_htmx.post(MARK, {"state": "done", "next": ROADMAP})

    answer = ada_htmx.post(MARK, {"state": "done", "next": ROADMAP}).content.decode()

    assert "nothing has changed" in answer
    assert "/undo/" not in answer
    assert Activity.objects.count() == 1


def test_mark_never_leads_to_another_site(catalog, ada_browser):
    response = ada_browser.post(MARK, {"state": "done", "next": "https://evil.example/"})

    assert response["Location"].startswith("/topics/vectors/?undo=")


def test_mark_with_what_it_rests_on_ticks_it_all_as_one_step(catalog, ada, ada_browser):
    page = ada_browser.post(
        "/topics/matrix-multiplication/mark/",
        {"state": "done", "with_prerequisites": "1"},
        follow=True,
    ).content.decode()

    done = TopicProgress.objects.filter(user=ada, state=TopicState.DONE).count()
    topic = catalog.topic_by_slug["matrix-multiplication"]
    assert done == 1 + topic.ancestors_mask.bit_count()
    assert f"{done} topics are done." in page
    assert Activity.objects.values("batch").distinct().count() == 1


def test_stuck_is_flagged_without_touching_the_state(catalog, ada, ada_browser):
    ada_browser.post(MARK, {"state": "learning"})

    ada_browser.post(MARK, {"stuck": "1"})

    row = TopicProgress.objects.get()
    assert (row.state, row.is_stuck) == (TopicState.LEARNING, True)


def test_stuck_flag_is_taken_back_by_naming_it(catalog, ada_browser):
    ada_browser.post(MARK, {"stuck": "1"})

    for _ in range(2):
        ada_browser.post(MARK, {"stuck": "0"})

    assert not TopicProgress.objects.get().is_stuck


def test_mark_of_a_retired_topic_is_refused_with_a_sentence(catalog, ada_browser):
    make_topic("Slide rules", is_retired=True)
    forget_graph()

    page = ada_browser.post(
        "/topics/slide-rules/mark/", {"state": "done", "next": ROADMAP}, follow=True
    ).content.decode()

    assert "“Slide rules” is no longer taught" in page
    assert not TopicProgress.objects.exists()


def test_mark_of_a_retired_topic_is_refused_in_the_status_region(catalog, ada_htmx):
    make_topic("Slide rules", is_retired=True)
    forget_graph()

    answer = ada_htmx.post("/topics/slide-rules/mark/", {"state": "done", "next": ROADMAP})

    assert answer.status_code == 422
    assert 'hx-swap-oob="innerHTML:#news"' in answer.content.decode()


def test_tick_brings_the_roadmap_up_to_date_in_pieces(catalog, ada_htmx):
    answer = ada_htmx.post(
        "/topics/algebra-and-functions/mark/", {"state": "done", "next": ROADMAP}
    ).content.decode()

    assert '<li class="topic-row" id="topic-algebra-and-functions"' in answer
    assert 'id="m-algebra-and-functions" data-state="done"' in answer
    for root in ("count-foundations", "roadmap-line", "standing", "next"):
        assert f'id="{root}"' in answer
    assert "“Algebra and functions refresher” is done." in answer
    # What it opens has become ready, which changes its mark; the rest stays as it is.
    assert 'id="m-vectors" data-state="todo" data-ready' in answer
    assert 'id="topic-vectors"' not in answer
    assert "principal-component-analysis" not in answer
    assert "csrfmiddlewaretoken" in answer.split('hx-swap-oob="innerHTML:#news"')[1]


def test_tick_on_a_filtered_roadmap_sends_only_rows_that_are_there(catalog, ada_htmx):
    answer = ada_htmx.post(
        "/topics/algebra-and-functions/mark/",
        {"state": "done", "next": ROADMAP + "?subject=foundations&show=ready"},
    ).content.decode()

    assert (
        'id="topic-algebra-and-functions"' in answer
    )  # stays in view, so that it can be corrected
    assert 'id="topic-exponentials-and-logarithms"' in answer  # is ready now
    assert 'id="topic-vectors"' not in answer


def test_tick_on_today_brings_its_cards_up_to_date(catalog, ada, ada_htmx):
    ada_htmx.post("/start/", {"role": "data-scientist"})

    answer = ada_htmx.post(
        "/topics/algebra-and-functions/mark/", {"state": "done", "next": "/today/"}
    ).content.decode()

    for root in ("next", "readiness"):
        assert f'id="{root}"' in answer
    assert "topic-algebra-and-functions" not in answer


def test_tick_on_a_topic_brings_its_buttons_and_neighbours_up_to_date(catalog, ada_htmx):
    answer = ada_htmx.post(MARK, {"state": "done", "next": "/topics/vectors/"}).content.decode()

    for root in ("state", "place", "below"):
        assert f'id="{root}"' in answer
    assert 'value="done" data-key="d" aria-pressed="true"' in answer


def test_tick_from_an_unknown_page_loads_that_page_anew(catalog, ada_htmx):
    answer = ada_htmx.post(MARK, {"state": "done", "next": "/library/"})

    assert answer["HX-Redirect"].startswith("/library/?undo=")


@pytest.mark.parametrize("ticked", [1, 50])
@pytest.mark.parametrize("next_page", [ROADMAP, "/today/", "/topics/vectors/"])
def test_tick_costs_six_queries(catalog, ada, ada_htmx, count_queries, ticked, next_page):
    ada.role_id = catalog.roles["data-scientist"].id
    ada.save()
    for topic in [t for t in catalog.topics if t.slug != "vectors"][:ticked]:
        TopicProgress.objects.create(
            user=ada, topic_id=topic.id, state="done", source="manual", changed_at=ada.joined_at
        )

    with count_queries() as queries:
        answer = ada_htmx.post(MARK, {"state": "done", "next": next_page})

    assert answer.status_code == 200
    assert len(queries) == 6, queries


@pytest.mark.parametrize("next_page", ["/roadmap/research-scientist/", "/today/", "/topics/{}/"])
def test_tick_answers_in_three_kilobytes(catalog, ada, ada_htmx, next_page):
    ada.role_id = catalog.roles["research-scientist"].id
    ada.save()
    sizes = {}
    for topic in catalog.topics:
        for state in ("done", "todo"):
            answer = ada_htmx.post(
                reverse("tracker:topic-mark", args=[topic.slug]),
                {"state": state, "next": next_page.format(topic.slug)},
            )
            sizes[topic.slug, state] = len(gzip.compress(answer.content, 6))

    assert {one: size for one, size in sizes.items() if size > 3072} == {}
