"""Calendar feeds: the secret in their addresses, and what they hold."""

from datetime import datetime

from django.core.signing import BadSignature, Signer
from django.db import router

from catalog.graph import CatalogGraph
from mlmath.errors import NotFound
from mlmath.statements import Statement
from tracker.models import Membership, StudyGroup, User
from tracker.summaries.feed_events import FeedEvent, due_dates, likely_finish, study_days
from tracker.summaries.meeting_events import meeting_events
from tracker.summaries.plan import plan_of

_signer = Signer(salt="tracker.feeds", sep=".")


def feed_token(user: User) -> str:
    """What opens the feeds of `user` and nothing else: 256 bits of signature. No query.

    Nothing secret is stored: the signature is made with the site's key, over the person's id and
    how often they have replaced their addresses.
    """
    return _signer.sign(f"{user.public_id}.{user.feed_number}")


def feed_addresses(*, user: User) -> list[tuple[str, str]]:
    """The name and the local address of each feed of `user`: theirs first, then their groups'.

    One query.
    """
    token = feed_token(user)
    groups = StudyGroup.objects.filter(memberships__user=user.pk, deleted_at=None)
    return [
        ("Everything of mine", f"/feeds/{token}/me.ics"),
        *(
            (name, f"/feeds/{token}/groups/{public_id}.ics")
            for name, public_id in groups.order_by("name", "pk").values_list("name", "public_id")
        ),
    ]


_PERSON_FIELDS = [field.attname for field in User._meta.concrete_fields]
_person = Statement(
    User,
    lambda _, public_id: User.objects.filter(public_id=public_id, is_active=True).values_list(
        *_PERSON_FIELDS
    ),
    takes_text=True,
)


def person_of_feed(token: str) -> User:
    """Whose feeds `token` opens. One query. Raises NotFound for a forged or a replaced one."""
    try:
        public_id, _, number = _signer.unsign(token).partition(".")
    except BadSignature:
        raise NotFound from None
    for fields in _person.rows(0, public_id):
        user = User.from_db(router.db_for_read(User), _PERSON_FIELDS, fields)
        if user.feed_number == int(number):
            return user
    raise NotFound


def group_of_feed(*, user: User, group_id: str) -> StudyGroup:
    """The group of a feed's address. One query. Raises NotFound for those who are not in it."""
    membership = (
        Membership.objects.select_related("group")
        .filter(user=user.pk, group__public_id=group_id, group__deleted_at=None)
        .first()
    )
    if membership is None:
        raise NotFound
    return membership.group


def person_events(*, user: User, graph: CatalogGraph, at: datetime) -> list[FeedEvent]:
    """Everything in the calendar of `user`: the groups' due dates, study days, the likely finish.

    Cancelled entries are among them. Four queries, however many groups there are; a fifth where
    they meet.
    """
    plan = plan_of(user=user, graph=graph, at=at)
    return [
        *due_dates(user, graph, at),
        *meeting_events(user, at),
        *study_days(user, plan),
        *likely_finish(user, plan),
    ]


def group_events(
    *, user: User, group: StudyGroup, graph: CatalogGraph, at: datetime
) -> list[FeedEvent]:
    """What `group` has in the calendar of `user`. Two queries; a third where it meets."""
    return [
        *due_dates(user, graph, at, group.public_id),
        *meeting_events(user, at, group.public_id),
    ]
