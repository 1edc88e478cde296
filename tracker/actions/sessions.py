"""The study log: a timer that survives closing the tab, and entries by hand."""

from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from catalog.graph import TopicNode, UnitNode
from catalog.models import Topic, Unit
from mlmath.errors import DomainError
from tracker.actions.locking import lock_person
from tracker.models import StudySession, User
from tracker.models.people import MINUTES_IN_A_DAY
from tracker.summaries.calendar import local_day

# Nobody studies longer without a break; such an entry is more likely a forgotten timer.
DOUBTFUL_MINUTES = 12 * 60
# Its local day is in 1970 everywhere, which is where the export's days begin.
EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
# The clock of a client may be ahead of ours.
_CLOCK_LEEWAY = timedelta(minutes=5)
# Minutes are rounded, so sessions that follow each other closely seem to overlap a little.
_ROUNDING = timedelta(seconds=30)


class SessionDoubtful(DomainError):
    """Confirming it is enough: call again with `is_confirmed`."""

    code = "session_doubtful"


class SessionImpossible(DomainError):
    code = "session_impossible"


class SessionGone(DomainError):
    code = "session_gone"


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
    """Let the timer run from `at`. One that runs already keeps its start and gets the new topic."""
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

    More minutes than it measured mean that it was started late: the session then ends now. Returns
    None, logging nothing, when less than half a minute has passed. Raises NoTimer when none runs,
    and as `log_session` does; the timer then runs on.
    """
    lock_person(user)
    user.refresh_from_db(fields=["timer_started_at", "timer_topic", "timer_unit"])
    started_at = user.timer_started_at
    if started_at is None:
        raise NoTimer("No timer is running. It may have been stopped in another tab.")
    at = at or timezone.now()
    measured = round((at - started_at).total_seconds() / 60)
    session = None
    if minutes is not None or measured >= 1:
        if minutes is None:
            minutes = measured
        _check_minutes(minutes)
        if minutes > measured:
            started_at = at - timedelta(minutes=minutes)
        session = _log(
            user,
            minutes=minutes,
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

    Every call logs another session. Raises SessionImpossible for one that is not over yet or of
    more than a day, and, unless `is_confirmed`, SessionDoubtful for one of more than twelve hours
    or over the same time as another. Locks the person's row.
    """
    lock_person(user)
    _check_minutes(minutes)
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
    topic: TopicNode | Topic | None,
    unit: UnitNode | Unit | None,
    is_confirmed: bool = False,
    at: datetime | None = None,
) -> StudySession:
    """Change a session of `user`; raises as `log_session` does, and SessionGone if it is deleted.

    What was confirmed once is questioned again only with another time. A topic or unit that is no
    longer in the catalog may stay, as its row.
    """
    lock_person(user)
    if not user.study_sessions.filter(pk=session.pk).exists():
        raise SessionGone("This session has been deleted in the meantime. Log it again if it was.")
    _check_minutes(minutes)
    is_confirmed |= (session.minutes, session.started_at) == (minutes, started_at)
    _check(
        user,
        minutes=minutes,
        started_at=started_at,
        is_confirmed=is_confirmed,
        at=at or timezone.now(),
        but=session,
    )
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
    _check(user, minutes=minutes, started_at=started_at, is_confirmed=is_confirmed, at=at, but=None)
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
    *,
    minutes: int,
    started_at: datetime,
    is_confirmed: bool,
    at: datetime,
    but: StudySession | None,
) -> None:
    # Compared this way round, since no date can be added to near the end of the calendar.
    if started_at > at + _CLOCK_LEEWAY - timedelta(minutes=minutes):
        raise SessionImpossible("This session ends in the future. Log it once it is over.")
    if started_at < EARLIEST:
        raise SessionImpossible("This session is too long ago. Check the year.")
    ended_at = started_at + timedelta(minutes=minutes)
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
        other_ended_at = other.started_at + timedelta(minutes=other.minutes)
        shared = min(ended_at, other_ended_at) - max(started_at, other.started_at)
        if shared > _ROUNDING:
            raise SessionDoubtful(
                f"This overlaps with a session of {other.minutes} minutes that you logged before. "
                "Correct the time, or confirm that both are right."
            )


def _check_minutes(minutes: int) -> None:
    if not 1 <= minutes <= MINUTES_IN_A_DAY:
        raise SessionImpossible("A session lasts from 1 minute to 24 hours. Split a longer one.")


def _clear_timer(user: User) -> None:
    user.timer_started_at = None
    user.timer_topic_id = user.timer_unit_id = None
    user.save(update_fields=["timer_started_at", "timer_topic", "timer_unit"])
