"""How writers take turns."""

import hashlib
import zoneinfo
from datetime import datetime

from django.db import connection

from mlmath.errors import DomainError, NotFound, PermissionDenied
from mlmath.statements import Statement
from tracker.models import Membership, StudyGroup, User


class GroupArchived(DomainError):
    code = "group_archived"


_person = Statement(
    User,
    lambda key: User.objects.select_for_update(no_key=True).filter(pk=key).values_list("pk"),
)


def lock_person(user: User) -> None:
    """Let the writers of one person's things take turns, until the transaction ends. One query.

    FOR NO KEY UPDATE lets rows that only point at the person pass.
    """
    if not list(_person.rows(user.pk)):
        raise User.DoesNotExist


def lock_membership(*, group: StudyGroup, user: User, reads_only: bool = False) -> Membership:
    """The place of `user` in `group`, which nobody takes away until the transaction ends.

    Every action in a group starts with it, so that somebody who is removed meanwhile writes either
    before or not at all. Raises NotFound for those outside and in a deleted group, PermissionDenied
    for observers and GroupArchived, both unless the action `reads_only` or is about leaving. One
    query.
    """
    membership = (
        Membership.objects.select_for_update(no_key=True, of=("self",))
        .select_related("group")
        .filter(group=group.pk, user=user.pk, group__deleted_at=None)
        .first()
    )
    if membership is None:
        raise NotFound
    if not reads_only:
        if membership.observes:
            raise PermissionDenied("Observers look on and change nothing.")
        refuse_archived(membership.group)
    return membership


def lock_leadership(
    *, group: StudyGroup, user: User, is_archive_fine: bool = False
) -> tuple[StudyGroup, Membership]:
    """The group and the place of its leader `user`; leaders of one group take turns.

    Raises NotFound for those outside, PermissionDenied for members and observers, GroupArchived
    unless `is_archive_fine`. Locks the group's row, then the membership. Two queries.
    """
    locked = lock_group(group)
    membership = lock_membership(group=group, user=user, reads_only=True)
    if not membership.leads:
        raise PermissionDenied("Only leaders of the group can do that.")
    if not is_archive_fine:
        refuse_archived(locked)
    return locked, membership


def touch_membership(membership: Membership, *, at: datetime) -> None:
    """Remember that somebody did something in their group on the day that it is there.

    For a membership that is locked. One query on the first time of a day, else none.
    """
    day = at.astimezone(zoneinfo.ZoneInfo(membership.group.time_zone)).date()
    if membership.last_active_on is None or membership.last_active_on < day:
        membership.last_active_on = day
        membership.save(update_fields=["last_active_on"])


def lock_group(group: StudyGroup) -> StudyGroup:
    """The group's row, so that who comes, goes and leads is decided one after the other.

    Taken before any membership. Raises NotFound for a deleted group. One query.
    """
    locked = (
        StudyGroup.objects.select_for_update(no_key=True)
        .filter(pk=group.pk, deleted_at=None)
        .first()
    )
    if locked is None:
        raise NotFound
    return locked


def refuse_archived(group: StudyGroup) -> None:
    if group.archived_at is not None:
        raise GroupArchived(
            "This group is archived: it can be read and no longer changed. A leader can bring it "
            "back in the settings."
        )


def lock_name(name: str, *, waits: bool = True) -> bool:
    """Hold `name`, which needs no row, until the transaction ends. One query.

    Returns False where another transaction holds it and the caller does not wait. In SQLite
    transactions take turns from their start, so that nobody can be in between.
    """
    if connection.vendor != "postgresql":
        return True
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    number = int.from_bytes(digest, signed=True)
    with connection.cursor() as cursor:
        if waits:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
            return True
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        (is_ours,) = cursor.fetchone()
    return bool(is_ours)
