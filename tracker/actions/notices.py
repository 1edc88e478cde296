"""Telling people what happened, and taking it as read."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from mlmath.errors import NotFound
from tracker.models import Notice, NoticeKind, StudyGroup, User
from tracker.models.notices import MAXIMUM_NOTICE_LENGTH
from tracker.summaries.notices import place_of

# What happens within this time is told in one mail, and what is read at the bell by then in none.
MAIL_DELAY = timedelta(minutes=10)


@transaction.atomic
def tell(
    *,
    people: Iterable[User],
    kind: NoticeKind,
    key: str,
    text: str,
    address: str,
    group: StudyGroup | None = None,
    by: User | None = None,
    at: datetime | None = None,
) -> None:
    """Put one sentence at the bell of each of `people`, in the transaction of what it is about.

    `key` names what happened; told a second time with the same key, a person hears nothing new.
    `text` is plain text and is cut to 500 characters, `address` a local path. Nobody is told of
    what they did themselves (`by`). One query.
    """
    at = at or timezone.now()
    Notice.objects.bulk_create(
        [
            Notice(
                user=person,
                kind=kind,
                key=key,
                group=group,
                by=by,
                text=text[:MAXIMUM_NOTICE_LENGTH],
                address=address,
                told_at=at,
                mail_after=at + MAIL_DELAY,
            )
            for person in people
            if by is None or person.pk != by.pk
        ],
        ignore_conflicts=True,
    )


def take_back(*, group: StudyGroup, keys: Iterable[str]) -> None:
    """Remove what people of the group were told under `keys`: its subject is gone. One query."""
    Notice.objects.filter(group=group, key__in=list(keys)).delete()


@transaction.atomic
def mark_notice(*, user: User, public_id: str, is_read: bool, at: datetime | None = None) -> Notice:
    """Take one notice of `user` as read, or as unread again. May be repeated: the first time stays.

    Raises NotFound for one that is not theirs. Two queries, one when it was so already.
    """
    notice = user.notices.select_related("group").filter(public_id=public_id).first()
    if notice is None:
        raise NotFound
    if (notice.read_at is not None) is not is_read:
        notice.read_at = (at or timezone.now()) if is_read else None
        notice.save(update_fields=["read_at"])
    return notice


@transaction.atomic
def mark_all_read(*, user: User, up_to: str = "", at: datetime | None = None) -> int:
    """Take what is unread as read; with `up_to`, the id of a notice, nothing newer than that.

    What comes in while somebody looks at the list stays unread. May be repeated. Returns how many
    it were. Raises NotFound for an `up_to` that is not theirs.
    """
    unread = user.notices.filter(read_at=None)
    if up_to:
        newest = place_of(user=user, public_id=up_to)
        if newest is None:
            raise NotFound
        told_at, key = newest
        unread = unread.filter(Q(told_at__lt=told_at) | Q(told_at=told_at, pk__lte=key))
    return unread.update(read_at=at or timezone.now())
