"""The page of a topic, and of topics that were renamed, merged, split or retired."""

import pytest

from catalog.graph import forget_graph
from catalog.models import Topic, TopicAlias
from tests.factories import make_topic
from tracker.models import TopicProgress
from tracker.summaries.reading import readings

EIGEN = "/topics/eigenvalues-and-eigenvectors/"


@pytest.fixture
def alias(catalog):
    def alias(slug, *targets, kind="renamed"):
        for target in targets:
            TopicAlias.objects.create(slug=slug, topic=Topic.objects.get(slug=target), kind=kind)
        forget_graph()

    return alias


def test_topic_page_has_text_exercise_and_folded_answer(client, catalog):
    page = client.get(EIGEN).content.decode()

    topic = catalog.topic_by_slug["eigenvalues-and-eigenvectors"]
    assert "<title>Eigenvalues and eigenvectors · mlmath</title>" in page
    assert topic.body_html in page
    assert topic.exercise_html in page
    assert topic.answer_html in page.split("<summary>Show the answer</summary>")[1]


def test_topic_page_says_what_it_needs_and_why_and_what_is_missing(ada, ada_browser, catalog):
    ada_browser.post("/topics/determinants/mark/", {"state": "done"})

    page = ada_browser.get(EIGEN).content.decode()

    for need in catalog.topic_by_slug["eigenvalues-and-eigenvectors"].needs:
        assert f'href="/topics/{catalog.topics[need.index].slug}/"' in page
    assert "You can open it all the same." in page
    assert 'Determinants</a><span class="visually-hidden">: done</span>' in page


def test_topic_page_of_something_ready_says_so(ada_browser, catalog):
    ada_browser.post("/topics/algebra-and-functions/mark/", {"state": "done"})

    assert "You are ready for it." in ada_browser.get("/topics/vectors/").content.decode()


def test_topic_page_of_something_implied_says_so(ada_browser, catalog):
    ada_browser.post("/topics/vectors/mark/", {"state": "done"})

    page = ada_browser.get("/topics/algebra-and-functions/").content.decode()

    assert "so it counts as known" in page


def test_topic_page_offers_to_tick_what_it_rests_on(ada_browser, catalog):
    page = ada_browser.get("/topics/vectors/").content.decode()
    assert "Done, and the 1 topic it rests on" in page
    ada_browser.post("/topics/algebra-and-functions/mark/", {"state": "done"})

    assert "it rests on" not in ada_browser.get("/topics/vectors/").content.decode()


def test_topic_page_offers_the_stuck_flag_by_naming_it(ada_browser, catalog):
    assert 'name="stuck" value="1"' in ada_browser.get(EIGEN).content.decode()
    ada_browser.post(EIGEN + "mark/", {"stuck": "1"})

    assert 'name="stuck" value="0"' in ada_browser.get(EIGEN).content.decode()


def test_topic_page_names_the_roles_that_ask_for_it(client, catalog):
    page = client.get(EIGEN).content.decode().split('id="asked-by"')[1]

    assert 'href="/roadmap/data-scientist/"' in page
    assert 'href="/roadmap/machine-learning-engineer/"' not in page


def test_readings_are_free_with_exercises_first(catalog):
    found = readings(catalog, catalog.topic_by_slug["eigenvalues-and-eigenvectors"])

    kinds = [(reading.is_free, reading.has_exercises) for reading in found]
    assert kinds == sorted(kinds, reverse=True)
    assert [unit.label for unit in found[0].units] == [
        "Unit II, session 8",
        "Unit II, session 9",
        "Unit II, session 10",
    ]


@pytest.mark.parametrize("count", [110])
def test_every_topic_has_a_page(client, catalog, count):
    assert len(catalog.topics) == count
    for topic in catalog.topics:
        assert client.get(f"/topics/{topic.slug}/").status_code == 200


def test_topic_that_never_was_is_not_found(client, catalog):
    assert client.get("/topics/numerology/").status_code == 404


def test_renamed_topic_leads_on(client, alias):
    alias("arrows", "vectors")

    response = client.get("/topics/arrows/")

    assert (response.status_code, response["Location"]) == (301, "/topics/vectors/")


def test_tick_under_the_old_name_reaches_the_topic(ada, ada_browser, alias):
    alias("arrows", "vectors")

    ada_browser.post("/topics/arrows/mark/", {"state": "done"})

    assert TopicProgress.objects.get().topic.slug == "vectors"


def test_split_topic_leads_to_its_parts(client, alias):
    alias("vectors-and-matrices", "vectors", "matrix-multiplication", kind="split")

    page = client.get("/topics/vectors-and-matrices/").content.decode()

    assert "is now several topics" in page
    assert 'href="/topics/vectors/"' in page
    assert 'href="/topics/matrix-multiplication/"' in page


def test_retired_topic_says_so_and_shows_the_kept_tick(ada, ada_browser, catalog):
    topic = make_topic("Slide rules", is_retired=True)
    forget_graph()
    TopicProgress.objects.create(
        user=ada, topic=topic, state="done", source="manual", changed_at=ada.joined_at
    )

    page = ada_browser.get("/topics/slide-rules/").content.decode()

    assert "no longer part of the catalog" in page
    assert "Done. This is kept, and it is not counted." in page


def test_retired_topic_without_a_tick_says_so(client, catalog):
    make_topic("Slide rules", is_retired=True)
    forget_graph()

    page = client.get("/topics/slide-rules/").content.decode()

    assert "You have nothing ticked here." in page


@pytest.mark.parametrize("ticked", [1, 50])
def test_topic_page_costs_five_queries(ada, ada_browser, catalog, count_queries, ticked):
    for topic in catalog.topics[:ticked]:
        TopicProgress.objects.create(
            user=ada, topic_id=topic.id, state="done", source="manual", changed_at=ada.joined_at
        )

    with count_queries() as queries:
        ada_browser.get(EIGEN)

    assert len(queries) == 5, queries


def test_offer_to_undo_costs_one_query_more(ada_browser, catalog, count_queries):
    there = ada_browser.post(EIGEN + "mark/", {"state": "done", "next": EIGEN})["Location"]

    with count_queries() as queries:
        page = ada_browser.get(there.partition("#")[0]).content.decode()

    assert "“Eigenvalues and eigenvectors” is done." in page
    assert len(queries) == 6, queries


@pytest.mark.parametrize("batch", ["x", "%00", "a" * 20, "é" * 20, "../../../../../../.."])
def test_offer_to_undo_something_invented_is_left_out(ada_browser, catalog, batch):
    page = ada_browser.get(EIGEN, {"undo": batch}).content.decode()

    assert 'class="toast"' not in page
