"""Starting, changing and ending study groups."""

from copy import copy
from datetime import datetime
from typing import TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from catalog.graph import ResourceNode
from mlmath.errors import DomainError
from mlmath.markdown import to_html
from tracker.actions.locking import lock_leadership, lock_person, refuse_archived
from tracker.actions.notices import tell
from tracker.actions.shifts import move_to_zone
from tracker.actions.versions import write_version
from tracker.models import (
    GroupRole,
    Membership,
    NoticeKind,
    StudyGroup,
    User,
    Visibility,
)
from tracker.models.groups import MAXIMUM_ABOUT_LENGTH
from tracker.models.text import check_text
from tracker.summaries.members import shown_name

MAXIMUM_LED_GROUPS = 100


class TooManyGroups(DomainError):
    code = "too_many_groups"


@transaction.atomic
def create_group(
    *,
    user: User,
    name: str,
    about: str = "",
    time_zone: str = "",
    resource: ResourceNode | None = None,
    visibility: Visibility = Visibility.PRIVATE,
    at: datetime | None = None,
) -> StudyGroup:
    """Start a group that `user` leads, in their own time zone unless another is named.

    Every call starts another one. Raises ValidationError by field, and TooManyGroups for somebody
    who leads 100 already. Locks the person's row.
    """
    at = at or timezone.now()
    lock_person(user)
    leads = user.memberships.filter(role=GroupRole.LEADER, group__deleted_at=None)
    if leads.count() >= MAXIMUM_LED_GROUPS:
        raise TooManyGroups(
            f"You lead {MAXIMUM_LED_GROUPS} groups already. Delete one that is over, or hand it on."
        )
    group = StudyGroup(
        name=name.strip(),
        about=about.replace("\r\n", "\n"),
        time_zone=time_zone or user.time_zone,
        resource_id=resource.id if resource else None,
        visibility=visibility,
        created_at=at,
    )
    _check(group)
    group.save()
    Membership.objects.create(group=group, user=user, role=GroupRole.LEADER, joined_at=at)
    return group


class GroupChanges(TypedDict, total=False):
    """The fields that `edit_group` takes; what is missing stays as it is."""

    name: str
    about: str
    time_zone: str
    resource: ResourceNode | None
    visibility: Visibility
    is_open: bool
    is_archived: bool


@transaction.atomic
def edit_group(
    *,
    user: User,
    group: StudyGroup,
    version: int | None = None,
    at: datetime | None = None,
    **changes: Unpack[GroupChanges],
) -> StudyGroup:
    """Set the given fields of a group that `user` leads, all of them or none. May be repeated.

    Due dates are local: in another zone they keep their day and time, and the instant moves;
    personal dates stay where they are. An archived group changes only together with
    `is_archived=False`. Raises ValidationError by field, GroupArchived, and Changed if the group is
    no longer in `version`.
    """
    at = at or timezone.now()
    is_archived = changes.get("is_archived")
    locked, _ = lock_leadership(group=group, user=user, is_archive_fine=is_archived is not None)
    if is_archived and locked.archived_at and len(changes) > 1:
        refuse_archived(locked)
    zone, wanted = locked.time_zone, copy(locked)
    for field in ("name", "about", "time_zone", "visibility", "is_open"):
        if field in changes:
            setattr(wanted, field, changes[field])
    if "resource" in changes:
        resource = changes["resource"]
        wanted.resource_id = resource.id if resource else None
    if is_archived is not None:
        wanted.archived_at = (locked.archived_at or at) if is_archived else None
    wanted.name, wanted.about = wanted.name.strip(), wanted.about.replace("\r\n", "\n")
    _check(wanted)
    write_version(locked, version=version, **{field: getattr(wanted, field) for field in _EDITABLE})
    if locked.time_zone != zone:
        move_to_zone(group=locked, at=at)
    return locked


@transaction.atomic
def delete_group(
    *, user: User, group: StudyGroup, version: int | None = None, at: datetime | None = None
) -> None:
    """End a group that `user` leads: it is gone for everybody in it, who are told.

    Its codes and what people asked of it die with it. Raises NotFound once it is deleted, and
    Changed if it is no longer in `version`.
    """
    at = at or timezone.now()
    locked, _ = lock_leadership(group=group, user=user, is_archive_fine=True)
    write_version(locked, version=version, deleted_at=at)
    locked.invitations.filter(revoked_at=None).update(revoked_at=at)
    locked.join_requests.all().delete()
    tell(
        people=[membership.user for membership in locked.memberships.select_related("user")],
        by=user,
        kind=NoticeKind.MEMBERSHIP,
        key=f"deleted:{locked.public_id}",
        text=f"“{locked.name}” has been deleted by {shown_name(user)}.",
        address="/groups/",
        at=at,
    )


_EDITABLE = (
    "name", "about", "about_html", "time_zone", "resource_id", "visibility", "is_open",
    "archived_at",
)  # fmt: skip


def _check(group: StudyGroup) -> None:
    """Raises ValidationError by field; otherwise the HTML follows the text."""
    group.clean_fields()
    if len(group.about) > MAXIMUM_ABOUT_LENGTH:
        raise ValidationError({"about": f"Keep it to {MAXIMUM_ABOUT_LENGTH:,} characters."})
    try:
        check_text(group.about)
    except ValidationError as error:
        raise ValidationError({"about": error}) from None
    group.about_html = to_html(group.about) if group.about.strip() else ""
