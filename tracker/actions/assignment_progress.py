"""Where one person is with an assignment: what they say of it, and a later date of their own."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from catalog.graph import current_graph
from mlmath.errors import DomainError, NotFound
from tracker.actions.acts import record_act
from tracker.actions.assignments import chapter_title, live_assignment
from tracker.actions.dues import DueImpossible, possible_due, readers_of_group, schedule_address
from tracker.actions.locking import lock_leadership, lock_membership, lock_person, touch_membership
from tracker.actions.notices import tell
from tracker.actions.units import UnitMarked, mark_unit
from tracker.models import (
    ActKind,
    AnswerToAssignment,
    Assignment,
    AssignmentProgress,
    AssignmentState,
    GroupRole,
    NoticeKind,
    StudyGroup,
    User,
)
from tracker.summaries.members import shown_name
from tracker.summaries.schedule import in_words


class NotAssigned(DomainError):
    code = "not_assigned"


@dataclass(frozen=True, kw_only=True, slots=True)
class MineMarked:
    """What somebody says about an assignment now; `unit` is what marking its unit did, None where
    nothing was said about that."""

    assignment: Assignment
    progress: AssignmentProgress
    unit: UnitMarked | None


@transaction.atomic
def mark_mine(
    *,
    user: User,
    assignment: Assignment,
    state: AssignmentState | None = None,
    answer: AnswerToAssignment | str | None = None,
    at: datetime | None = None,
) -> MineMarked:
    """Say where `user` is with an assignment, or whether they are in; "" takes the answer back.

    Done is said of the unit, by `mark_unit`, which proposes its topics; the other states say that
    it is not. Names what is wanted, so that repeating it changes nothing. The leaders are told of
    the first wish for more time. Raises NotFound for what they do not see, NotAssigned for what is
    for others or a draft still, PermissionDenied for observers. Locks the membership and the
    person.
    """
    at = at or timezone.now()
    member = lock_membership(group=assignment.group, user=user)
    mine = Assignment.objects.filter(group=member.group_id).assigned_to(user.pk)
    row = mine.filter(pk=assignment.pk).first()
    if row is None:
        # Seen only now, so that one that has just been removed is not taken for somebody else's.
        if Assignment.objects.seen_by(member).filter(pk=assignment.pk).exists():
            raise NotAssigned("This chapter is a draft, or for others: it is not assigned to you.")
        raise NotFound
    lock_person(user)
    progress = _progress(row, user, at)
    had = (progress.is_reading, progress.answer)
    unit = None
    if state is not None:
        node = current_graph().unit_by_id[row.unit_id]
        unit = mark_unit(user=user, unit=node, is_done=state == AssignmentState.DONE, at=at)
        progress.is_reading = state == AssignmentState.READING
    if answer is not None:
        progress.answer = answer
    if had != (progress.is_reading, progress.answer):
        progress.changed_at = at
        progress.save()
        if had[1] != progress.answer == AnswerToAssignment.MORE_TIME:
            _tell_leaders_of_wish(member.group, row, user, at=at)
    touch_membership(member, at=at)
    return MineMarked(assignment=row, progress=progress, unit=unit)


@transaction.atomic
def set_personal_date(
    *,
    user: User,
    assignment: Assignment,
    member: User,
    due: datetime | None,
    at: datetime | None = None,
) -> AssignmentProgress:
    """Give `member` a later date of their own, or with None take it away again; they are told.

    It is kept as an instant, so that it stays when the group's date moves. Repeating it changes
    nothing. Raises NotFound for a removed assignment and for people outside the group or looking
    on, NotAssigned where they do not have it, and DueImpossible for a date that is past or not
    after the group's. Locks the group and the member's person.
    """
    at = at or timezone.now()
    group, leader = lock_leadership(group=assignment.group, user=user)
    row = live_assignment(group, assignment)
    if member not in readers_of_group(group):
        raise NotFound
    if not Assignment.objects.assigned_to(member.pk).filter(pk=row.pk).exists():
        raise NotAssigned(
            f"{chapter_title(row)} is a draft, or not for {shown_name(member)}. "
            "Publish it, or let them have it, first."
        )
    due_at = None
    if due is not None:
        own = possible_due(due, group, at)
        if own.at <= row.due_at:
            raise DueImpossible(
                f"The group's date is {in_words(row.due_on)}. "
                "A date of one's own is later than that."
            )
        due_at = own.at
    lock_person(member)
    progress = _progress(row, member, at)
    if progress.due_at != due_at:
        progress.due_at, progress.changed_at = due_at, at
        progress.save()
        when = in_words(own.on) if due_at else f"{in_words(row.due_on)} again, as for all"
        record_act(
            group=group,
            by=user,
            members=[member],
            kind=ActKind.OWN_DATE,
            about=f"{chapter_title(row)}, {when}",
            at=at,
        )
        tell(
            people=[member],
            kind=NoticeKind.ASSIGNMENT,
            key=f"own-date:{row.public_id}:{at.isoformat()}",
            text=f"{group.name}: {chapter_title(row)} is due for you on {when}.",
            address=schedule_address(group),
            group=group,
            by=user,
            at=at,
        )
    touch_membership(leader, at=at)
    return progress


def _progress(row: Assignment, user: User, at: datetime) -> AssignmentProgress:
    """The person's own row, or a new one that is not saved yet."""
    return AssignmentProgress.objects.filter(
        assignment=row, user=user
    ).first() or AssignmentProgress(assignment=row, user=user, changed_at=at)


def _tell_leaders_of_wish(group: StudyGroup, row: Assignment, user: User, *, at: datetime) -> None:
    tell(
        people=User.objects.filter(memberships__group=group, memberships__role=GroupRole.LEADER),
        kind=NoticeKind.ASSIGNMENT,
        key=f"more-time:{row.public_id}:{user.public_id}",
        text=f"{group.name}: {shown_name(user)} asks for more time with {chapter_title(row)}.",
        address=schedule_address(group),
        group=group,
        by=user,
        at=at,
    )
