"""How the hours of a role divide among the subjects, as numbers and as parts of a bar."""

from dataclasses import dataclass

from catalog.graph.nodes import CatalogGraph, RoleNode, SubjectNode


@dataclass(frozen=True, kw_only=True, slots=True)
class SubjectShare:
    """What a role requires of one subject.

    `x` and `width` place the subject in a bar that is 100 wide; they are text, so that no locale
    writes them with a comma.
    """

    subject: SubjectNode
    count: int
    hours: float
    x: str
    width: str


def subject_shares(graph: CatalogGraph, role: RoleNode) -> tuple[SubjectShare, ...]:
    """In study order; a subject of which the role requires nothing is left out."""
    weights = dict.fromkeys(graph.subjects, 0)
    counts = dict.fromkeys(graph.subjects, 0)
    for entry in role.entries:
        if entry.is_required:
            slug = graph.topics[entry.index].subject.slug
            weights[slug] += entry.weight
            counts[slug] += 1
    total = sum(weights.values())
    shares, before = [], 0
    for slug, weight in weights.items():
        if weight:
            shares.append(
                SubjectShare(
                    subject=graph.subjects[slug],
                    count=counts[slug],
                    hours=weight / 100,
                    x=f"{100 * before / total:.2f}",
                    width=f"{100 * weight / total:.2f}",
                )
            )
            before += weight
    return tuple(shares)
