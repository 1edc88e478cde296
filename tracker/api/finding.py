"""What a slug or id means: in an address, where an unknown one is a 404, and in a body."""

from collections.abc import Mapping

from django.http import Http404

from catalog.graph import CatalogGraph, ResourceNode, TopicNode, UnitNode, current_graph
from mlmath.rest.problems import FieldError, Problem, invalid
from tracker.actions.progress import TopicRetired, find_topics
from tracker.models import User
from tracker.summaries.assignments import assignment_at
from tracker.summaries.groups import group_card
from tracker.summaries.members import group_head


def sees_group(user: User, address: Mapping[str, str]) -> object:
    """For Operation.sees: raises NotFound for those outside of the group of the address."""
    return group_head(user=user, group_id=address["id"], graph=current_graph())


def sees_card(user: User, address: Mapping[str, str]) -> object:
    """For Operation.sees: the same, but that everybody may know of a public group."""
    return group_card(user=user, group_id=address["id"], graph=current_graph())


def sees_assignment(user: User, address: Mapping[str, str]) -> object:
    """For Operation.sees: raises NotFound for an assignment that they do not see."""
    head = group_head(user=user, group_id=address["id"], graph=current_graph())
    return assignment_at(head, address["assignment"])


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
    node = find_unit(graph, name)
    if node is None:
        detail = f"There is no unit “{name}”. Name it as “resource/unit”."
        raise _refusal("unit", "unknown_unit", detail)
    return node


def unit_in(resource: ResourceNode, slug: str, *, pointer: str = "/unit") -> UnitNode:
    """What a slug in a body means within `resource`; raises a 400 for a unit of another one."""
    unit = next((one for one in resource.units if one.slug == slug), None)
    if unit is None:
        detail = f"“{resource.title}” has no unit “{slug}”."
        raise invalid([FieldError(pointer=pointer, code="unknown_unit", detail=detail)])
    return unit


def named_resource(graph: CatalogGraph, slug: str | None) -> ResourceNode | None:
    """What “resource” in a body means; raises a 400 for a resource that is not there."""
    if slug is None:
        return None
    node = graph.resources.get(graph.renamed.get(f"resources/{slug}", slug))
    if node is None:
        raise _refusal("resource", "unknown_resource", f"There is no resource “{slug}”.")
    return node


def find_unit(graph: CatalogGraph, name: str) -> UnitNode | None:
    """The unit that is called "resource/unit", by an old slug of the resource too, or None."""
    resource, _, unit = name.partition("/")
    return _unit(graph, resource, unit)


def _unit(graph: CatalogGraph, resource: str, unit: str) -> UnitNode | None:
    node = graph.resources.get(graph.renamed.get(f"resources/{resource}", resource))
    return next((one for one in node.units if one.slug == unit), None) if node else None


def _refusal(name: str, code: str, detail: str) -> Problem:
    return invalid([FieldError(pointer=f"/{name}", code=code, detail=detail)])
