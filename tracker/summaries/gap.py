"""How far somebody is from any role."""

from dataclasses import dataclass

from catalog.graph import CatalogGraph, RoleNode, SubjectNode, TopicNode
from tracker.summaries.standing import Readiness, Standing, readiness, weight_of


@dataclass(frozen=True, kw_only=True, slots=True)
class SubjectGap:
    subject: SubjectNode
    missing: tuple[TopicNode, ...]
    hours: float


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleGap:
    """Required topics that are neither known nor skipped; hours are likely ones.

    `subjects` without a gap are left out; `can_start` are the missing topics that are ready.
    """

    role: RoleNode
    readiness: Readiness
    missing: int
    hours: float
    subjects: tuple[SubjectGap, ...]
    can_start: tuple[TopicNode, ...]


def role_gap(graph: CatalogGraph, role: RoleNode, standing: Standing) -> RoleGap:
    missing = role.required_mask & ~(standing.known | standing.skipped)
    by_subject: dict[str, int] = {}
    for topic in graph.topics_in(missing):
        by_subject[topic.subject.slug] = by_subject.get(topic.subject.slug, 0) | 1 << topic.index
    return RoleGap(
        role=role,
        readiness=readiness(role, standing),
        missing=missing.bit_count(),
        hours=weight_of(role, missing) / 100,
        subjects=tuple(
            SubjectGap(
                subject=subject,
                missing=tuple(graph.topics_in(by_subject[slug])),
                hours=weight_of(role, by_subject[slug]) / 100,
            )
            for slug, subject in graph.subjects.items()
            if slug in by_subject
        ),
        can_start=tuple(graph.topics_in(missing & standing.ready)),
    )
