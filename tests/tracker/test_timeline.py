"""The timeline: its order, its cursor, and what can be undone."""

import base64
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlmath.errors import BadRequest
from tests.factories import make_user
from tracker.actions.history import UndoOutdated, undo
from tracker.actions.progress import Mark, mark_topics
from tracker.actions.reviews import grade_review
from tracker.actions.sessions import log_session
from tracker.actions.units import mark_unit
from tracker.models import Grade, ReviewAnswer, Source, StudySession, TopicState
from tracker.summaries.timeline import Kind, timeline

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


def after(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def mark(user, *topics, at=NOON, state=TopicState.DONE):
    marks = [Mark(topic=topic, state=state) for topic in topics]
    return mark_topics(user=user, marks=marks, source=Source.MANUAL, at=at).batch


def look(**given):
    """Without types, so that tests look straight at what one kind of entry has."""
    return timeline(**given)


def test_the_timeline_of_day_one_is_empty(ada):
    page = look(user=ada, size=10)

    assert (page.entries, page.next_cursor) == ((), "")


def test_everything_is_there_the_newest_first(ada, catalog):
    topic, unit = catalog.topics[4], catalog.covering[4][0]
    batch = mark(ada, topic, catalog.topics[5], at=after(0))
    session = log_session(user=ada, minutes=30, topic=topic, started_at=after(1), at=after(2))
    mark_unit(user=ada, unit=unit, is_done=True, at=after(3))
    grade_review(user=ada, topic=topic, grade=Grade.HARD, at=after(4))

    review, chapter, study, ticks = look(user=ada, size=10).entries

    assert (review.kind, review.topic, review.grade) == (Kind.REVIEW, topic.slug, "hard")
    assert (review.title, review.at) == (topic.title, after(4))
    assert chapter.changes[0].unit == f"{unit.resource}/{unit.slug}"
    assert (chapter.changes[0].before, chapter.changes[0].after) == ("todo", "done")
    assert (study.session, study.minutes, study.topic) == (session.public_id, 30, topic.slug)
    assert (ticks.batch, ticks.source, ticks.undoes) == (batch, "manual", "")
    assert [change.topic for change in ticks.changes] == [topic.slug, catalog.topics[5].slug]


def test_a_session_without_topic_and_unit_has_no_title(ada):
    log_session(user=ada, minutes=30, at=NOON)

    entry = look(user=ada, size=10).entries[0]

    assert (entry.topic, entry.unit, entry.title) == ("", "", "")


def test_what_others_did_is_not_there(ada, catalog):
    other = make_user()
    mark(other, catalog.topics[4])
    log_session(user=other, minutes=30, at=NOON)
    grade_review(user=other, topic=catalog.topics[4], grade=Grade.GOOD)

    assert look(user=ada, size=10).entries == ()


def test_pages_follow_each_other_while_new_things_come_on_top(ada, catalog):
    for number in range(5):
        mark(ada, catalog.topics[number], at=after(number))
    first = look(user=ada, size=2)
    mark(ada, catalog.topics[9], at=after(100))

    second = look(user=ada, size=2, cursor=first.next_cursor)
    third = look(user=ada, size=2, cursor=second.next_cursor)

    shown = [entry.at for page in (first, second, third) for entry in page.entries]
    assert shown == [after(4), after(3), after(2), after(1), after(0)]
    assert third.next_cursor == ""


def test_a_walk_shows_once_what_stays_while_other_things_come_and_go(ada):
    """Three hundred sessions, a third of them at one instant; others come and go between pages."""
    chance = random.Random(20261121)
    StudySession.objects.bulk_create(
        StudySession(user=ada, minutes=1, started_at=at, day=at.date())
        for at in [after(number % 200) if number < 200 else after(50) for number in range(300)]
    )
    stays = set(StudySession.objects.values_list("public_id", flat=True))
    shown, cursor = [], None
    while cursor != "":
        page = look(user=ada, size=20, cursor=cursor or "")
        shown += [entry.session for entry in page.entries]
        cursor = page.next_cursor
        for _ in range(5):
            goes = chance.choice(sorted(StudySession.objects.values_list("public_id", flat=True)))
            StudySession.objects.filter(public_id=goes).delete()
            stays.discard(goes)
            comes = after(chance.choice([50, chance.randrange(200)]))
            StudySession.objects.create(user=ada, minutes=2, started_at=comes, day=comes.date())

    assert len(stays) > 200
    assert len(shown) == len(set(shown))
    assert stays <= set(shown)


def test_a_page_that_is_just_full_is_the_last(ada, catalog):
    mark(ada, catalog.topics[0])
    mark(ada, catalog.topics[1], at=after(1))

    assert look(user=ada, size=2).next_cursor == ""


def cursor_of(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "?",
        "äöü",
        "AAAA",
        "A" * 5000,
        cursor_of("2027-03-01T12:00:00+00:00 progress"),
        cursor_of("2027-03-01T12:00:00 progress abc"),
        cursor_of("2027-03-01T12:00:00+00:00 other abc"),
        cursor_of("2027-03-01T12:00:00+00:00 progress a\0b"),
        cursor_of("2027-03-01T12:00:00+00:00 progress " + "a" * 81),
        cursor_of("0001-01-01T00:00:00+14:00 progress abc"),
        cursor_of("9999-12-31T23:59:59-12:00 progress abc"),
    ],
)
def test_a_cursor_that_did_not_come_from_here_is_refused(ada, cursor):
    with pytest.raises(BadRequest, match="cursor"):
        look(user=ada, size=2, cursor=cursor)


def test_a_cursor_gives_no_access_to_others(ada, catalog):
    other = make_user()
    mark(other, catalog.topics[0])
    mark(other, catalog.topics[1], at=after(1))

    page = look(user=ada, size=5, cursor=look(user=other, size=1).next_cursor)

    assert page.entries == ()


def can_undo(user):
    return [entry.can_undo for entry in look(user=user, size=50).entries]


def test_only_what_stands_can_be_undone(ada, catalog):
    mark(ada, catalog.topics[0], catalog.topics[1], at=after(0))
    mark(ada, catalog.topics[2], at=after(1))
    mark(ada, catalog.topics[1], at=after(2), state=TopicState.SKIPPED)
    log_session(user=ada, minutes=30, started_at=after(3), at=after(4))

    assert can_undo(ada) == [False, True, True, False]


def test_what_is_undone_cannot_be_undone_again_but_its_undo_can(ada, catalog):
    batch = mark(ada, catalog.topics[0])
    undo(user=ada, batch=batch, at=after(1))

    newest, oldest = look(user=ada, size=5).entries

    assert (newest.undoes, newest.can_undo) == (batch, True)
    assert oldest.can_undo is False


def test_each_entry_says_the_truth_about_undo(ada, catalog):
    for number in range(6):
        state = [TopicState.DONE, TopicState.LEARNING][number % 2]
        mark(ada, *catalog.topics[number : number + 2], at=after(number), state=state)

    for entry in look(user=ada, size=50).entries:
        if entry.can_undo:
            assert undo(user=ada, batch=entry.batch) == len(entry.changes)
            break
        with pytest.raises(UndoOutdated):
            undo(user=ada, batch=entry.batch)


def test_the_timeline_costs_five_queries_however_long_it_is(ada, catalog, count_queries):
    def do(number):
        mark(ada, *catalog.topics[number : number + 3], at=after(number))
        mark_unit(user=ada, unit=catalog.covering[number][0], is_done=True, at=after(number))
        log_session(user=ada, minutes=5, started_at=after(number), at=after(number + 1))
        grade_review(user=ada, topic=catalog.topics[number], grade=Grade.GOOD, at=after(number))

    do(0)
    with count_queries() as few:
        look(user=ada, size=50)
    for number in range(1, 12):
        do(number)
    with count_queries() as many:
        page = look(user=ada, size=50)

    assert len(page.entries) > 30
    assert len(few) == len(many) == 5


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.tuples(st.sampled_from(Kind), st.integers(0, 2)), max_size=12), st.integers(1, 4)
)
def test_the_pages_together_are_the_whole_also_at_equal_times(catalog, things, size):
    user = make_user()
    for number, (kind, hour) in enumerate(things):
        topic = catalog.topics[number]
        if kind == Kind.PROGRESS:
            mark(user, topic, at=after(hour))
        elif kind == Kind.SESSION:
            StudySession.objects.create(
                user=user, minutes=5, started_at=after(hour), day=after(hour).date()
            )
        else:
            ReviewAnswer.objects.create(
                user=user, topic_id=topic.id, grade="good", at=after(hour), day=after(hour).date()
            )

    whole = look(user=user, size=50).entries
    pages: list[object] = []
    cursor = ""
    while True:
        page = look(user=user, size=size, cursor=cursor)
        pages += page.entries
        cursor = page.next_cursor
        if not cursor:
            break

    assert tuple(pages) == whole
    assert len(whole) == len(things)
    assert [entry.at for entry in whole] == sorted((e.at for e in whole), reverse=True)
