"""Reviews: when topics fall due, grading and postponing."""

import zoneinfo
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from tests.factories import make_user
from tracker.actions.progress import Mark, mark_topics
from tracker.actions.reviews import NotDone, grade_review, postpone_review
from tracker.models import Grade, ReviewAnswer, Source, TopicProgress, TopicReview, TopicState
from tracker.summaries.people import person_states
from tracker.summaries.reviews import (
    Memory,
    after_review,
    due_reviews,
    is_fading,
    memories,
    next_intervals,
    reviews_left_today,
)

DONE_AT = datetime(2027, 3, 1, 12, tzinfo=UTC)
WEEK = timedelta(days=7)


def tick(user, *topics, at=DONE_AT, state=TopicState.DONE):
    marks = [Mark(topic=topic, state=state) for topic in topics]
    mark_topics(user=user, marks=marks, source=Source.MANUAL, at=at)


def due(user, catalog, at, most=100):
    states = person_states(user=user, graph=catalog)
    known = memories(user=user, graph=catalog)
    return due_reviews(catalog, states, known, at=at, most=most)


def test_a_topic_is_first_due_a_week_after_it_was_done(ada, catalog):
    tick(ada, catalog.topics[4])

    assert due(ada, catalog, DONE_AT + WEEK - timedelta(seconds=1)) == []
    assert [d.topic for d in due(ada, catalog, DONE_AT + WEEK)] == [catalog.topics[4]]


def test_the_longest_overdue_comes_first_and_the_cap_holds(ada, catalog):
    one, two, three = catalog.topics[3:6]
    tick(ada, three, at=DONE_AT)
    tick(ada, one, at=DONE_AT + timedelta(hours=2))
    tick(ada, two, at=DONE_AT + timedelta(hours=1))

    assert [d.topic for d in due(ada, catalog, DONE_AT + 2 * WEEK)] == [three, two, one]
    assert [d.topic for d in due(ada, catalog, DONE_AT + 2 * WEEK, most=2)] == [three, two]
    assert due(ada, catalog, DONE_AT + 2 * WEEK, most=-1) == []


@pytest.mark.parametrize("state", [TopicState.TODO, TopicState.LEARNING, TopicState.SKIPPED])
def test_only_done_topics_are_due(ada, catalog, state):
    tick(ada, catalog.topics[4])
    grade_review(user=ada, topic=catalog.topics[4], grade=Grade.GOOD, at=DONE_AT + WEEK)
    tick(ada, catalog.topics[4], state=state)

    assert due(ada, catalog, DONE_AT + 500 * WEEK) == []


def test_grading_moves_the_topic_on_and_keeps_it_done(ada, catalog):
    topic, at = catalog.topics[4], DONE_AT + WEEK
    tick(ada, topic)

    memory = grade_review(user=ada, topic=topic, grade=Grade.AGAIN, at=at)

    assert due(ada, catalog, at) == []
    assert [d.due_at for d in due(ada, catalog, memory.due_at)] == [memory.due_at]
    assert TopicProgress.objects.get().state == "done"
    answer = ReviewAnswer.objects.get()
    assert (answer.grade, answer.at, answer.day) == ("again", at, at.date())


def test_grades_show_the_interval_that_they_then_bring(ada, catalog):
    topic, at = catalog.topics[4], DONE_AT + WEEK
    tick(ada, topic)
    grade_review(user=ada, topic=topic, grade=Grade.GOOD, at=at)
    again = at + timedelta(days=40)
    shown = due(ada, catalog, again)[0].intervals

    memory = grade_review(user=ada, topic=topic, grade=Grade.HARD, at=again)

    assert (memory.due_at - again).days == shown[Grade.HARD]


def test_better_grades_bring_longer_intervals():
    first = next_intervals(None, DONE_AT)
    assert first[Grade.AGAIN] <= first[Grade.HARD] <= first[Grade.GOOD] < first[Grade.EASY]

    known = after_review(None, Grade.GOOD, DONE_AT)
    later = next_intervals(known, DONE_AT + timedelta(days=3))
    assert 1 <= later[Grade.AGAIN] < later[Grade.HARD] < later[Grade.GOOD] < later[Grade.EASY]


def test_only_the_first_grade_within_ten_minutes_counts(ada, catalog):
    topic, at = catalog.topics[4], DONE_AT + WEEK
    tick(ada, topic)
    first = grade_review(user=ada, topic=topic, grade=Grade.GOOD, at=at)

    again = grade_review(user=ada, topic=topic, grade=Grade.EASY, at=at + timedelta(minutes=9))

    assert again == first
    assert ReviewAnswer.objects.count() == 1


def test_a_review_dated_in_the_future_does_not_stop_the_next_one(ada, catalog):
    topic = catalog.topics[4]
    tick(ada, topic)
    grade_review(user=ada, topic=topic, grade=Grade.GOOD, at=DONE_AT + 100 * WEEK)

    grade_review(user=ada, topic=topic, grade=Grade.GOOD, at=DONE_AT + WEEK)

    assert TopicReview.objects.get().reviewed_at == DONE_AT + WEEK


@pytest.mark.parametrize("state", [None, TopicState.TODO, TopicState.LEARNING, TopicState.SKIPPED])
def test_what_is_not_done_cannot_be_reviewed(ada, catalog, state):
    if state:
        tick(ada, catalog.topics[4], state=state)

    with pytest.raises(NotDone):
        grade_review(user=ada, topic=catalog.topics[4], grade=Grade.GOOD)
    with pytest.raises(NotDone):
        postpone_review(user=ada, topic=catalog.topics[4])

    assert not TopicReview.objects.exists()


def test_postponing_lets_it_come_back_later_and_is_no_answer(ada, catalog):
    topic, at = catalog.topics[4], DONE_AT + 2 * WEEK
    tick(ada, topic)

    memory = postpone_review(user=ada, topic=topic, days=3, at=at)

    assert memory.due_at == at + timedelta(days=3)
    assert due(ada, catalog, at) == []
    assert not ReviewAnswer.objects.exists()
    assert due(ada, catalog, memory.due_at)[0].intervals == next_intervals(None, at)


def test_postponing_never_brings_a_review_forward(ada, catalog):
    tick(ada, catalog.topics[4])

    memory = postpone_review(user=ada, topic=catalog.topics[4], at=DONE_AT)

    assert memory.due_at == DONE_AT + WEEK


def test_postponing_keeps_what_is_remembered(ada, catalog):
    topic = catalog.topics[4]
    tick(ada, topic)
    graded = grade_review(user=ada, topic=topic, grade=Grade.GOOD, at=DONE_AT + WEEK)

    memory = postpone_review(user=ada, topic=topic, days=300, at=DONE_AT + WEEK)

    assert (memory.stability, memory.difficulty) == (graded.stability, graded.difficulty)
    assert memory.reviewed_at == graded.reviewed_at


@pytest.mark.parametrize("days", [-1, 0, 366, 10**12])
def test_postponing_is_for_a_day_to_a_year(ada, catalog, days):
    tick(ada, catalog.topics[4])

    with pytest.raises(ValidationError, match="1 to 365"):
        postpone_review(user=ada, topic=catalog.topics[4], days=days)


def test_reviews_of_other_people_stay(ada, catalog):
    topic, other = catalog.topics[4], make_user()
    tick(ada, topic)
    tick(other, topic)

    grade_review(user=ada, topic=topic, grade=Grade.GOOD, at=DONE_AT + WEEK)
    postpone_review(user=ada, topic=topic, at=DONE_AT + WEEK)

    assert not TopicReview.objects.filter(user=other).exists()
    assert len(due(other, catalog, DONE_AT + WEEK)) == 1


@pytest.mark.parametrize(
    ("zone", "at", "left"),
    [
        # Answered at noon UTC on the 8th: at 1:00 in Pago Pago, at 2:00 on the 9th on Kiritimati.
        ("Pacific/Pago_Pago", datetime(2027, 3, 9, 10, 59, tzinfo=UTC), 1),
        ("Pacific/Pago_Pago", datetime(2027, 3, 9, 11, 0, tzinfo=UTC), 2),
        ("UTC", datetime(2027, 3, 8, 23, 59, tzinfo=UTC), 1),
        ("UTC", datetime(2027, 3, 9, 0, 0, tzinfo=UTC), 2),
        ("Pacific/Kiritimati", datetime(2027, 3, 9, 9, 59, tzinfo=UTC), 1),
        ("Pacific/Kiritimati", datetime(2027, 3, 9, 10, 0, tzinfo=UTC), 2),
    ],
)
def test_the_daily_cap_counts_answers_of_the_local_day(catalog, zone, at, left):
    user = make_user(time_zone=zone, reviews_per_day=2)
    tick(user, catalog.topics[4])
    grade_review(user=user, topic=catalog.topics[4], grade=Grade.GOOD, at=DONE_AT + WEEK)

    assert reviews_left_today(user=user, at=at) == left


def test_without_reviews_none_are_left(ada):
    assert reviews_left_today(user=ada, at=DONE_AT) == 0


def test_a_due_topic_tells_which_of_its_needs_fade(ada, catalog):
    topic = next(topic for topic in catalog.topics if len(topic.needs) >= 2)
    fading, fresh = (catalog.topics[need.index] for need in topic.needs[:2])
    at = DONE_AT + timedelta(days=200)
    tick(ada, topic, fading, fresh)
    grade_review(user=ada, topic=fading, grade=Grade.AGAIN, at=DONE_AT)
    grade_review(user=ada, topic=fresh, grade=Grade.EASY, at=at - timedelta(days=1))

    review = next(d for d in due(ada, catalog, at) if d.topic is topic)

    assert review.fading_needs == (fading,)


def test_what_was_never_reviewed_does_not_fade():
    postponed = Memory(stability=None, difficulty=None, reviewed_at=None, due_at=DONE_AT)

    assert not is_fading(None, DONE_AT)
    assert not is_fading(postponed, DONE_AT)


def test_a_time_of_another_zone_is_as_good():
    berlin = DONE_AT.astimezone(zoneinfo.ZoneInfo("Europe/Berlin"))

    assert after_review(None, Grade.GOOD, berlin) == after_review(None, Grade.GOOD, DONE_AT)


@pytest.mark.parametrize("grade", list(Grade))
@pytest.mark.parametrize("stability", [0.001, 36_500.0])
@pytest.mark.parametrize("difficulty", [1.0, 10.0])
@pytest.mark.parametrize("days", [-9000, 0, 1, 9000])
def test_the_edges_of_what_an_import_may_bring_can_be_graded(grade, stability, difficulty, days):
    memory = Memory(stability=stability, difficulty=difficulty, reviewed_at=DONE_AT, due_at=DONE_AT)
    at = DONE_AT + timedelta(days=days)

    after = after_review(memory, grade, at)

    assert 0.001 <= (after.stability or 0) <= 36_500
    assert 1 <= (after.difficulty or 0) <= 10
    assert timedelta(days=1) <= after.due_at - at <= timedelta(days=365)


def test_the_due_list_costs_two_queries_however_long_it_is(ada, catalog, count_queries):
    tick(ada, *catalog.topics[:2])
    with count_queries() as few:
        assert len(due(ada, catalog, DONE_AT + WEEK)) == 2
    tick(ada, *catalog.topics)
    for topic in catalog.topics[:20]:
        grade_review(user=ada, topic=topic, grade=Grade.AGAIN, at=DONE_AT)
    with count_queries() as many:
        assert len(due(ada, catalog, DONE_AT + 10 * WEEK)) == 100

    assert len(few) == len(many) == 2


def test_grading_costs_a_handful_of_queries(ada, catalog, count_queries):
    tick(ada, *catalog.topics)
    with count_queries() as queries:
        grade_review(user=ada, topic=catalog.topics[0], grade=Grade.GOOD, at=DONE_AT + WEEK)

    assert len(queries) <= 6
