"""What a page says about the change that has just been made, with the way to take it back."""

from collections.abc import Container, Sequence
from dataclasses import dataclass

from django.http import HttpRequest

from catalog.graph import CatalogGraph, UnitNode
from tracker.guests import last_change_of_guest
from tracker.models import TopicState
from tracker.models.ids import PUBLIC_ID_LENGTH
from tracker.summaries.changes import TopicChange, changes_between, changes_of_batch
from tracker.summaries.people import guest_standing
from tracker.views.visitor import READ, UNDO, Visitor

_ONE = {
    TopicState.TODO: "“{}” is to do again.",
    TopicState.LEARNING: "You are learning “{}”.",
    TopicState.DONE: "“{}” is done.",
    TopicState.SKIPPED: "“{}” is skipped.",
}
_SEVERAL = {
    TopicState.TODO: "{} topics are to do again.",
    TopicState.LEARNING: "You are learning {} topics.",
    TopicState.DONE: "{} topics are done.",
    TopicState.SKIPPED: "{} topics are skipped.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class News:
    """A sentence; with a `batch` there is something to undo, or at another address, `undo_at`."""

    sentence: str
    batch: str = ""
    undo_at: str = ""


def sentence_about(changes: Sequence[TopicChange]) -> str:
    if not changes:
        return "That was so already; nothing has changed."
    if len(changes) == 1:
        change = changes[0]
        if change.has_new_state:
            return _ONE[change.state].format(change.topic.title)
        if change.is_stuck:
            return f"You are stuck in “{change.topic.title}”."
        return f"You are no longer stuck in “{change.topic.title}”."
    states = {change.state for change in changes}
    if len(states) > 1:
        return f"{len(changes)} topics have changed."
    return _SEVERAL[states.pop()].format(len(changes))


def news_on_arrival(request: HttpRequest, visitor: Visitor) -> News | None:
    """About the change that a plain form has just made, which the address names. One query."""
    batch = _batch_named(request)
    changes = _changes_of(request, visitor, batch) if batch else []
    return News(sentence=sentence_about(changes), batch=batch) if changes else None


def sentence_about_unit(unit: UnitNode, *, is_done: bool) -> str:
    return f"{unit.label} is {'done' if is_done else 'to do again'}."


def news_about_units(request: HttpRequest, visitor: Visitor, done: Container[int]) -> News | None:
    """As `news_on_arrival`, on a page with units as well. At most one query."""
    unit = just_read(request, visitor.graph)
    if unit is None or visitor.user is None:
        return news_on_arrival(request, visitor)
    batch = _batch_named(request)
    sentence = sentence_about_unit(unit, is_done=unit.id in done)
    return News(sentence=sentence, batch=batch) if batch else None


def just_read(request: HttpRequest, graph: CatalogGraph) -> UnitNode | None:
    """The unit that a plain form has just marked, which the address names."""
    if READ not in request.GET:
        return None
    resource, _, unit = request.GET[READ].partition("/")
    return find_unit(graph, resource, unit)


def find_unit(graph: CatalogGraph, resource: str, unit: str) -> UnitNode | None:
    """By its slugs; the resource may have been renamed."""
    node = graph.resources.get(graph.renamed.get(f"resources/{resource}", resource))
    return next((one for one in node.units if one.slug == unit), None) if node else None


def _batch_named(request: HttpRequest) -> str:
    batch = request.GET.get(UNDO, "")
    is_one = len(batch) == PUBLIC_ID_LENGTH and batch.isascii() and batch.isalnum()
    return batch if is_one else ""


def _changes_of(request: HttpRequest, visitor: Visitor, batch: str) -> list[TopicChange]:
    graph = visitor.graph
    if visitor.user is not None:
        return changes_of_batch(user=visitor.user, graph=graph, batch=batch)
    last = last_change_of_guest(request, batch)
    if last is None:
        return []
    before, after = guest_standing(graph, last.before), guest_standing(graph, last.after)
    return changes_between(graph, before, after)
