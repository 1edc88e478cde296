"""What each role needs, and two roles side by side."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from catalog.effort import Hours
from catalog.graph import (
    CatalogGraph,
    EstimateNode,
    RoleEntry,
    RoleNode,
    SubjectNode,
    SubjectShare,
    TopicNode,
    current_graph,
    subject_shares,
)
from catalog.views.moved import moved_or_missing


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleCard:
    role: RoleNode
    shares: tuple[SubjectShare, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleRow:
    """A topic of a role; `via` is the role that it is inherited from, if any."""

    topic: TopicNode
    entry: RoleEntry
    via: RoleNode | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleSection:
    """A subject within a role, with its topics of both requirements in study order."""

    subject: SubjectNode
    required_count: int
    recommended_count: int
    required_hours: float
    rows: tuple[RoleRow, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ComparedSubject:
    """Required topics and hours of one subject in two roles."""

    subject: SubjectNode
    a_count: int
    a_hours: float
    b_count: int
    b_hours: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ComparedTopic:
    topic: TopicNode
    a: RoleEntry
    b: RoleEntry

    @property
    def is_same(self) -> bool:
        return self.a.depth == self.b.depth and self.a.is_required == self.b.is_required


def role_cards(graph: CatalogGraph) -> list[RoleCard]:
    return [
        RoleCard(role=role, shares=subject_shares(graph, role)) for role in graph.roles.values()
    ]


@login_not_required
@require_safe
def role_list(request: HttpRequest) -> HttpResponse:
    graph = current_graph()
    groups: dict[str, list[RoleCard]] = {}
    for card in role_cards(graph):
        groups.setdefault(card.role.kind, []).append(card)
    context = {"groups": groups, "depths": graph.depths.values()}
    return TemplateResponse(request, "catalog/role_list.html", context)


@login_not_required
@require_safe
def role_detail(request: HttpRequest, slug: str) -> HttpResponse:
    graph = current_graph()
    role = graph.roles.get(slug)
    if role is None:
        return moved_or_missing(graph, "roles", slug)
    context = {
        "role": role,
        "hours": Hours.around(role.required_hours),
        "shares": subject_shares(graph, role),
        "sections": _sections(graph, role),
        "builds_on": _roles(graph, role.builds_on),
        "paths": [path for path in graph.paths.values() if path.role == role.slug],
        "estimates": _estimates(graph, role),
        "depths": graph.depths.values(),
    }
    return TemplateResponse(request, "catalog/role_detail.html", context)


@login_not_required
@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    graph = current_graph()
    slugs = {name: request.GET.get(name, "") for name in ("a", "b")}
    found = {name: _role_named(graph, slug) for name, slug in slugs.items()}
    a, b = found["a"], found["b"]
    unknown = [slug for name, slug in slugs.items() if slug and not found[name]]
    context: dict[str, object] = {
        "roles": graph.roles.values(),
        "unknown": unknown,
        "a": a,
        "b": b,
    }
    if a and b and a is not b:
        context |= _comparison(graph, a, b)
    return TemplateResponse(request, "catalog/role_compare.html", context)


def _role_named(graph: CatalogGraph, slug: str) -> RoleNode | None:
    return graph.roles.get(graph.renamed.get(f"roles/{slug}", slug))


def _roles(graph: CatalogGraph, slugs: Iterable[str]) -> list[RoleNode]:
    return [graph.roles[slug] for slug in slugs if slug in graph.roles]


def _sections(graph: CatalogGraph, role: RoleNode) -> list[RoleSection]:
    rows: dict[str, list[RoleRow]] = {slug: [] for slug in graph.subjects}
    for entry in role.entries:
        topic = graph.topics[entry.index]
        via = graph.roles.get(entry.via) if entry.via else None
        rows[topic.subject.slug].append(RoleRow(topic=topic, entry=entry, via=via))
    sections = []
    for slug, own in rows.items():
        required = [row.entry for row in own if row.entry.is_required]
        if own:
            sections.append(
                RoleSection(
                    subject=graph.subjects[slug],
                    required_count=len(required),
                    recommended_count=len(own) - len(required),
                    required_hours=sum(entry.weight for entry in required) / 100,
                    rows=tuple(own),
                )
            )
    return sections


def _estimates(graph: CatalogGraph, role: RoleNode) -> list[EstimateNode]:
    """What the articles say about the time that this role, or roles like it, take."""
    wanted = {role.slug, "applied roles"} if role.is_applied else {role.slug}
    return [estimate for estimate in graph.estimates if estimate.applies_to in wanted]


def _comparison(graph: CatalogGraph, a: RoleNode, b: RoleNode) -> dict[str, object]:
    shares_a = {share.subject.slug: share for share in subject_shares(graph, a)}
    shares_b = {share.subject.slug: share for share in subject_shares(graph, b)}
    shared = [
        ComparedTopic(topic=topic, a=a.entry_by_index[topic.index], b=b.entry_by_index[topic.index])
        for topic in graph.topics_in(a.topics_mask & b.topics_mask)
    ]
    return {
        "shares_a": shares_a.values(),
        "shares_b": shares_b.values(),
        "subjects": [
            ComparedSubject(
                subject=subject,
                a_count=shares_a[slug].count if slug in shares_a else 0,
                a_hours=shares_a[slug].hours if slug in shares_a else 0,
                b_count=shares_b[slug].count if slug in shares_b else 0,
                b_hours=shares_b[slug].hours if slug in shares_b else 0,
            )
            for slug, subject in graph.subjects.items()
            if slug in shares_a or slug in shares_b
        ],
        "only_a": _only(graph, a, b),
        "only_b": _only(graph, b, a),
        "different": [one for one in shared if not one.is_same],
        "same": [one for one in shared if one.is_same],
    }


def _only(graph: CatalogGraph, role: RoleNode, other: RoleNode) -> list[RoleRow]:
    """Topics that `role` names and `other` does not."""
    return [
        RoleRow(topic=topic, entry=role.entry_by_index[topic.index], via=None)
        for topic in graph.topics_in(role.topics_mask & ~other.topics_mask)
    ]
