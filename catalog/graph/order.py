"""The order of study and what rests on what: pure functions on numbers and sets."""

import heapq
from collections.abc import Mapping, Sequence


class Cycle(ValueError):
    """Some nodes rest on each other; `path` starts and ends with the same node."""

    def __init__(self, path: list[str]) -> None:
        super().__init__(" > ".join(path))
        self.path = path


def study_order(
    needs: Mapping[str, Sequence[str]], rank: Mapping[str, tuple[int, int]]
) -> list[str]:
    """The nodes with each after all that it needs; among free ones the lowest `rank` comes first.

    Raises Cycle when that is impossible. Every node needs an entry in both mappings.
    """
    open_needs = {node: len(set(required)) for node, required in needs.items()}
    unlocks: dict[str, list[str]] = {node: [] for node in needs}
    for node, required in needs.items():
        for one in set(required):
            unlocks[one].append(node)
    free = [(rank[node], node) for node, count in open_needs.items() if count == 0]
    heapq.heapify(free)
    order: list[str] = []
    while free:
        _, node = heapq.heappop(free)
        order.append(node)
        for later in unlocks[node]:
            open_needs[later] -= 1
            if open_needs[later] == 0:
                heapq.heappush(free, (rank[later], later))
    if len(order) < len(needs):
        raise Cycle(_a_cycle(needs, set(needs) - set(order)))
    return order


def _a_cycle(needs: Mapping[str, Sequence[str]], stuck: set[str]) -> list[str]:
    """One cycle among nodes of which each needs at least one other of them."""
    walk = [min(stuck)]
    while walk[-1] not in walk[:-1]:
        walk.append(min(one for one in needs[walk[-1]] if one in stuck))
    return walk[walk.index(walk[-1]) :]


def closures(needs: Sequence[Sequence[int]]) -> list[int]:
    """For nodes numbered in study order: the set of all that each rests on, as bit masks."""
    ancestors: list[int] = []
    for direct in needs:
        mask = 0
        for index in direct:
            mask |= 1 << index | ancestors[index]
        ancestors.append(mask)
    return ancestors
