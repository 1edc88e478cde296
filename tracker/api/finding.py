"""Which topic or unit a slug means: in an address, where an unknown one is a 404, and in a body."""

from django.http import Http404

from catalog.graph import CatalogGraph, TopicNode, UnitNode
from mlmath.rest.problems import FieldError, Problem, invalid
from tracker.actions.progress import TopicRetired, find_topics


def topic_at(graph: CatalogGraph, slug: str) -> TopicNode:
    """The topic of an address, by an old slug too, after a split the first of its parts.

    Raises Http404, and TopicRetired for one that is no longer taught.
    """
    topics = find_topics(graph, slug)
    if not topics:
        raise Http404
    return topics[0]


def unit_at(graph: CatalogGraph, resource: str, unit: str) -> UnitNode:
    """The unit of an address, by an old slug of the resource too. Raises Http404."""
    node = _unit(graph, resource, unit)
    if node is None:
        raise Http404
    return node


def named_topic(graph: CatalogGraph, slug: str | None) -> TopicNode | None:
    """What “topic” in a body means; raises a 400 for a topic that is not there."""
    if slug is None:
        return None
    try:
        topics = find_topics(graph, slug)
    except TopicRetired as error:
        raise _refusal("topic", error.code, str(error)) from None
    if not topics:
        raise _refusal("topic", "unknown_topic", f"There is no topic “{slug}”.")
    return topics[0]


def named_unit(graph: CatalogGraph, name: str | None) -> UnitNode | None:
    """What “unit” in a body means: "resource/unit"; raises a 400 for a unit that is not there."""
    if name is None:
        return None
    resource, _, unit = name.partition("/")
    node = _unit(graph, resource, unit)
    if node is None:
        detail = f"There is no unit “{name}”. Name it as “resource/unit”."
        raise _refusal("unit", "unknown_unit", detail)
    return node


def _unit(graph: CatalogGraph, resource: str, unit: str) -> UnitNode | None:
    node = graph.resources.get(graph.renamed.get(f"resources/{resource}", resource))
    return next((one for one in node.units if one.slug == unit), None) if node else None


def _refusal(name: str, code: str, detail: str) -> Problem:
    return invalid([FieldError(pointer=f"/{name}", code=code, detail=detail)])
