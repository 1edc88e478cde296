"""Ways into a group: making codes, taking them back, and joining by one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from mlmath.errors import DomainError, NotFound
from tracker.actions.locking import lock_group, lock_leadership
from tracker.actions.mail import mail_invitation
from tracker.actions.members import add_member, leaders_of
from tracker.actions.notices import tell
from tracker.models import Ban, Invitation, Membership, NoticeKind, StudyGroup, User
from tracker.models.invitations import VISIBLE_PREFIX_LENGTH, digest_of_code, new_code
from tracker.summaries.invitations import is_live
from tracker.summaries.members import shown_name

DEFAULT_DAYS = 14
MAXIMUM_DAYS = 365
MAXIMUM_USES = 500
MAXIMUM_LIVE_INVITATIONS = 100
MAILS_PER_LEADER_AND_DAY = 20
_DAY = timedelta(days=1)


class TooManyInvitations(DomainError):
    code = "too_many_invitations"


class InvitationImpossible(DomainError):
    code = "invitation_impossible"


@dataclass(frozen=True, kw_only=True, slots=True)
class NewInvitation:
    """An invitation with its code, which is nowhere else and never to be had again."""

    invitation: Invitation
    code: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Joined:
    """Where somebody is in now; `is_new` says whether they were not before."""

    membership: Membership
    is_new: bool


@transaction.atomic
def create_invitation(
    *,
    user: User,
    group: StudyGroup,
    max_uses: int | None = None,
    expires_at: datetime | None = None,
    email: str = "",
    at: datetime | None = None,
) -> NewInvitation:
    """Make a code that lets people into the group.

    It is good for 14 days by default and for as many people as come by it; one for an `email` is
    mailed there and good for that person, once. Every call makes another one. Raises
    ValidationError for a bad address, InvitationImpossible for an end that is past or more than a
    year away, and TooManyInvitations beyond 100 live ones, 20 addresses a day or 2 invitations a
    day to one address.
    """
    at = at or timezone.now()
    expires_at = expires_at or at + timedelta(days=DEFAULT_DAYS)
    if not at < expires_at <= at + timedelta(days=MAXIMUM_DAYS):
        raise InvitationImpossible("An invitation ends in the future, within a year.")
    if max_uses is not None and not 1 <= max_uses <= MAXIMUM_USES:
        raise InvitationImpossible(f"An invitation is good for 1 to {MAXIMUM_USES} people.")
    locked, _ = lock_leadership(group=group, user=user)
    if locked.invitations.filter(is_live(at)).count() >= MAXIMUM_LIVE_INVITATIONS:
        raise TooManyInvitations(
            f"There are {MAXIMUM_LIVE_INVITATIONS} open invitations already. Take one back first."
        )
    if email:
        email = _fit_address(email)
        _check_mails(user=user, group=locked, at=at)
        max_uses = 1
    code = new_code()
    invitation = Invitation.objects.create(
        group=locked,
        digest=digest_of_code(code),
        prefix=code[:VISIBLE_PREFIX_LENGTH],
        email=email,
        max_uses=max_uses,
        invited_by=user,
        created_at=at,
        expires_at=expires_at,
    )
    if email and not mail_invitation(invitation=invitation, code=code, at=at):
        raise TooManyInvitations(
            "This address has had two invitations today. Try again tomorrow, or send a link."
        )
    return NewInvitation(invitation=invitation, code=code)


@transaction.atomic
def revoke_invitation(
    *, user: User, group: StudyGroup, public_id: str, at: datetime | None = None
) -> bool:
    """Take an invitation back; False when there is none of that id. Repeating keeps the time."""
    locked, _ = lock_leadership(group=group, user=user, is_archive_fine=True)
    invitation = locked.invitations.filter(public_id=public_id)
    invitation.filter(revoked_at=None).update(revoked_at=at or timezone.now())
    return invitation.exists()


@transaction.atomic
def join_group(
    *,
    user: User,
    code: str,
    shares_readiness: bool = False,
    is_seen_by_observers: bool = False,
    at: datetime | None = None,
) -> Joined:
    """Let `user` into the group of `code`, as a member; its leaders are told.

    Somebody who is in it already stays as they are, and no use of the code is spent. Raises
    NotFound for a code that is unknown, spent, revoked, expired or for another address, of an
    archived or deleted group, and for those who are banned: nobody can tell these apart. Raises
    GroupFull. Locks the group's row, so that who comes and who goes take turns.
    """
    at = at or timezone.now()
    invitation = _invitation(code)
    group = lock_group(invitation.group)
    membership = Membership.objects.filter(group=group, user=user).first()
    if membership is not None:
        return Joined(membership=membership, is_new=False)
    if not _lets_in(invitation, group, user):
        raise NotFound
    spent = Invitation.objects.filter(is_live(at), pk=invitation.pk).update(uses=F("uses") + 1)
    if not spent:
        raise NotFound
    membership = add_member(
        group=group,
        user=user,
        shares_readiness=shares_readiness,
        is_seen_by_observers=is_seen_by_observers,
        at=at,
    )
    tell(
        people=leaders_of(group),
        by=user,
        kind=NoticeKind.MEMBERSHIP,
        key=f"joined:{group.public_id}:{user.public_id}:{at:%Y%m%dT%H%M%S}",
        text=f"{shown_name(user)} has joined “{group.name}”.",
        address=f"/groups/{group.public_id}/members/",
        group=group,
        at=at,
    )
    return Joined(membership=membership, is_new=True)


def open_invitation(*, user: User, code: str, at: datetime | None = None) -> Invitation:
    """The invitation that `code` opens for `user`, with its group. Two or three queries.

    Also for those who are in the group already. Raises NotFound as `join_group` does.
    """
    at = at or timezone.now()
    invitation = _invitation(code)
    group = invitation.group
    if group.deleted_at is not None:
        raise NotFound
    if Membership.objects.filter(group=group, user=user).exists():
        return invitation
    is_open = Invitation.objects.filter(is_live(at), pk=invitation.pk).exists()
    if not is_open or not _lets_in(invitation, group, user):
        raise NotFound
    return invitation


def _invitation(code: str) -> Invitation:
    invitation = (
        Invitation.objects.select_related("group", "invited_by")
        .filter(digest=digest_of_code(code))
        .first()
    )
    if invitation is None:
        raise NotFound
    return invitation


def _lets_in(invitation: Invitation, group: StudyGroup, user: User) -> bool:
    return (
        group.archived_at is None
        and invitation.email in ("", user.email)
        and not Ban.objects.filter(group=group, user=user).exists()
    )


def _fit_address(email: str) -> str:
    email = email.strip().lower()
    try:
        validate_email(email)
        Invitation._meta.get_field("email").run_validators(email)
    except ValidationError:
        fault = ValidationError("Enter a valid e-mail address.", code="unfit_address")
        raise ValidationError({"email": fault}) from None
    return email


def _check_mails(*, user: User, group: StudyGroup, at: datetime) -> None:
    """Nobody uses us to fill other people's mailboxes."""
    lately = group.invitations.filter(created_at__gt=at - _DAY, invited_by=user).exclude(email="")
    if lately.count() >= MAILS_PER_LEADER_AND_DAY:
        raise TooManyInvitations(
            f"You have invited {MAILS_PER_LEADER_AND_DAY} people by mail today. Go on tomorrow, or "
            "send the others a link."
        )
