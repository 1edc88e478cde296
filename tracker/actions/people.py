"""Changing what a person says about themselves."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Literal, TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.db import transaction

from catalog.models import Role
from tracker.actions.deletions import end_account, leaderless_without, lock_all_of
from tracker.actions.members import LastLeader
from tracker.models import User

MAXIMUM_DAYS_OFF = 366


class ProfileChanges(TypedDict, total=False):
    """The fields that `update_profile` takes; what is missing stays as it is."""

    name: str
    role: Role | None
    minutes_per_day: int | None
    study_days: Collection[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]]
    time_zone: str
    show_dates: bool
    reviews_per_day: int
    days_off: Collection[date]


@transaction.atomic
def update_profile(*, user: User, **changes: Unpack[ProfileChanges]) -> User:
    """Set the given fields of `user`, all of them or none. May be repeated.

    `days_off` replaces all days off; `user.days_off` then holds them as ISO dates. Raises
    ValidationError, by field, for values that do not fit.
    """
    days_off = changes.pop("days_off", None)
    for name, value in changes.items():
        setattr(user, name, value)
    fields = ["study_days_mask" if name == "study_days" else name for name in changes]
    if days_off is not None:
        if len(set(days_off)) > MAXIMUM_DAYS_OFF:
            raise ValidationError({"days_off": f"Keep to {MAXIMUM_DAYS_OFF} days off at most."})
        user.days_off = [day.isoformat() for day in sorted(set(days_off))]
        fields.append("days_off")
    user.clean_fields(exclude=["password", "email"])
    if fields:
        user.save(update_fields=fields)
    return user


@transaction.atomic
def delete_account(*, user: User, empties_posts: bool = False, at: datetime | None = None) -> None:
    """Let the account of `user` be gone for everybody, at once; the worker erases what it did.

    What they wrote to groups stays as by a deleted member, or without its text if it
    `empties_posts`. Groups in which nobody else is go with them. Raises LastLeader, naming the
    groups, while they are the only leader of others. Cannot be taken back; may be repeated. Locks
    the groups they lead, their places and their row, so that what is being written at this moment
    is removed as well.
    """
    lock_all_of(user)
    left_behind = leaderless_without(user).order_by("name").values_list("name", flat=True)
    if names := [f"“{name}”" for name in left_behind]:
        raise LastLeader(
            f"Nobody else leads {', '.join(names)}. Make somebody there a leader, or delete the "
            f"group{'' if len(names) == 1 else 's'}, and then your account."
        )
    end_account(user=user, empties_posts=empties_posts, at=at)
