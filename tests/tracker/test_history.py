"""Undo: what is restored, what is refused, and that any change can be taken back exactly."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.graph import current_graph, forget_graph
from catalog.models import Topic
from tests.factories import make_subject, make_topic, make_user
from tracker.actions.history import NothingToUndo, UndoOutdated, undo
from tracker.actions.progress import Mark, TopicRetired, mark_topics
from tracker.actions.units import mark_unit
from tracker.models import Activity, Source, TopicProgress, TopicState, UnitProgress

FIRST = datetime(2027, 3, 1, 12, 0, 0, 654321, tzinfo=UTC)
LATER = datetime(2027, 3, 2, 12, tzinfo=UTC)


def mark(user, *marks, at=FIRST, source=Source.MANUAL, **options):
    return mark_topics(user=user, marks=marks, source=source, at=at, **options).batch


def done(topic):
    return Mark(topic=topic, state=TopicState.DONE)


def stuck(topic, note=None):
    return Mark(topic=topic, state=TopicState.LEARNING, is_stuck=True, stuck_note=note)


def rows(user):
    return set(
        TopicProgress.objects.filter(user=user).values_list(
            "topic_id", "state", "is_stuck", "stuck_note", "source", "changed_at"
        )
    ) | set(UnitProgress.objects.filter(user=user).values_list("unit_id", "done_at"))


def test_undoing_the_first_mark_leaves_no_row(ada, catalog):
    batch = mark(ada, done(catalog.topics[9]), with_prerequisites=True)

    count = undo(user=ada, batch=batch)

    assert count == 1 + catalog.topics[9].ancestors_mask.bit_count()
    assert rows(ada) == set()


def test_undo_restores_time_source_flag_and_note(ada, catalog):
    topic = catalog.topics[9]
    mark(ada, stuck(topic, "Why is it symmetric?"), source=Source.API)
    before = rows(ada)
    batch = mark(ada, done(topic), at=LATER)
    assert TopicProgress.objects.get().stuck_note == ""

    undo(user=ada, batch=batch)

    assert rows(ada) == before
    assert TopicProgress.objects.get().stuck_note == "Why is it symmetric?"


def test_undo_restores_the_note_before_the_last(ada, catalog):
    mark(ada, stuck(catalog.topics[9], "First question"))
    before = rows(ada)
    batch = mark(ada, stuck(catalog.topics[9], "Second question"), at=LATER)

    undo(user=ada, batch=batch)

    assert rows(ada) == before


def test_a_stuck_note_stays_until_somebody_names_another(ada, catalog):
    mark(ada, stuck(catalog.topics[9], "  Why?  "))

    assert mark(ada, stuck(catalog.topics[9]), at=LATER) == ""
    assert TopicProgress.objects.get().stuck_note == "Why?"
    assert TopicProgress.objects.get().changed_at == FIRST


def test_there_is_no_stuck_note_without_the_flag(ada, catalog):
    mark(ada, Mark(topic=catalog.topics[9], state=TopicState.LEARNING, stuck_note="Why?"))

    assert TopicProgress.objects.get().stuck_note == ""


@pytest.mark.parametrize("note", ["a\0b", "two\nlines", "half \ud83d", "x" * 301])
def test_a_stuck_note_is_one_line_that_a_database_takes(ada, catalog, note):
    with pytest.raises(ValidationError) as refusal:
        mark(ada, done(catalog.topics[3]), stuck(catalog.topics[9], note))

    assert list(refusal.value.message_dict) == ["stuck_note"]
    assert rows(ada) == set()


def test_a_topic_read_before_the_catalog_moved_is_the_one_that_is_marked(ada, catalog):
    topic, last = catalog.topics[9], catalog.topics[-1]
    first = make_subject("Before all", position=0)
    make_topic("The very first", subject=first)
    Topic.objects.filter(pk=last.id).update(is_retired=True)
    forget_graph()

    mark(ada, done(topic))

    assert current_graph().topics[9].id != topic.id
    assert TopicProgress.objects.get().topic_id == topic.id
    with pytest.raises(TopicRetired):
        mark(ada, done(last))


def test_undo_restores_units_both_ways(ada, catalog):
    unit = catalog.covering[5][0]
    marked = mark_unit(user=ada, unit=unit, is_done=True, at=FIRST)
    unmarked = mark_unit(user=ada, unit=unit, is_done=False, at=LATER)

    undo(user=ada, batch=unmarked.batch)
    assert UnitProgress.objects.get().done_at == FIRST

    undo(user=ada, batch=marked.batch)
    assert not UnitProgress.objects.exists()


def test_undoing_twice_changes_nothing_the_second_time(ada, catalog):
    batch = mark(ada, done(catalog.topics[9]))

    assert undo(user=ada, batch=batch) == 1
    assert undo(user=ada, batch=batch) == 0
    assert Activity.objects.count() == 2


def test_an_undo_can_be_undone(ada, catalog):
    mark(ada, stuck(catalog.topics[9], "Why?"))
    batch = mark(ada, done(catalog.topics[9]), at=LATER)
    before = rows(ada)
    undo(user=ada, batch=batch)

    undo(user=ada, batch=Activity.objects.get(undoes=batch).batch)

    assert rows(ada) == before
    assert undo(user=ada, batch=batch) == 1


def test_changes_are_undone_one_after_the_other(ada, catalog):
    first = mark(ada, stuck(catalog.topics[9], "Why?"))
    second = mark(ada, done(catalog.topics[9]), at=LATER)

    with pytest.raises(UndoOutdated):
        undo(user=ada, batch=first)
    undo(user=ada, batch=second)
    undo(user=ada, batch=first)

    assert rows(ada) == set()


def test_undo_is_refused_when_one_of_many_has_changed_since(ada, catalog):
    batch = mark(ada, done(catalog.topics[3]), done(catalog.topics[4]))
    mark(ada, Mark(topic=catalog.topics[4], state=TopicState.SKIPPED), at=LATER)
    before = rows(ada)

    with pytest.raises(UndoOutdated):
        undo(user=ada, batch=batch)

    assert rows(ada) == before


def test_undo_is_refused_when_a_state_came_back_by_another_way(ada, catalog):
    batch = mark(ada, done(catalog.topics[3]))
    mark(ada, Mark(topic=catalog.topics[3], state=TopicState.TODO), at=LATER)
    mark(ada, done(catalog.topics[3]), at=LATER + timedelta(days=1))

    with pytest.raises(UndoOutdated):
        undo(user=ada, batch=batch)


@pytest.mark.parametrize("batch", ["", "neverseenthisbatch22"])
def test_there_is_nothing_to_undo_in_an_unknown_batch(ada, batch):
    with pytest.raises(NothingToUndo):
        undo(user=ada, batch=batch)


def test_nobody_undoes_what_another_did(ada, catalog):
    other = make_user()
    batch = mark(other, done(catalog.topics[3]))
    mark(ada, done(catalog.topics[3]))

    with pytest.raises(NothingToUndo):
        undo(user=ada, batch=batch)

    assert len(rows(other)) == len(rows(ada)) == 1


def test_undoing_costs_the_same_however_much_goes_back(ada, catalog, count_queries):
    one = mark(ada, done(catalog.topics[0]))
    with count_queries() as few:
        undo(user=ada, batch=one)
    forty = mark(ada, *map(done, catalog.topics[:40]))
    with count_queries() as many:
        undo(user=ada, batch=forty)

    assert len(few) == len(many) <= 6


places = st.integers(0, 7)
steps = st.one_of(
    st.tuples(places, st.sampled_from(TopicState), st.booleans(), st.sampled_from(["", "Why?"])),
    st.tuples(places, st.booleans()),
)


def take(user, graph, step, at):
    if len(step) == 2:
        place, is_done = step
        return mark_unit(user=user, unit=graph.covering[place][0], is_done=is_done, at=at).batch
    place, state, is_stuck, note = step
    wanted = Mark(
        topic=graph.topics[place], state=state, is_stuck=is_stuck, stuck_note=note or None
    )
    return mark(user, wanted, at=at, with_prerequisites=is_stuck)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(steps, min_size=1, max_size=8))
def test_taking_back_every_step_leads_back_through_every_state(catalog, taken):
    user = make_user()
    past = []
    for number, step in enumerate(taken):
        before = rows(user)
        past.append((before, take(user, catalog, step, FIRST + timedelta(hours=number))))

    for before, batch in reversed(past):
        if batch:
            undo(user=user, batch=batch, at=LATER)
        assert rows(user) == before
