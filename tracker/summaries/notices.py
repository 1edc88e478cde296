"""What somebody has been told, newest first."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from mlmath.errors import BadRequest
from tracker.models import Notice, User
from tracker.models.ids import is_public_id


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticePage:
    """Some notices; `next_cursor` asks for the older ones and is empty at the end."""

    notices: tuple[Notice, ...]
    next_cursor: str


def notices_of(*, user: User, size: int, cursor: str = "", is_unread: bool = False) -> NoticePage:
    """The newest `size` notices of `user`, each with its group; with a `cursor` the older ones.

    A cursor is the id of the last one seen, so what comes in on top shifts nothing. Raises
    BadRequest for one that is not theirs. One query, with a cursor two.
    """
    notices = user.notices.select_related("group").order_by("-told_at", "-id")
    if is_unread:
        notices = notices.filter(read_at=None)
    if cursor:
        last = place_of(user=user, public_id=cursor)
        if last is None:
            raise BadRequest("This cursor is not one that we gave out. Start again without one.")
        told_at, key = last
        notices = notices.filter(Q(told_at__lt=told_at) | Q(told_at=told_at, pk__lt=key))
    found = list(notices[: size + 1])
    return NoticePage(
        notices=tuple(found[:size]),
        next_cursor=found[size - 1].public_id if len(found) > size else "",
    )


def place_of(*, user: User, public_id: str) -> tuple[datetime, int] | None:
    """Where a notice of `user` stands in their list; None for what is not theirs. One query."""
    if not is_public_id(public_id):
        return None
    return user.notices.filter(public_id=public_id).values_list("told_at", "pk").first()


def unread_count(*, user: User) -> int:
    """How many notices `user` has not read. One query."""
    return user.notices.filter(read_at=None).count()
