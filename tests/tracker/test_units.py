"""Chapters: marking them, the topics they propose, the shelf, the best one to read."""

from datetime import UTC, datetime

import pytest

from catalog.graph import current_graph, forget_graph
from catalog.models import Resource
from tests.factories import make_resource, make_topic, make_unit, make_user
from tracker.actions.progress import Mark, mark_topics
from tracker.actions.units import mark_unit
from tracker.models import Activity, Source, TopicProgress, TopicState, UnitProgress
from tracker.summaries.people import person_states
from tracker.summaries.standing import Standing
from tracker.summaries.units import best_unit, done_units, reading_shelf

FIRST = datetime(2027, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2027, 3, 2, 12, tzinfo=UTC)
NOBODY = Standing(done=0, learning=0, skipped=0, stuck=0, implied=0, known=0, ready=0)


@pytest.fixture
def book(catalog):
    """Chapters 1 and 2 teach vectors, chapter 2 also matrices."""
    vectors, matrices = make_topic("Vectors here"), make_topic("Matrices here")
    book = make_resource("The Book")
    make_unit("One", resource=book, number=1, topics=[vectors])
    make_unit("Two", resource=book, number=2, topics=[vectors, matrices])
    forget_graph()
    return current_graph().resources["the-book"]


def titles(topics):
    return [topic.title for topic in topics]


def test_marking_a_unit_keeps_the_first_time_when_repeated(ada, book):
    first = mark_unit(user=ada, unit=book.units[0], is_done=True, at=FIRST)
    again = mark_unit(user=ada, unit=book.units[0], is_done=True, at=LATER)

    assert UnitProgress.objects.get().done_at == FIRST
    assert again.done_at == FIRST
    assert (len(first.batch), again.batch) == (20, "")
    assert Activity.objects.count() == 1


def test_a_unit_proposes_the_topics_whose_units_are_all_done(ada, book):
    one = mark_unit(user=ada, unit=book.units[0], is_done=True)
    both = mark_unit(user=ada, unit=book.units[1], is_done=True)

    assert titles(one.proposed) == []
    assert titles(both.proposed) == ["Vectors here", "Matrices here"]
    assert not TopicProgress.objects.exists()


def test_a_repeated_mark_proposes_the_same_again(ada, book):
    mark_unit(user=ada, unit=book.units[0], is_done=True)
    mark_unit(user=ada, unit=book.units[1], is_done=True)

    again = mark_unit(user=ada, unit=book.units[1], is_done=True)

    assert titles(again.proposed) == ["Vectors here", "Matrices here"]


def test_units_of_other_resources_are_not_needed_for_a_proposal(ada, book):
    other = make_resource("Another")
    vectors = current_graph().topic_by_slug["vectors-here"]
    make_unit("Elsewhere", resource=other).topics.set([vectors.id])
    forget_graph()
    mark_unit(user=ada, unit=book.units[0], is_done=True)

    marked = mark_unit(user=ada, unit=book.units[1], is_done=True)

    assert "Vectors here" in titles(marked.proposed)


@pytest.mark.parametrize("state", [TopicState.DONE, TopicState.SKIPPED])
def test_settled_topics_are_not_proposed(ada, book, state):
    vectors = current_graph().topic_by_slug["vectors-here"]
    mark_topics(user=ada, marks=[Mark(topic=vectors, state=state)], source=Source.MANUAL)
    mark_unit(user=ada, unit=book.units[0], is_done=True)

    marked = mark_unit(user=ada, unit=book.units[1], is_done=True)

    assert titles(marked.proposed) == ["Matrices here"]


def test_unmarking_a_unit_takes_no_tick_away(ada, book):
    vectors = current_graph().topic_by_slug["vectors-here"]
    mark_unit(user=ada, unit=book.units[0], is_done=True)
    mark = Mark(topic=vectors, state=TopicState.DONE)
    mark_topics(user=ada, marks=[mark], source=Source.UNIT)

    marked = mark_unit(user=ada, unit=book.units[0], is_done=False)
    again = mark_unit(user=ada, unit=book.units[0], is_done=False)

    assert (marked.done_at, marked.proposed) == (None, ())
    assert again.batch == ""
    assert TopicProgress.objects.get().state == "done"
    assert done_units(user=ada) == {}


def test_marking_a_unit_leaves_other_people_alone(ada, book):
    other = make_user()
    mark_unit(user=other, unit=book.units[0], is_done=True, at=FIRST)
    mark_unit(user=ada, unit=book.units[0], is_done=True, at=LATER)

    mark_unit(user=ada, unit=book.units[0], is_done=False)

    assert done_units(user=other) == {book.units[0].id: FIRST}


def test_a_unit_read_before_the_catalog_moved_proposes_the_right_topics(ada, book):
    earlier = make_topic("Before everything", subject=None, position=0)
    earlier.subject.position = 0
    earlier.subject.save()
    forget_graph()
    mark_unit(user=ada, unit=book.units[0], is_done=True)

    marked = mark_unit(user=ada, unit=book.units[1], is_done=True)

    assert titles(marked.proposed) == ["Vectors here", "Matrices here"]


def test_marking_a_unit_costs_six_queries_at_most_however_much_is_done(ada, book, count_queries):
    with count_queries() as few:
        mark_unit(user=ada, unit=book.units[0], is_done=True)
    for resource in current_graph().resources.values():
        if resource is not book:
            UnitProgress.objects.bulk_create(
                UnitProgress(user=ada, unit_id=unit.id, done_at=FIRST) for unit in resource.units
            )
    with count_queries() as many:
        mark_unit(user=ada, unit=book.units[1], is_done=True)

    assert len(few) == len(many) <= 6


def test_the_shelf_holds_what_is_begun_and_not_finished_the_last_read_first(catalog):
    begun, later, finished = [r for r in catalog.resources.values() if len(r.units) > 2][:3]
    done = {begun.units[1].id: FIRST, later.units[0].id: LATER}
    done |= {unit.id: LATER for unit in finished.units}

    shelf = reading_shelf(catalog, done)

    assert [progress.resource for progress in shelf] == [later, begun]
    assert (shelf[1].done, shelf[1].total) == (1, len(begun.units))
    assert shelf[1].next_unit is begun.units[0]
    assert shelf[1].last_done_at == FIRST


def test_the_shelf_is_empty_on_day_one(catalog):
    assert reading_shelf(catalog, {}) == []


@pytest.fixture
def shelf(catalog):
    """Four books on one topic, the worst first; what each is short of is its title."""
    topic = make_topic("Everybody's topic")
    for resource in (
        make_resource("Needs calculus", calculus_needed="single-variable"),
        make_resource("No exercises", has_exercises=False),
        make_resource("Paid", cost="paid"),
        make_resource("Nothing"),
    ):
        make_unit(f"In {resource.title}", resource=resource, topics=[topic])
    forget_graph()
    return current_graph()


def best(graph, done=(), standing=NOBODY):
    return best_unit(graph, graph.topic_by_slug["everybodys-topic"], done, standing)


def ids(graph, *resources):
    return {unit.id for slug in resources for unit in graph.resources[slug].units}


def test_the_best_unit_is_free_with_exercises_and_without_calculus(shelf):
    assert best(shelf).title == "In Nothing"
    assert best(shelf, ids(shelf, "nothing")).title == "In Needs calculus"
    assert best(shelf, ids(shelf, "nothing", "needs-calculus")).title == "In No exercises"
    assert best(shelf, ids(shelf, "nothing", "needs-calculus", "no-exercises")).title == "In Paid"


def test_there_is_no_best_unit_once_all_are_read(shelf):
    everything = ids(shelf, "nothing", "needs-calculus", "no-exercises", "paid")

    assert best(shelf, everything) is None


def test_a_resource_in_use_comes_first_even_if_it_is_paid(shelf):
    paid = make_unit("Another chapter", resource=Resource.objects.get(slug="paid"))
    forget_graph()

    assert best(current_graph(), {paid.id}).title == "In Paid"


def test_calculus_counts_against_no_book_once_some_is_known(shelf, ada):
    limits = next(topic for topic in shelf.topics if topic.subject.slug == "calculus")
    mark = Mark(topic=limits, state=TopicState.DONE)
    mark_topics(user=ada, marks=[mark], source=Source.MANUAL)
    standing = person_states(user=ada, graph=shelf).standing(shelf)

    assert best(shelf, standing=standing).title == "In Needs calculus"
