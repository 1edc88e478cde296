"""Study order and closures, on small and on random graphs."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.graph.order import Cycle, closures, study_order

RANKS = {"limits": (2, 1), "vectors": (1, 1), "matrices": (1, 2), "gradients": (2, 2)}


@st.composite
def prerequisite_lists(draw: st.DrawFn, largest: int = 12) -> list[list[int]]:
    """Needs by number; each topic needs only smaller ones, so there is no circle."""
    size = draw(st.integers(1, largest))
    return [
        draw(st.lists(st.integers(0, index - 1), unique=True, max_size=4)) if index else []
        for index in range(size)
    ]


def test_the_order_follows_prerequisites_first_and_ranks_second():
    needs = {
        "limits": [],
        "vectors": [],
        "matrices": ["vectors"],
        "gradients": ["limits", "vectors"],
    }

    assert study_order(needs, RANKS) == ["vectors", "matrices", "limits", "gradients"]


def test_a_prerequisite_outdoes_the_rank():
    needs = {"limits": [], "vectors": ["gradients"], "matrices": [], "gradients": ["limits"]}

    assert study_order(needs, RANKS) == ["matrices", "limits", "gradients", "vectors"]


def test_a_circle_is_refused_and_shown():
    needs = {
        "limits": ["gradients"],
        "vectors": [],
        "matrices": ["limits"],
        "gradients": ["matrices"],
    }

    with pytest.raises(Cycle) as refusal:
        study_order(needs, RANKS)

    path = refusal.value.path
    assert path[0] == path[-1]
    assert set(path) == {"limits", "matrices", "gradients"}
    assert all(later in needs[earlier] for earlier, later in pairwise(path))


@given(prerequisite_lists())
def test_every_node_comes_after_all_it_needs(needs):
    names = {str(index): [str(one) for one in direct] for index, direct in enumerate(needs)}
    # Ranks against the numbers, so that only the prerequisites keep the order right.
    order = study_order(names, {name: (0, -int(name)) for name in names})

    assert sorted(order) == sorted(names)
    for name, direct in names.items():
        assert all(order.index(one) < order.index(name) for one in direct)


@given(prerequisite_lists())
def test_closures_hold_exactly_what_can_be_reached(needs):
    def reached(index: int) -> set[int]:
        return set(needs[index]).union(*(reached(one) for one in needs[index]))

    for index, mask in enumerate(closures(needs)):
        assert {one for one in range(len(needs)) if mask >> one & 1} == reached(index)
