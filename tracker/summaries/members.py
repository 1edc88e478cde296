"""Who is in a group, and what each of them may see."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import router
from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from catalog.graph import CatalogGraph, ResourceNode, RoleNode, TopicNode
from mlmath.errors import NotFound, PermissionDenied
from mlmath.statements import Statement
from tracker.models import GroupRole, Membership, Question, Reader, StudyGroup, User
from tracker.summaries.people import person_states, role_of
from tracker.summaries.standing import RoleProgress, role_progress


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupHead:
    """What stands above every page of a group: the group, what it reads, and my place in it.

    `resource` is None where the group reads nothing in particular, or nothing that is still in the
    catalog. `member_count` counts leaders and members, not observers, `unread_count` the questions
    with something new for me.
    """

    group: StudyGroup
    membership: Membership
    resource: ResourceNode | None
    member_count: int
    unread_count: int

    @property
    def leads(self) -> bool:
        return self.membership.leads

    @property
    def observes(self) -> bool:
        return self.membership.observes

    @property
    def sees_lateness(self) -> bool:
        """Whether other people's lateness and last activity are shown to them."""
        return self.leads or self.observes or self.group.is_open

    @property
    def may_change(self) -> bool:
        """Whether they can do anything here besides reading and leaving."""
        return not self.observes and self.group.archived_at is None

    @property
    def may_lead(self) -> bool:
        return self.leads and self.group.archived_at is None


def _head_of(user_id: int, group_id: str) -> QuerySet[Membership, tuple[Any, ...]]:
    inside = (
        Membership.objects.filter(group=OuterRef("group"))
        .exclude(role="observer")
        .order_by()
        .values("group")
        .annotate(number=Count("pk"))
        .values("number")
    )
    has_read = Reader.objects.filter(
        question=OuterRef("pk"),
        user=OuterRef(OuterRef("user")),
        read_at__gte=OuterRef("last_post_at"),
    )
    unread = (
        Question.objects.filter(
            ~Exists(has_read),
            group=OuterRef("group"),
            deleted_at=None,
            last_post_at__gt=OuterRef("joined_at"),
        )
        .order_by()
        .values("group")
        .annotate(number=Count("pk"))
        .values("number")
    )
    return Membership.objects.filter(
        group__public_id=group_id, group__deleted_at=None, user=user_id
    ).values_list(
        Coalesce(Subquery(inside), 0),
        Coalesce(Subquery(unread), 0),
        *_MEMBERSHIP_FIELDS,
        *(f"group__{name}" for name in _GROUP_FIELDS),
    )


_MEMBERSHIP_FIELDS = [field.attname for field in Membership._meta.concrete_fields]
_GROUP_FIELDS = [field.attname for field in StudyGroup._meta.concrete_fields]
_head = Statement(Membership, _head_of, takes_text=True)


def group_head(*, user: User, group_id: str, graph: CatalogGraph) -> GroupHead:
    """The group with that public id as `user` sees it. One query, written once per process.

    Raises NotFound for those who are not in it, be it private, public or deleted.
    """
    for member_count, unread_count, *fields in _head.rows(user.pk, group_id):
        alias = router.db_for_read(Membership)
        cut = len(_MEMBERSHIP_FIELDS)
        membership = Membership.from_db(alias, _MEMBERSHIP_FIELDS, fields[:cut])
        group = StudyGroup.from_db(alias, _GROUP_FIELDS, fields[cut:])
        membership.group = group
        return GroupHead(
            group=group,
            membership=membership,
            resource=graph.resource_by_id.get(group.resource_id) if group.resource_id else None,
            member_count=member_count,
            unread_count=unread_count,
        )
    raise NotFound


def shown_name(user: User | None) -> str:
    """What others in the group call `user`: never the e-mail address. None: they have deleted
    their account."""
    return "Deleted member" if user is None else name_shown(user.name)


def name_shown(name: str) -> str:
    """The same from the name alone, where the rest of the person is not read."""
    return name.strip() or "Somebody without a name"


@dataclass(frozen=True, kw_only=True, slots=True)
class MemberRow:
    """One of those in a group, as somebody in it sees them; None for what is not theirs to see.

    Everybody sees who is in the group and as what. `joined_at` and `last_active_on` are for leaders
    and observers, and in an open group for all; what somebody shares is for themselves, leaders and
    observers. `last_active_on` is also None before they have done anything.
    """

    user: User
    name: str
    role: GroupRole
    is_me: bool
    joined_at: datetime | None
    last_active_on: date | None
    shares_readiness: bool | None
    is_seen_by_observers: bool | None


@dataclass(frozen=True, kw_only=True, slots=True)
class MemberReadiness:
    """How far somebody is who shares it: for their role, None without one, and where they are
    stuck."""

    user: User
    name: str
    role: RoleNode | None
    progress: RoleProgress | None
    stuck: tuple[TopicNode, ...]


def seen_memberships(head: GroupHead) -> QuerySet[Membership]:
    """Those in the group whom the reader sees, with their people: leaders first, then by name.

    Observers see leaders, each other and the members who have consented.
    """
    seen = Membership.objects.filter(group=head.group.pk).select_related("user")
    if head.observes:
        seen = seen.filter(~Q(role=GroupRole.MEMBER) | Q(is_seen_by_observers=True))
    rank = Case(
        *(When(role=role, then=Value(place)) for place, role in enumerate(GroupRole.values))
    )
    return seen.order_by(rank, "user__name", "pk")


def member_row(head: GroupHead, membership: Membership) -> MemberRow:
    is_me = membership.pk == head.membership.pk
    sees_activity = is_me or head.sees_lateness
    sees_sharing = is_me or head.leads or head.observes
    return MemberRow(
        user=membership.user,
        name=shown_name(membership.user),
        role=GroupRole(membership.role),
        is_me=is_me,
        joined_at=membership.joined_at if sees_activity else None,
        last_active_on=membership.last_active_on if sees_activity else None,
        shares_readiness=membership.shares_readiness if sees_sharing else None,
        is_seen_by_observers=membership.is_seen_by_observers if sees_sharing else None,
    )


def member_at(head: GroupHead, public_id: str) -> Membership:
    """Whom of the group the reader sees by that id; raises NotFound. One query."""
    membership = seen_memberships(head).filter(user__public_id=public_id).first()
    if membership is None:
        raise NotFound
    return membership


def member_readiness(head: GroupHead, public_id: str, graph: CatalogGraph) -> MemberReadiness:
    """How far somebody in the group is, for its leaders and observers. Two queries.

    Raises NotFound unless they share it with this group, and PermissionDenied for members.
    """
    membership = member_at(head, public_id)
    if not membership.shares_readiness:
        raise NotFound
    if not (head.leads or head.observes or membership.pk == head.membership.pk):
        raise PermissionDenied("Only leaders and observers of the group can see that.")
    user = membership.user
    states, role = person_states(user=user, graph=graph), role_of(user, graph)
    return MemberReadiness(
        user=user,
        name=shown_name(user),
        role=role,
        progress=role_progress(role, states.standing(graph)) if role else None,
        stuck=tuple(
            graph.topics[index] for index, row in sorted(states.current.items()) if row.is_stuck
        ),
    )
