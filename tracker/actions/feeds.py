"""Calendar feeds: their secret addresses, and what they remind of."""

from django.db import transaction
from django.db.models import F

from tracker.models import User


@transaction.atomic
def replace_feeds(*, user: User) -> None:
    """Give `user` new calendar addresses; the old ones lead nowhere from now on."""
    User.objects.filter(pk=user.pk).update(feed_number=F("feed_number") + 1)
    user.refresh_from_db(fields=["feed_number"])


@transaction.atomic
def set_alarm(*, user: User, minutes: int | None) -> None:
    """Let calendars remind `user` so many minutes before a due date or a meeting; None: never.

    May be repeated. Raises ValidationError for more minutes than the database keeps.
    """
    user.feed_alarm_minutes = minutes
    user.clean_fields(exclude=["password", "email"])
    user.save(update_fields=["feed_alarm_minutes"])
