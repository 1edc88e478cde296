"""The study log: a timer that survives closing the tab, and entries by hand."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from catalog.graph import TopicNode, UnitNode
from mlmath.errors import DomainError
from tracker.actions.locking import lock_person
from tracker.models import StudySession, User
from tracker.models.people import MINUTES_IN_A_DAY
from tracker.summaries.calendar import local_day

# Nobody studies longer without a break; such an entry is more likely a forgotten timer.
DOUBTFUL_MINUTES = 12 * 60


class SessionDoubtful(DomainError):
    """Confirming it is enough: call again with `is_confirmed`."""

    code = "session_doubtful"


class SessionImpossible(DomainError):
    code = "session_impossible"


class NoTimer(DomainError):
    code = "no_timer"


@transaction.atomic
def start_timer(
    *,
    user: User,
    topic: TopicNode | None = None,
    unit: UnitNode | None = None,
    at: datetime | None = None,
) -> User:
    """Let the timer run from `at`. One that runs already keeps its start, and gets the new topic."""
    lock_person(user)
    user.refresh_from_db(fields=["timer_started_at"])
    if user.timer_started_at is None:
        user.timer_started_at = at or timezone.now()
    user.timer_topic_id = topic.id if topic else None
    user.timer_unit_id = unit.id if unit else None
    user.save(update_fields=["timer_started_at", "timer_topic", "timer_unit"])
    return user


@transaction.atomic
def stop_timer(
    *,
    user: User,
    minutes: int | None = None,
    is_confirmed: bool = False,
    at: datetime | None = None,
) -> StudySession | None:
    """Stop the timer and log what it measured, or `minutes` instead.

    Returns None, logging nothing, when less than half a minute has passed. Raises NoTimer when none
    runs, SessionDoubtful as `log_session` does; the timer then runs on.
    """
    lock_person(user)
    user.refresh_from_db(fields=["timer_started_at", "timer_topic", "timer_unit"])
    started_at = user.timer_started_at
    if started_at is None:
        raise NoTimer("No timer is running. It may have been stopped in another tab.")
    at = at or timezone.now()
    measured = round((at - started_at).total_seconds() / 60)
    session = None
    if minutes or measured >= 1:
        session = _log(
            user,
            minutes=minutes or measured,
            started_at=started_at,
            topic_id=user.timer_topic_id,
            unit_id=user.timer_unit_id,
            is_confirmed=is_confirmed,
            at=at,
        )
    _clear_timer(user)
    return session


@transaction.atomic
def discard_timer(*, user: User) -> None:
    """Stop the timer and log nothing. May be repeated."""
    lock_person(user)
    _clear_timer(user)


@transaction.atomic
def log_session(
    *,
    user: User,
    minutes: int,
    started_at: datetime | None = None,
    topic: TopicNode | None = None,
    unit: UnitNode | None = None,
    is_confirmed: bool = False,
    at: datetime | None = None,
) -> StudySession:
    """Log `minutes` of study from `started_at`, which is that long ago by default.

    Every call logs another session. Raises SessionImpossible for one in the future or of more than
    a day, and, unless `is_confirmed`, SessionDoubtful for one of more than twelve hours or over
    the same time as another. Locks the person's row.
    """
    lock_person(user)
    at = at or timezone.now()
    return _log(
        user,
        minutes=minutes,
        started_at=started_at or at - timedelta(minutes=minutes),
        topic_id=topic.id if topic else None,
        unit_id=unit.id if unit else None,
        is_confirmed=is_confirmed,
        at=at,
    )


@transaction.atomic
def edit_session(
    *,
    user: User,
    session: StudySession,
    minutes: int,
    started_at: datetime,
    topic: TopicNode | None,
    unit: UnitNode | None,
    is_confirmed: bool = False,
    at: datetime | None = None,
) -> StudySession:
    """Change a session of `user`; raises as `log_session` does."""
    lock_person(user)
    _check(user, minutes, started_at, is_confirmed, at or timezone.now(), but=session)
    session.minutes = minutes
    if session.started_at != started_at:
        # The day was fixed when it was written; it moves only with the time itself.
        session.started_at = started_at
        session.day = local_day(user, started_at)
    session.topic_id = topic.id if topic else None
    session.unit_id = unit.id if unit else None
    session.save()
    return session


def delete_session(*, user: User, public_id: str) -> bool:
    """Delete a session of `user`; False when there is none of that id, as on repeating."""
    count, _ = user.study_sessions.filter(public_id=public_id).delete()
    return bool(count)


def _log(
    user: User,
    *,
    minutes: int,
    started_at: datetime,
    topic_id: int | None,
    unit_id: int | None,
    is_confirmed: bool,
    at: datetime,
) -> StudySession:
    _check(user, minutes, started_at, is_confirmed, at, but=None)
    return StudySession.objects.create(
        user=user,
        topic_id=topic_id,
        unit_id=unit_id,
        minutes=minutes,
        started_at=started_at,
        day=local_day(user, started_at),
    )


def _check(
    user: User,
    minutes: int,
    started_at: datetime,
    is_confirmed: bool,
    at: datetime,
    *,
    but: StudySession | None,
) -> None:
    if not 1 <= minutes <= MINUTES_IN_A_DAY:
        raise SessionImpossible("A session lasts from 1 minute to 24 hours. Split a longer one.")
    ended_at = started_at + timedelta(minutes=minutes)
    if started_at > at:
        raise SessionImpossible("This session starts in the future. Log it once it is over.")
    if is_confirmed:
        return
    if minutes > DOUBTFUL_MINUTES:
        raise SessionDoubtful(
            f"{minutes // 60} hours in one go? Correct the time, or confirm that it is right."
        )
    # No session is longer than a day, so older ones cannot reach into this one.
    near = user.study_sessions.filter(
        started_at__lt=ended_at, started_at__gt=started_at - timedelta(days=1)
    )
    for other in near.exclude(pk=but.pk) if but else near:
        if other.started_at + timedelta(minutes=other.minutes) > started_at:
            raise SessionDoubtful(
                f"This overlaps with a session of {other.minutes} minutes that you logged before. "
                "Correct the time, or confirm that both are right."
            )


def _clear_timer(user: User) -> None:
    user.timer_started_at = None
    user.timer_topic_id = user.timer_unit_id = None
    user.save(update_fields=["timer_started_at", "timer_topic", "timer_unit"])
