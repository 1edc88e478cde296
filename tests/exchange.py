"""Somebody who has done a little of everything, and their export as it travels."""

import json
from datetime import UTC, date, datetime, timedelta

from tests.factories import make_answer, make_assignment, make_group, make_meeting, make_question
from tracker.actions.assignment_progress import mark_mine
from tracker.actions.history import undo
from tracker.actions.meetings import answer_rsvp, choose_presenter
from tracker.actions.notes import write_note
from tracker.actions.people import update_profile
from tracker.actions.progress import Mark, mark_topics
from tracker.actions.reviews import grade_review, postpone_review
from tracker.actions.sessions import log_session
from tracker.actions.units import mark_unit
from tracker.models import (
    Activity,
    AnswerToAssignment,
    Grade,
    ReviewAnswer,
    RsvpAnswer,
    Source,
    StudySession,
    TopicNote,
    TopicProgress,
    TopicReview,
    TopicState,
    UnitProgress,
    User,
)
from tracker.summaries.export import export_of

START = datetime(2027, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
NOW = datetime(2027, 4, 1, 12, tzinfo=UTC)
ROWS = [Activity, ReviewAnswer, StudySession, TopicNote, TopicProgress, TopicReview, UnitProgress]


def after(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def mark(user, topic, state=TopicState.DONE, at=START, **fields):
    marks = [Mark(topic=topic, state=state, **fields)]
    return mark_topics(user=user, marks=marks, source=Source.MANUAL, at=at).batch


def live(user, graph):
    """A little of everything that somebody can do."""
    topics, units = graph.topics, graph.covering
    update_profile(
        user=user,
        name="Ada Lovelace",
        minutes_per_day=45,
        study_days=["mon", "wed", "fri"],
        time_zone="Europe/Berlin",
        show_dates=False,
        days_off=[date(2027, 12, 24), date(2027, 12, 31)],
    )
    user.role_id = graph.roles["deep-learning-engineer"].id
    user.reviews_per_day = 3
    user.save()
    mark(user, topics[0])
    mark(user, topics[1], TopicState.LEARNING, is_stuck=True, stuck_note="Why “commutative”?")
    mark(user, topics[2], TopicState.SKIPPED, at=after(1))
    mark(user, topics[3], at=after(2))
    undo(user=user, batch=mark(user, topics[3], TopicState.TODO, at=after(3)), at=after(4))
    mark(user, topics[4], at=after(5))
    mark_unit(user=user, unit=units[0][0], is_done=True, at=after(6))
    mark_unit(user=user, unit=units[1][0], is_done=True, at=after(7))
    mark_unit(user=user, unit=units[1][0], is_done=False, at=after(8))
    log_session(user=user, minutes=30, topic=topics[1], unit=units[1][0], at=after(9))
    for _ in range(2):  # at the same time, and both are right
        log_session(user=user, minutes=25, started_at=after(10), is_confirmed=True, at=after(11))
    grade_review(user=user, topic=topics[0], grade=Grade.GOOD, at=after(200))
    grade_review(user=user, topic=topics[0], grade=Grade.HARD, at=after(300))
    postpone_review(user=user, topic=topics[3], days=9, at=after(300))
    write_note(user=user, topic=topics[5], body="Says $a + b$\n\nüber “𝕊” 😀", at=after(20))
    group = make_group(leader=user)
    meeting = make_meeting(group, starts_on=START.date())
    answer_rsvp(
        user=user, meeting=meeting, day=meeting.starts_on, answer=RsvpAnswer.MAYBE, at=START
    )
    chapter = make_assignment(group, units[0][0].id)
    mark_mine(user=user, assignment=chapter, answer=AnswerToAssignment.IN, at=after(21))
    choose_presenter(user=user, assignment=chapter, presenter=user, at=after(21))
    question = make_question(
        group, user, "Why 😀?", unit=units[0][0], topic=topics[0], at=after(21)
    )
    make_answer(question, user, "Because\n\n*so*.", at=after(22))


def document_of(user):
    """As it travels: through text."""
    return json.loads(json.dumps(export_of(user=User.objects.get(pk=user.pk), at=NOW)))


def rows():
    """Everything that an export holds, of everybody."""
    return {model: list(model._default_manager.order_by("pk").values()) for model in ROWS}
