"""Writing down what those with power did about somebody."""

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

from tracker.models import ActKind, LeaderAct, StaffLook, StudyGroup, User
from tracker.models.acts import MAXIMUM_ABOUT_LENGTH


def record_act(
    *,
    group: StudyGroup,
    by: User,
    members: Iterable[User | None],
    kind: ActKind,
    about: str = "",
    at: datetime | None = None,
) -> None:
    """Write down what the leader `by` does about `members`, in the transaction of the act itself.

    Not what they do about themselves, nor about somebody who has deleted their account (None).
    `about` is cut to 200 characters. One query.
    """
    at = at or timezone.now()
    LeaderAct.objects.bulk_create(
        LeaderAct(
            group=group,
            member=member,
            by=by,
            kind=kind,
            about=about[:MAXIMUM_ABOUT_LENGTH],
            at=at,
        )
        for member in members
        if member is not None and member.pk != by.pk
    )


def record_look(
    *, by: User, table: str, person_id: int | None = None, at: datetime | None = None
) -> None:
    """Write down that `by`, of the staff, looked at a table or at the row of one person. What is
    theirs themselves is no news. One query."""
    if person_id != by.pk:
        StaffLook.objects.create(by=by, table=table, person_id=person_id, at=at or timezone.now())
