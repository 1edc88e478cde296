"""The map of a role: nothing overlaps, every edge can be followed, and it stays the same."""

import re
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.layout import BOX_HEIGHT, BOX_WIDTH, Box, MapLayout, layout
from tests.factories import make_graph

ROLES = [
    "machine-learning-engineer", "data-scientist", "deep-learning-engineer", "research-scientist",
    "computer-vision-engineer", "nlp-engineer", "ml-generalist-from-scratch",
]  # fmt: skip


def points(path: str) -> list[tuple[int, int]]:
    """The corners of an edge, and where their rounding begins and ends."""
    numbers = [int(number) for number in re.findall(r"-?\d+", path)]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def is_inside(box: Box, start: tuple[int, int], end: tuple[int, int]) -> bool:
    """Whether a piece of an edge, which runs along one axis, has a point within the box."""
    return (
        max(start[0], end[0]) > box.x
        and min(start[0], end[0]) < box.x + BOX_WIDTH
        and max(start[1], end[1]) > box.y
        and min(start[1], end[1]) < box.y + BOX_HEIGHT
    )


def check(drawn: MapLayout) -> None:
    for one, other in combinations(drawn.boxes, 2):
        assert abs(one.x - other.x) >= BOX_WIDTH or abs(one.y - other.y) >= BOX_HEIGHT
    for box in drawn.boxes:
        assert 0 <= box.x <= drawn.width - BOX_WIDTH
        assert 0 <= box.y <= drawn.height - BOX_HEIGHT
    places = {box.topic.slug: box for box in drawn.boxes}
    for edge in drawn.edges:
        source, target, way = places[edge.source.slug], places[edge.target.slug], points(edge.path)
        assert way[0] == (source.x + BOX_WIDTH, source.y + BOX_HEIGHT // 2)
        assert way[-1][0] == target.x
        assert target.y < way[-1][1] < target.y + BOX_HEIGHT
        assert all(start[0] <= end[0] for start, end in pairwise(way))
        for start, end in pairwise(way):
            assert not any(is_inside(box, start, end) for box in drawn.boxes)


def test_every_role_of_the_catalog_is_named_here(catalog):
    assert set(catalog.roles) == set(ROLES)


@pytest.mark.parametrize("role", ROLES)
def test_the_map_of_a_role_is_clear(catalog, role):
    drawn = layout(catalog, catalog.roles[role].topics_mask)

    assert len(drawn.boxes) == len(catalog.roles[role].entries)
    check(drawn)
    assert layout(catalog, catalog.roles[role].topics_mask) == drawn


def test_the_map_of_the_whole_catalog_is_clear(catalog):
    drawn = layout(catalog, (1 << len(catalog.topics)) - 1)

    assert len(drawn.boxes) == len(catalog.topics)
    check(drawn)


@st.composite
def graphs(draw):
    size = draw(st.integers(1, 24))
    return make_graph(
        [
            draw(st.lists(st.integers(0, place - 1), max_size=3, unique=True)) if place else []
            for place in range(size)
        ]
    )


@given(graphs(), st.data())
def test_any_map_is_clear(graph, data):
    mask = data.draw(st.integers(1, (1 << len(graph.topics)) - 1))

    check(layout(graph, mask))
