"""The topics of a role as one person sees them, subject by subject, and what a filter keeps."""

from dataclasses import dataclass
from enum import StrEnum

from catalog.graph import CatalogGraph, RoleNode, SubjectNode
from tracker.models import TopicState
from tracker.summaries.standing import Standing, TopicRow, topic_row


class Show(StrEnum):
    """Which rows to show; `done` means known, so it holds the implied ones as well."""

    ALL = ""
    READY = "ready"
    TODO = "todo"
    LEARNING = "learning"
    DONE = "done"


@dataclass(frozen=True, kw_only=True, slots=True)
class RoadmapFilter:
    """ "" and the empty tuple leave everything in. `words` are folded as `catalog.search` does."""

    show: Show = Show.ALL
    subject: str = ""
    words: tuple[str, ...] = ()

    def keeps(self, row: TopicRow) -> bool:
        """By state and subject; the words are looked for in the text that the page shows."""
        if self.subject not in ("", row.subject):
            return False
        if self.show == Show.READY:
            return row.is_ready
        if self.show == Show.TODO:
            return row.state == TopicState.TODO and not row.is_implied
        if self.show == Show.LEARNING:
            return row.state == TopicState.LEARNING
        if self.show == Show.DONE:
            return row.state == TopicState.DONE or row.is_implied
        return True


@dataclass(frozen=True, kw_only=True, slots=True)
class RoadmapSection:
    """A subject within a role. Rows are in study order; the numbers are of required topics."""

    subject: SubjectNode
    rows: tuple[TopicRow, ...]
    known: int
    total: int


def roadmap_sections(
    graph: CatalogGraph, role: RoleNode, standing: Standing
) -> list[RoadmapSection]:
    """Subjects in the order of teaching; a subject of which the role asks nothing is left out."""
    rows: dict[str, list[TopicRow]] = {slug: [] for slug in graph.subjects}
    known, total = dict.fromkeys(rows, 0), dict.fromkeys(rows, 0)
    for entry in role.entries:
        topic = graph.topics[entry.index]
        slug = topic.subject.slug
        rows[slug].append(topic_row(graph, standing, topic, entry))
        if entry.is_required:
            total[slug] += 1
            known[slug] += standing.known >> entry.index & 1
    return [
        RoadmapSection(
            subject=subject, rows=tuple(rows[slug]), known=known[slug], total=total[slug]
        )
        for slug, subject in graph.subjects.items()
        if rows[slug]
    ]
