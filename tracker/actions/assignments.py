"""Assigning chapters to a group: what its leaders do.

Leaders write under the lock of the group's row, so that two of them take turns and limits hold.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from catalog.graph import UnitNode, current_graph
from mlmath.errors import DomainError, NotFound
from tracker.actions.acts import record_act
from tracker.actions.dues import (
    DueImpossible,
    check_due,
    due_date,
    possible_due,
    readers_of_group,
    save_due,
    schedule_address,
    set_batch,
    set_due,
)
from tracker.actions.locking import lock_leadership, touch_membership
from tracker.actions.notices import tell
from tracker.actions.versions import write_version
from tracker.actions.webhooks import emit, emit_assignments
from tracker.models import ActKind, Assignment, GroupEvent, NoticeKind, Recipient, StudyGroup, User
from tracker.models.assignments import MAXIMUM_ASSIGNMENT_NOTE_LENGTH
from tracker.models.ids import new_public_id
from tracker.models.text import check_text
from tracker.summaries.assignment_events import assignments_data
from tracker.summaries.schedule import in_words

MAXIMUM_AT_ONCE = 200
MAXIMUM_IN_GROUP = 300


class AlreadyAssigned(DomainError):
    code = "already_assigned"


class TooManyAssignments(DomainError):
    code = "too_many_assignments"


@transaction.atomic
def assign_units(
    *,
    user: User,
    group: StudyGroup,
    dates: Sequence[tuple[UnitNode, datetime]],
    note: str = "",
    is_draft: bool = False,
    recipients: Collection[User] | None = None,
    is_dry_run: bool = False,
    at: datetime | None = None,
) -> list[Assignment]:
    """Let `group` read units, each until its date: all of them or none, in the given order.

    A date is an instant, or what the group's clocks show (naive). Without `recipients` it is for
    everyone; they are told, once for all units, unless it is a draft. A unit is assigned once, so
    that repeating it raises AlreadyAssigned. Raises DueImpossible for dates in the past,
    TooManyAssignments, and ValidationError for a note or people that do not fit; so does a dry run,
    which saves nothing. Locks the group. Eleven queries at most, however many units there are.
    """
    at = at or timezone.now()
    group, leader = lock_leadership(group=group, user=user)
    note = _checked_note(note)
    people = _checked_recipients(group, recipients) if recipients is not None else []
    rows = list(Assignment.objects.live().filter(group=group).values_list("unit_id", "due_at"))
    _check_room([unit for unit, _ in dates], {unit_id for unit_id, _ in rows})
    places = Counter(due_at for _, due_at in rows)
    batch = new_public_id()
    made = []
    for unit, moment in dates:
        due = possible_due(moment, group, at)
        assignment = Assignment(
            group=group,
            unit_id=unit.id,
            position=places[due.at],
            note=note,
            is_draft=is_draft,
            is_for_everyone=recipients is None,
            batch=batch,
            created_at=at,
            changed_at=at,
        )
        set_due(assignment, due)
        places[due.at] += 1
        made.append(assignment)
    if is_dry_run:
        return made
    Assignment.objects.bulk_create(made)
    Recipient.objects.bulk_create(
        Recipient(assignment=assignment, user=one) for assignment in made for one in people
    )
    _record_chosen(group, made, people=people, by=user, at=at)
    if not is_draft:
        readers = readers_of_group(group) if recipients is None else people
        _tell_assigned(group, made, people=readers, by=user, at=at)
        emit_assignments(
            group=group, event=GroupEvent.ASSIGNMENT_PUBLISHED, rows=made, key=batch, at=at
        )
    touch_membership(leader, at=at)
    return made


@transaction.atomic
def edit_assignment(
    *,
    user: User,
    assignment: Assignment,
    due: datetime | None = None,
    note: str | None = None,
    is_draft: bool | None = None,
    is_for_everyone: bool | None = None,
    recipients: Collection[User] | None = None,
    version: int | None = None,
    at: datetime | None = None,
) -> Assignment:
    """Change what is given and leave the rest; `recipients` make it one for some.

    Tells people about a new date, and those about all of it who have it only now. Repeating it
    changes nothing. Raises NotFound for one that is removed, DueImpossible where a date that was
    not in the past would be now, ValidationError for a note or people that do not fit, and Changed
    where it is no longer in `version`. Locks the group.
    """
    at = at or timezone.now()
    group, leader = lock_leadership(group=assignment.group, user=user)
    row = live_assignment(group, assignment)
    had_readers, had_due_at = _readers_of(row), row.due_at
    changes: dict[str, Any] = {}
    if due is not None:
        wanted = possible_due(due, group, at, was=row.due_at)
        changes |= {"due_on": wanted.on, "due_time": wanted.time, "due_at": wanted.at}
        if wanted.at != row.due_at:
            # A shift that is taken back leaves alone what has been moved since.
            changes |= {"batch": new_public_id(), "shifted_days": None}
    if note is not None:
        changes["note"] = _checked_note(note)
    if is_draft is not None:
        changes["is_draft"] = is_draft
    people = None
    if recipients is not None:
        people = _checked_recipients(group, recipients)
        changes["is_for_everyone"] = False
    elif is_for_everyone:
        people = []
        changes["is_for_everyone"] = True
    is_same = all(getattr(row, name) == value for name, value in changes.items())
    if is_same and (people is None or _recipient_keys(row) == {one.pk for one in people}):
        write_version(row, version=version)
        return row
    was_draft = row.is_draft
    write_version(row, version=version, changed_at=at, **changes)
    if was_draft and not row.is_draft:
        _check_publishable([row], at)
    if people is not None:
        chosen_before = _recipient_keys(row) if people else set()
        row.recipients.all().delete()
        Recipient.objects.bulk_create(Recipient(assignment=row, user=one) for one in people)
        chosen_now = [one for one in people if one.pk not in chosen_before]
        _record_chosen(group, [row], people=chosen_now, by=user, at=at)
    readers = _readers_of(row)
    newcomers = [one for one in readers if one not in had_readers]
    _tell_assigned(group, [row], people=newcomers, by=user, at=at)
    if row.due_at != had_due_at:
        tell(
            people=[one for one in readers if one in had_readers],
            kind=NoticeKind.ASSIGNMENT,
            key=f"moved:{row.public_id}:{row.version}",
            text=f"{group.name}: {chapter_title(row)} is now due on {in_words(row.due_on)}.",
            address=schedule_address(group),
            group=group,
            by=user,
            at=at,
        )
    key = f"{row.public_id}:{row.version}"
    if row.is_draft and not was_draft:
        data = assignments_data(group, [row], current_graph())
        emit(group=group, event=GroupEvent.ASSIGNMENT_REMOVED, key=key, data=data, at=at)
    elif was_draft or row.due_at != had_due_at:
        event = GroupEvent.ASSIGNMENT_PUBLISHED if was_draft else GroupEvent.ASSIGNMENT_MOVED
        emit_assignments(group=group, event=event, rows=[row], key=key, at=at)
    touch_membership(leader, at=at)
    return row


@transaction.atomic
def publish_drafts(*, user: User, group: StudyGroup, at: datetime | None = None) -> int:
    """Show all drafts to those they are for, who are told; returns how many there were.

    Raises DueImpossible while one of them would be late from the start. Locks the group.
    """
    at = at or timezone.now()
    group, leader = lock_leadership(group=group, user=user)
    drafts = list(
        Assignment.objects.live()
        .filter(group=group, is_draft=True)
        .prefetch_related("recipients__user")
    )
    _check_publishable(drafts, at)
    batch = new_public_id()
    for row in drafts:
        row.is_draft = False
    set_batch(drafts, batch)
    save_due(drafts, at, "is_draft")
    by_readers: dict[tuple[User, ...] | None, list[Assignment]] = {}
    for row in drafts:
        readers = tuple(recipient.user for recipient in row.recipients.all())
        by_readers.setdefault(None if row.is_for_everyone else readers, []).append(row)
    for chosen, rows in by_readers.items():
        people = readers_of_group(group) if chosen is None else chosen
        _tell_assigned(group, rows, people=people, by=user, at=at)
    emit_assignments(
        group=group, event=GroupEvent.ASSIGNMENT_PUBLISHED, rows=drafts, key=batch, at=at
    )
    touch_membership(leader, at=at)
    return len(drafts)


@transaction.atomic
def remove_assignment(
    *,
    user: User,
    assignment: Assignment,
    version: int | None = None,
    at: datetime | None = None,
) -> Assignment:
    """Take it away from everybody; what they did stays theirs, and it can come back.

    Repeating it changes nothing. Raises Changed where it is no longer in `version`. Locks the
    group.
    """
    at = at or timezone.now()
    group, leader = lock_leadership(group=assignment.group, user=user)
    row = Assignment.objects.get(pk=assignment.pk, group=group)
    if row.deleted_at is None:
        write_version(row, version=version, deleted_at=at, changed_at=at)
        key = f"{row.public_id}:{row.version}"
        emit_assignments(
            group=group, event=GroupEvent.ASSIGNMENT_REMOVED, rows=[row], key=key, at=at
        )
        touch_membership(leader, at=at)
    return row


@transaction.atomic
def remove_batch(*, user: User, group: StudyGroup, batch: str, at: datetime | None = None) -> int:
    """Take back what one plan has assigned, but for what has been changed since.

    Returns how many it were; repeating it changes nothing. Locks the group.
    """
    at = at or timezone.now()
    group, leader = lock_leadership(group=group, user=user)
    rows = list(Assignment.objects.live().filter(group=group, batch=batch, version=1))
    for row in rows:
        row.deleted_at = at
    save_due(rows, at, "deleted_at")
    emit_assignments(group=group, event=GroupEvent.ASSIGNMENT_REMOVED, rows=rows, key=batch, at=at)
    touch_membership(leader, at=at)
    return len(rows)


@transaction.atomic
def restore_assignment(
    *, user: User, assignment: Assignment, at: datetime | None = None
) -> Assignment:
    """Bring a removed assignment back as it was, its date too, also where that is past by now.

    Programs that heard of its end hear that it is there again. Repeating it changes nothing. Raises
    AlreadyAssigned where its unit has been assigned again meanwhile, and TooManyAssignments. Locks
    the group.
    """
    at = at or timezone.now()
    group, leader = lock_leadership(group=assignment.group, user=user)
    row = Assignment.objects.get(pk=assignment.pk, group=group)
    if row.deleted_at is not None:
        taken = Assignment.objects.live().filter(group=group).values_list("unit_id", flat=True)
        _check_room([current_graph().unit_by_id[row.unit_id]], set(taken))
        write_version(row, version=None, deleted_at=None, changed_at=at)
        key = f"{row.public_id}:{row.version}"
        emit_assignments(
            group=group, event=GroupEvent.ASSIGNMENT_PUBLISHED, rows=[row], key=key, at=at
        )
        touch_membership(leader, at=at)
    return row


@transaction.atomic
def move_assignment(
    *, user: User, assignment: Assignment, is_up: bool, at: datetime | None = None
) -> bool:
    """Let an assignment trade places, that is dates, with the one before it or after it.

    Returns whether there was one. Raises NotFound for a removed one, and DueImpossible where that
    would put into the past what was not. Locks the group.
    """
    at = at or timezone.now()
    group, leader = lock_leadership(group=assignment.group, user=user)
    rows = list(Assignment.objects.live().filter(group=group))
    index = next((i for i, row in enumerate(rows) if row.pk == assignment.pk), None)
    if index is None:
        raise NotFound
    other_index = index - 1 if is_up else index + 1
    if not 0 <= other_index < len(rows):
        return False
    row, other = rows[index], rows[other_index]
    places = {id(one): place for place, one in enumerate(rows)}
    if row.due_at == other.due_at:
        places[id(row)], places[id(other)] = other_index, index
        moved = [one for one in rows if one.due_at == row.due_at]
        for place, one in enumerate(sorted(moved, key=lambda one: places[id(one)])):
            one.position = place
    else:
        moved = [row, other]
        mine, theirs = due_date(row), due_date(other)
        for one, due in ((row, theirs), (other, mine)):
            check_due(due, at, was=one.due_at)
            set_due(one, due)
        row.position, other.position = other.position, row.position
    batch = new_public_id()
    set_batch(moved, batch)
    save_due(moved, at, "position")
    if row.due_at != other.due_at:
        emit_assignments(
            group=group, event=GroupEvent.ASSIGNMENT_MOVED, rows=moved, key=batch, at=at
        )
    touch_membership(leader, at=at)
    return True


def live_assignment(group: StudyGroup, assignment: Assignment) -> Assignment:
    """As it is now. Raises NotFound for one that is removed, or of another group."""
    row = Assignment.objects.live().filter(pk=assignment.pk, group=group).first()
    if row is None:
        raise NotFound
    return row


def chapter_title(row: Assignment) -> str:
    unit = current_graph().unit_by_id[row.unit_id]
    return f"“{unit.label}: {unit.title}”"


def _check_publishable(drafts: Iterable[Assignment], at: datetime) -> None:
    for row in drafts:
        if row.due_at <= at:
            raise DueImpossible(
                f"{chapter_title(row)} was due on {in_words(row.due_on)}. "
                "Give it a later date before you publish it."
            )


def _check_room(units: Sequence[UnitNode], taken: Collection[int]) -> None:
    if not units:
        raise ValidationError({"units": "Choose at least one chapter."})
    if len(units) > MAXIMUM_AT_ONCE:
        raise TooManyAssignments(
            f"These are {len(units)} chapters; {MAXIMUM_AT_ONCE} can be assigned at once. "
            "Plan them in parts."
        )
    if len({unit.id for unit in units}) < len(units):
        raise AlreadyAssigned("A chapter stands twice in this plan. Keep one of the two.")
    again = [unit for unit in units if unit.id in taken]
    if again:
        names = ", ".join(unit.label for unit in again[:5])
        more = f" and {len(again) - 5} more" if len(again) > 5 else ""
        raise AlreadyAssigned(
            f"Assigned in this group already: {names}{more}. Leave them out, or change their dates."
        )
    if len(taken) + len(units) > MAXIMUM_IN_GROUP:
        raise TooManyAssignments(
            f"A group holds {MAXIMUM_IN_GROUP} assignments and this one has {len(taken)}. "
            "Remove some that are over first."
        )


def _checked_note(note: str) -> str:
    try:
        check_text(note)
    except ValidationError as error:
        raise ValidationError({"note": error}) from None
    note = note.strip()
    if len(note) > MAXIMUM_ASSIGNMENT_NOTE_LENGTH:
        raise ValidationError(
            {"note": f"Keep the note to {MAXIMUM_ASSIGNMENT_NOTE_LENGTH} characters."}
        )
    return note


def _readers_of(row: Assignment) -> list[User]:
    """Those who have it to read now: nobody while it is a draft."""
    readers = [] if row.is_draft else readers_of_group(row.group)
    if row.is_for_everyone or not readers:
        return readers
    chosen = _recipient_keys(row)
    return [one for one in readers if one.pk in chosen]


def _checked_recipients(group: StudyGroup, people: Collection[User]) -> list[User]:
    """Raises ValidationError unless all of them read in the group, and there is somebody."""
    if not people:
        raise ValidationError({"members": "Choose at least one person."})
    readers = set(readers_of_group(group))
    if not set(people) <= readers:
        raise ValidationError(
            {
                "members": "Somebody of these does not read in this group: observers and people "
                "outside get no chapters."
            }
        )
    return sorted(set(people), key=lambda one: one.pk)


def _recipient_keys(row: Assignment) -> set[int]:
    return set(row.recipients.values_list("user_id", flat=True))


def _tell_assigned(
    group: StudyGroup,
    rows: Sequence[Assignment],
    *,
    people: Iterable[User],
    by: User,
    at: datetime,
) -> None:
    first = min(rows, key=lambda row: row.due_at)
    if len(rows) == 1:
        what = f"{chapter_title(first)} is due on {in_words(first.due_on)}."
    else:
        what = f"{len(rows)} new chapters, the first due on {in_words(first.due_on)}."
    tell(
        people=people,
        kind=NoticeKind.ASSIGNMENT,
        key=f"assigned:{first.public_id}:{first.version}",
        text=f"{group.name}: {what}",
        address=schedule_address(group),
        group=group,
        by=by,
        at=at,
    )


def _record_chosen(
    group: StudyGroup,
    rows: Sequence[Assignment],
    *,
    people: Collection[User],
    by: User,
    at: datetime,
) -> None:
    if people:
        more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
        record_act(
            group=group,
            by=by,
            members=people,
            kind=ActKind.CHOSEN,
            about=f"{chapter_title(rows[0])}{more}",
            at=at,
        )
