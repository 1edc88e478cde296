"""Groups in lists and on their cards: mine, and those that are open to everybody."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from catalog.graph import CatalogGraph, ResourceNode
from catalog.search import fold
from mlmath.errors import NotFound
from tracker.models import GroupRole, Membership, StudyGroup, User, Visibility


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupCard:
    """What is told of a group before one is in it; `role` is mine, None for those outside.

    `member_count` counts leaders and members, not observers.
    """

    group: StudyGroup
    resource: ResourceNode | None
    member_count: int
    role: GroupRole | None


def groups_seen_by(user: User) -> QuerySet[StudyGroup]:
    """The groups whose card `user` may see, those of others only if they are public and go on."""
    return _with_card(user).filter(
        ~Q(my_role=None) | Q(visibility=Visibility.PUBLIC, archived_at=None)
    )


def my_groups(
    user: User, *, words: Collection[str] = (), resources: Collection[int] = ()
) -> QuerySet[StudyGroup]:
    """The groups that `user` is in, by name, archived ones last; with `words` as below."""
    found = _with_card(user).exclude(Q(my_role=None)).filter(_has(words, resources))
    return found.order_by(F("archived_at").asc(nulls_first=True), "name", "pk")


def public_groups(
    user: User, *, words: Collection[str] = (), resources: Collection[int] = ()
) -> QuerySet[StudyGroup]:
    """The directory: public groups that go on, the newest first.

    Each of `words` has to be in the name or the text, unless the group reads one of `resources`.
    """
    found = _with_card(user).filter(visibility=Visibility.PUBLIC, archived_at=None)
    return found.filter(_has(words, resources)).order_by("-created_at", "-pk")


def group_card(*, user: User, group_id: str, graph: CatalogGraph) -> GroupCard:
    """The card of the group with that public id. One query.

    Raises NotFound for those outside unless the group is public and goes on.
    """
    group = groups_seen_by(user).filter(public_id=group_id).first()
    if group is None:
        raise NotFound
    return card_of(group, graph)


def resources_with(graph: CatalogGraph, words: Collection[str]) -> list[int]:
    """The ids of the resources whose title has every one of `words`; none without words."""
    folded = [fold(word) for word in words]
    return [
        resource.id
        for resource in graph.resources.values()
        if words and all(word in fold(resource.title) for word in folded)
    ]


def card_of(group: StudyGroup, graph: CatalogGraph) -> GroupCard:
    """The card of a row from one of the lists above."""
    return GroupCard(
        group=group,
        resource=graph.resource_by_id.get(group.resource_id) if group.resource_id else None,
        member_count=group.member_count,  # type: ignore[attr-defined]  # annotated
        role=GroupRole(group.my_role) if group.my_role else None,  # type: ignore[attr-defined]
    )


def _with_card(user: User) -> QuerySet[StudyGroup]:
    inside = (
        Membership.objects.filter(group=OuterRef("pk"))
        .exclude(role=GroupRole.OBSERVER)
        .order_by()
        .values("group")
        .annotate(number=Count("pk"))
        .values("number")
    )
    mine = Membership.objects.filter(group=OuterRef("pk"), user=user.pk).values("role")
    return StudyGroup.objects.filter(deleted_at=None).annotate(
        member_count=Coalesce(Subquery(inside), 0), my_role=Subquery(mine)
    )


def _has(words: Collection[str], resources: Collection[int]) -> Q:
    if not words:
        return Q()
    every = Q()
    for word in words:
        every &= Q(name__icontains=word) | Q(about__icontains=word)
    return every | Q(resource__in=resources)
