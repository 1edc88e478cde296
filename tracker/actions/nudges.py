"""A kind word to somebody who has fallen behind, once a day at most."""

import zoneinfo
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from mlmath.errors import DomainError, NotFound
from tracker.actions.acts import record_act
from tracker.actions.locking import lock_leadership, touch_membership
from tracker.actions.notices import tell
from tracker.models import ActKind, Membership, NoticeKind, Nudge, StudyGroup, User
from tracker.summaries.members import shown_name

PRESET = "How is the reading going? Pick up where you are, and ask if something is in the way."


class AlreadyNudged(DomainError):
    code = "already_nudged"


class NotToBeNudged(DomainError):
    code = "not_to_be_nudged"


@transaction.atomic
def nudge(
    *, user: User, group: StudyGroup, member: User, text: str = "", at: datetime | None = None
) -> Nudge:
    """Send `member` a kind word from the leader `user`: `text`, or ours without one.

    Once per member and local day of the group, whichever leader it is: raises AlreadyNudged after
    that, NotToBeNudged for oneself and for observers, NotFound for those who are not in the group,
    and what lock_leadership raises. Locks the group's row.
    """
    locked, leader = lock_leadership(group=group, user=user)
    membership = Membership.objects.filter(group=locked.pk, user=member.pk).first()
    if membership is None:
        raise NotFound
    if member.pk == user.pk:
        raise NotToBeNudged("You cannot nudge yourself. Another leader can.")
    if membership.observes:
        raise NotToBeNudged("Observers have no chapters of which one could remind them.")
    at = at or timezone.now()
    day = at.astimezone(zoneinfo.ZoneInfo(locked.time_zone)).date()
    made, is_new = Nudge.objects.get_or_create(
        group=locked, user=member, day=day, defaults={"by": user, "nudged_at": at}
    )
    if not is_new:
        raise AlreadyNudged(
            f"{shown_name(member)} has had a nudge today. One a day is enough: try again tomorrow."
        )
    touch_membership(leader, at=at)
    record_act(group=locked, by=user, members=[member], kind=ActKind.NUDGED, at=at)
    tell(
        people=[member],
        by=user,
        kind=NoticeKind.NUDGE,
        key=f"nudge:{locked.public_id}:{day.isoformat()}",
        text=f"{shown_name(user)} thinks of you in {locked.name}: “{text.strip() or PRESET}”",
        address=f"/groups/{locked.public_id}/",
        group=locked,
        at=at,
    )
    return made
