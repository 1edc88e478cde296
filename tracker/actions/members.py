"""Who is in a group and what they may do there: joining, leaving, roles, sharing, asking."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from mlmath.errors import DomainError, NotFound, PermissionDenied
from tracker.actions.acts import record_act
from tracker.actions.locking import lock_group, lock_leadership, lock_membership, lock_person
from tracker.actions.notices import tell
from tracker.models import (
    ActKind,
    Ban,
    GroupRole,
    JoinRequest,
    Membership,
    NoticeKind,
    StudyGroup,
    User,
    Visibility,
)
from tracker.summaries.members import shown_name

MAXIMUM_PEOPLE = 500
MAXIMUM_OPEN_REQUESTS = 20
DECLINED_FOR = timedelta(days=30)


class LastLeader(DomainError):
    code = "last_leader"


class GroupFull(DomainError):
    code = "group_full"


class AlreadyMember(DomainError):
    code = "already_member"


class MayNotAsk(DomainError):
    code = "may_not_ask"


@transaction.atomic
def change_role(
    *,
    user: User,
    group: StudyGroup,
    member: User,
    role: GroupRole,
    at: datetime | None = None,
) -> Membership:
    """Let the leader `user` make `member` a leader, member or observer; they are told.

    May be repeated. Raises NotFound for somebody who is not in the group and LastLeader when nobody
    would lead it. Leaders take turns.
    """
    locked, _ = lock_leadership(group=group, user=user)
    membership = _membership(locked, member)
    if membership.role == role:
        return membership
    if membership.leads:
        _keep_a_leader(
            locked, but=membership, advice="Make somebody else a leader first, and step back then."
        )
    membership.role = role
    membership.save(update_fields=["role"])
    record_act(
        group=locked, by=user, members=[member], kind=ActKind.ROLE, about=_ROLES[role], at=at
    )
    _tell_member(
        membership,
        by=user,
        what=f"role-{role.value}",
        text=f"You are now {_ROLES[role]} of “{locked.name}”.",
        at=at,
    )
    return membership


@transaction.atomic
def hand_over(*, user: User, group: StudyGroup, member: User, at: datetime | None = None) -> None:
    """Make `member` a leader and `user` a member in one step. Raises as `change_role` does."""
    if member.pk != user.pk:
        change_role(user=user, group=group, member=member, role=GroupRole.LEADER, at=at)
        change_role(user=user, group=group, member=user, role=GroupRole.MEMBER, at=at)


@transaction.atomic
def leave_group(*, user: User, group: StudyGroup) -> bool:
    """Let `user` leave, also an archived group; False when they are not in it, as on repeating.

    What they did stays in the group's history and theirs. Raises LastLeader for the only leader.
    """
    locked = lock_group(group)
    membership = Membership.objects.filter(group=locked, user=user).first()
    if membership is None:
        return False
    if membership.leads:
        is_alone = not locked.memberships.exclude(pk=membership.pk).exists()
        _keep_a_leader(
            locked,
            but=membership,
            advice="Nobody else is in it: delete the group instead."
            if is_alone
            else "Make somebody else a leader first, or delete the group.",
        )
    membership.delete()
    return True


@transaction.atomic
def remove_member(
    *,
    user: User,
    group: StudyGroup,
    member: User,
    bans: bool = False,
    at: datetime | None = None,
) -> bool:
    """Let the leader `user` remove `member`, who is told; with `bans` they do not come back.

    False when they are not in it, as on repeating. Whoever removes themselves leaves.
    """
    if member.pk == user.pk:
        return leave_group(user=user, group=group)
    at = at or timezone.now()
    locked, _ = lock_leadership(group=group, user=user, is_archive_fine=True)
    membership = Membership.objects.filter(group=locked, user=member).first()
    if membership is None:
        return False
    membership.delete()
    if bans:
        Ban.objects.get_or_create(group=locked, user=member, defaults={"banned_at": at})
    kind = ActKind.BANNED if bans else ActKind.REMOVED
    record_act(group=locked, by=user, members=[member], kind=kind, at=at)
    _tell_member(
        membership,
        by=user,
        what="removed",
        text=f"You are no longer in “{locked.name}”.",
        address="/groups/",
        at=at,
    )
    return True


@transaction.atomic
def unban(*, user: User, group: StudyGroup, person: User) -> bool:
    """Let `person` join again; False when they are not banned, as on repeating."""
    locked, _ = lock_leadership(group=group, user=user, is_archive_fine=True)
    count, _ = Ban.objects.filter(group=locked, user=person).delete()
    if count:
        record_act(group=locked, by=user, members=[person], kind=ActKind.UNBANNED)
    return bool(count)


@transaction.atomic
def choose_sharing(
    *,
    user: User,
    group: StudyGroup,
    shares_readiness: bool | None = None,
    is_seen_by_observers: bool | None = None,
) -> Membership:
    """Set what `user` shows to this group; None leaves it. May be repeated, and in archived groups.

    Raises PermissionDenied for observers, who have nothing to share.
    """
    membership = lock_membership(group=group, user=user, reads_only=True)
    if membership.observes:
        raise PermissionDenied("Observers look on: there is nothing that they could share.")
    if shares_readiness is not None:
        membership.shares_readiness = shares_readiness
    if is_seen_by_observers is not None:
        membership.is_seen_by_observers = is_seen_by_observers
    membership.save(update_fields=["shares_readiness", "is_seen_by_observers"])
    return membership


@transaction.atomic
def ask_to_join(
    *, user: User, group: StudyGroup, message: str = "", at: datetime | None = None
) -> JoinRequest:
    """Ask the leaders of a public group to let `user` in; they are told.

    Asking again replaces the message. Raises NotFound for a group that is not public or over,
    AlreadyMember, and MayNotAsk for somebody who is banned, was declined in the last 30 days or
    waits for 20 other answers.
    """
    at = at or timezone.now()
    locked = lock_group(group)
    if locked.visibility != Visibility.PUBLIC or locked.archived_at is not None:
        raise NotFound
    if locked.memberships.filter(user=user).exists():
        raise AlreadyMember("You are in this group already.")
    if Ban.objects.filter(group=locked, user=user).exists():
        raise MayNotAsk("This group does not take a request from you.")
    lock_person(user)
    request = JoinRequest.objects.filter(group=locked, user=user).first()
    if request and request.declined_at and request.declined_at + DECLINED_FOR > at:
        day = (request.declined_at + DECLINED_FOR).date()
        raise MayNotAsk(f"The leaders have declined. You can ask again after {day:%-d %B %Y}.")
    others = user.join_requests.filter(declined_at=None).exclude(group=locked)
    if others.count() >= MAXIMUM_OPEN_REQUESTS:
        raise MayNotAsk(
            f"You wait for {MAXIMUM_OPEN_REQUESTS} groups already. Take a request back first."
        )
    wanted = JoinRequest(group=locked, user=user, message=message.strip(), asked_at=at)
    wanted.clean_fields()
    request, _ = JoinRequest.objects.update_or_create(
        group=locked,
        user=user,
        defaults={"message": wanted.message, "asked_at": at, "declined_at": None},
    )
    tell(
        people=leaders_of(locked),
        by=user,
        kind=NoticeKind.MEMBERSHIP,
        key=f"request:{locked.public_id}:{user.public_id}:{at.date()}",
        text=f"{shown_name(user)} asks to join “{locked.name}”.",
        address=f"/groups/{locked.public_id}/members/",
        group=locked,
        at=at,
    )
    return request


@transaction.atomic
def withdraw_request(*, user: User, group: StudyGroup) -> bool:
    """Take a request back that nobody has answered; False when there is none, as on repeating."""
    lock_group(group)
    count, _ = JoinRequest.objects.filter(group=group, user=user, declined_at=None).delete()
    return bool(count)


@transaction.atomic
def answer_request(
    *,
    user: User,
    group: StudyGroup,
    person: User,
    is_accepted: bool,
    at: datetime | None = None,
) -> bool:
    """Let the leader `user` take `person` in or not; who is taken in is told.

    False when they do not ask (any more), as on repeating. Raises GroupFull.
    """
    at = at or timezone.now()
    locked, _ = lock_leadership(group=group, user=user)
    request = JoinRequest.objects.filter(group=locked, user=person, declined_at=None).first()
    if request is None:
        return False
    if not is_accepted:
        request.declined_at = at
        request.save(update_fields=["declined_at"])
        record_act(group=locked, by=user, members=[person], kind=ActKind.DECLINED, at=at)
        return True
    request.delete()
    record_act(group=locked, by=user, members=[person], kind=ActKind.ACCEPTED, at=at)
    membership = add_member(group=locked, user=person, at=at)
    _tell_member(
        membership, by=user, what="accepted", text=f"You are now in “{locked.name}”.", at=at
    )
    return True


def add_member(
    *,
    group: StudyGroup,
    user: User,
    shares_readiness: bool = False,
    is_seen_by_observers: bool = False,
    at: datetime,
) -> Membership:
    """Make `user` a member of a group whose row is locked. Raises GroupFull."""
    if group.memberships.count() >= MAXIMUM_PEOPLE:
        raise GroupFull(
            f"This group has {MAXIMUM_PEOPLE} people, which is as many as it can. "
            "Ask its leaders for another one."
        )
    JoinRequest.objects.filter(group=group, user=user).delete()
    return Membership.objects.create(
        group=group,
        user=user,
        role=GroupRole.MEMBER,
        shares_readiness=shares_readiness,
        is_seen_by_observers=is_seen_by_observers,
        joined_at=at,
    )


def leaders_of(group: StudyGroup) -> list[User]:
    rows = group.memberships.filter(role=GroupRole.LEADER).select_related("user")
    return [membership.user for membership in rows]


_ROLES = {
    GroupRole.LEADER: "a leader",
    GroupRole.MEMBER: "a member",
    GroupRole.OBSERVER: "an observer",
}


def _membership(group: StudyGroup, member: User) -> Membership:
    membership = Membership.objects.select_related("user").filter(group=group, user=member).first()
    if membership is None:
        raise NotFound
    return membership


def _keep_a_leader(group: StudyGroup, *, but: Membership, advice: str) -> None:
    """Raises LastLeader unless somebody else leads the group, whose row is locked."""
    if not group.memberships.filter(role=GroupRole.LEADER).exclude(pk=but.pk).exists():
        raise LastLeader(f"“{group.name}” needs a leader, and nobody else is one. {advice}")


def _tell_member(
    membership: Membership,
    *,
    by: User,
    what: str,
    text: str,
    address: str = "",
    at: datetime | None,
) -> None:
    at, group = at or timezone.now(), membership.group
    tell(
        people=[membership.user],
        by=by,
        kind=NoticeKind.MEMBERSHIP,
        # To the second: somebody may be made a leader twice in a year.
        key=f"{what}:{group.public_id}:{at:%Y%m%dT%H%M%S}",
        text=text,
        address=address or f"/groups/{group.public_id}/",
        group=group,
        at=at,
    )
