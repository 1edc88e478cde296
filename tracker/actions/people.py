"""Changing what a person says about themselves."""

from collections.abc import Collection
from datetime import date
from typing import Literal, TypedDict, Unpack

from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction

from catalog.models import Role
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
def delete_account(*, user: User) -> None:
    """Remove `user` with everything that is theirs, and end their sessions everywhere.

    Cannot be taken back. Locks the person's row, so that what is being written at this moment is
    removed as well.
    """
    User.objects.select_for_update().get(pk=user.pk)
    # The account library keeps which sessions are whose; a reverse relation needs no import of it.
    keys = user.usersession_set.values_list("session_key", flat=True)  # type: ignore[attr-defined]
    Session.objects.filter(session_key__in=list(keys)).delete()
    user.delete()
