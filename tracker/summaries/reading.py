"""What to learn a topic from."""

from dataclasses import dataclass

from catalog.graph import CatalogGraph, ResourceNode, TopicNode, UnitNode
from catalog.models import Cost

_COST_RANK = {Cost.FREE: 0, Cost.MIXED: 1, Cost.PAID: 2}


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A resource and those of its units that teach a topic, in their order.

    `is_free` and `has_exercises` hold only where nobody doubts them.
    """

    resource: ResourceNode
    units: tuple[UnitNode, ...]

    @property
    def kind(self) -> str:
        return self.resource.kind.replace("-", " ")

    @property
    def is_free(self) -> bool:
        return self.resource.cost == Cost.FREE and "cost" not in self.resource.unverified_fields

    @property
    def has_exercises(self) -> bool:
        resource = self.resource
        return resource.has_exercises and "has_exercises" not in resource.unverified_fields


def readings(graph: CatalogGraph, topic: TopicNode) -> list[Reading]:
    """Free ones first, among them those with exercises, then in the order of the catalog.

    A resource of which it is not sure that its units are these comes after all that are sure.
    """
    units: dict[str, list[UnitNode]] = {}
    for unit in graph.covering[topic.index]:
        units.setdefault(unit.resource, []).append(unit)
    found = [
        Reading(resource=graph.resources[slug], units=tuple(own)) for slug, own in units.items()
    ]
    return sorted(found, key=_rank)


def _rank(reading: Reading) -> tuple[bool, int, bool]:
    resource = reading.resource
    is_doubtful = "units" in resource.unverified_fields or reading.units[0].is_unverified
    return is_doubtful, _COST_RANK[Cost(resource.cost)], not reading.has_exercises
