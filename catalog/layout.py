"""Where things stand on the map of a role: pure geometry, stable from day to day.

Subjects are lanes, from top to bottom; columns are topological, so every edge runs to the right.
Edges never touch a box: they run in the gutters between columns and in the channels between rows,
each topic's edges on tracks of their own, so that an edge can be followed with a finger.
"""

from collections import defaultdict
from dataclasses import dataclass
from statistics import fmean

from catalog.graph import CatalogGraph, SubjectNode, TopicNode

BOX_WIDTH, BOX_HEIGHT = 184, 54
ROW_GAP = 14
LANE_HEAD, LANE_FOOT = 34, 12
MARGIN = 18
TRACK = 5
CORNER = 4
CHARACTERS_PER_LINE = 22
_SWEEPS = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """A topic's place; `lines` is its title, broken to fit."""

    topic: TopicNode
    x: int
    y: int
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Edge:
    """From a prerequisite to what rests on it; `path` is the d of an SVG path."""

    source: TopicNode
    target: TopicNode
    path: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Lane:
    subject: SubjectNode
    y: int
    height: int


@dataclass(frozen=True, kw_only=True, slots=True)
class MapLayout:
    """Boxes in study order; sizes in SVG user units."""

    width: int
    height: int
    lanes: tuple[Lane, ...]
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]


def layout(graph: CatalogGraph, topics: int) -> MapLayout:
    """The map of a set of topics, given as a mask. Depends on the catalog alone, not on people."""
    nodes = list(graph.topics_in(topics))
    edges = reduced_edges(graph, topics)
    columns = _columns(nodes, edges)
    lanes = [s for s in graph.subjects.values() if any(n.subject.slug == s.slug for n in nodes)]
    rows = _rows(nodes, edges, columns, lanes)
    return _Drawing(nodes, edges, columns, lanes, rows).finish()


def reduced_edges(graph: CatalogGraph, topics: int) -> list[tuple[int, int]]:
    """Prerequisite → topic within a set, without what other edges already imply."""
    edges = []
    for topic in graph.topics_in(topics):
        needs = [need.index for need in topic.needs if topics >> need.index & 1]
        implied = 0
        for index in needs:
            implied |= graph.topics[index].ancestors_mask
        edges += [(index, topic.index) for index in needs if not implied >> index & 1]
    return edges


def _columns(nodes: list[TopicNode], edges: list[tuple[int, int]]) -> dict[int, int]:
    """One column after the last prerequisite."""
    needs = defaultdict(list)
    for source, target in edges:
        needs[target].append(source)
    columns: dict[int, int] = {}
    for node in nodes:
        columns[node.index] = max((columns[one] + 1 for one in needs[node.index]), default=0)
    return columns


def _rows(
    nodes: list[TopicNode],
    edges: list[tuple[int, int]],
    columns: dict[int, int],
    lanes: list[SubjectNode],
) -> dict[int, int]:
    """A row for each topic, counted over all lanes; boxes near what they hang together with.

    A few sweeps of the barycentre method; ties keep study order, so the result never wavers.
    """
    lane_of = {subject.slug: place for place, subject in enumerate(lanes)}
    near = defaultdict(list)
    for source, target in edges:
        near[source].append(target)
        near[target].append(source)
    cells = defaultdict(list)
    for node in nodes:
        cells[lane_of[node.subject.slug], columns[node.index]].append(node.index)
    heights = [
        max((len(found) for (lane, _), found in cells.items() if lane == place), default=1)
        for place in range(len(lanes))
    ]
    tops = [sum(heights[:place]) for place in range(len(lanes))]
    rows: dict[int, int] = {}
    for (lane, _), found in cells.items():
        for place, index in enumerate(found):
            rows[index] = tops[lane] + place
    for _ in range(_SWEEPS):
        for (lane, _), found in sorted(cells.items(), key=lambda cell: cell[0][1]):
            wish = {
                index: fmean([rows[one] for one in near[index]]) if near[index] else rows[index]
                for index in found
            }
            found.sort(key=lambda index: (wish[index], index))
            _place(found, wish, tops[lane], heights[lane], rows)
    return rows


def _place(
    found: list[int], wish: dict[int, float], top: int, height: int, rows: dict[int, int]
) -> None:
    """Put a cell's boxes, in their order, as near to the rows they wish as there is room."""
    for place, index in enumerate(found):
        lowest_free = rows[found[place - 1]] + 1 if place else top
        highest = top + height - (len(found) - place)
        rows[index] = min(max(round(wish[index]), lowest_free), highest)


class _Drawing:
    """Gives rows, columns and tracks their coordinates."""

    def __init__(
        self,
        nodes: list[TopicNode],
        edges: list[tuple[int, int]],
        columns: dict[int, int],
        lanes: list[SubjectNode],
        rows: dict[int, int],
    ) -> None:
        self.nodes = {node.index: node for node in nodes}
        self.edges, self.columns, self.lanes, self.rows = edges, columns, lanes, rows
        # A track belongs to the source of its edges: they leave it one by one.
        self.gutter_tracks: dict[int, list[int]] = defaultdict(list)
        self.channel_tracks: dict[int, list[int]] = defaultdict(list)
        for source, target in edges:
            self._take_tracks(source, target)
        self.x_of_column = self._column_positions()
        self.y_of_row, self.lane_boxes = self._row_positions()

    def _take_tracks(self, source: int, target: int) -> None:
        first, last = self.columns[source], self.columns[target] - 1
        self._take(self.gutter_tracks[first], source)
        if last > first:
            self._take(self.channel_tracks[self._channel(source, target)], source)
            self._take(self.gutter_tracks[last], source)

    @staticmethod
    def _take(tracks: list[int], source: int) -> None:
        if source not in tracks:
            tracks.append(source)

    def _channel(self, source: int, target: int) -> int:
        """The channel in which a long edge runs: above its target, or below when it comes up.

        Channel n lies above row n.
        """
        row = self.rows[target]
        return row if self.rows[source] < row else row + 1

    def _column_positions(self) -> list[int]:
        count = max(self.columns.values(), default=0) + 1
        positions, x = [], MARGIN
        for column in range(count):
            positions.append(x)
            x += BOX_WIDTH + self._gutter_width(column)
        return positions

    def _gutter_width(self, column: int) -> int:
        return 2 * MARGIN + TRACK * max(len(self.gutter_tracks[column]) - 1, 0)

    def _channel_height(self, row: int) -> int:
        return ROW_GAP + TRACK * max(len(self.channel_tracks[row]) - 1, 0)

    def _row_positions(self) -> tuple[dict[int, int], list[Lane]]:
        positions: dict[int, int] = {}
        lanes = []
        y = 0
        for subject in self.lanes:
            own = sorted(
                {self.rows[n.index] for n in self.nodes.values() if n.subject.slug == subject.slug}
            )
            top = y
            y += LANE_HEAD
            for row in range(own[0], own[-1] + 1):
                y += self._channel_height(row)
                positions[row] = y
                y += BOX_HEIGHT
            y += self._channel_height(own[-1] + 1) + LANE_FOOT
            lanes.append(Lane(subject=subject, y=top, height=y - top))
        return positions, lanes

    def finish(self) -> MapLayout:
        width = self.x_of_column[-1] + BOX_WIDTH + MARGIN
        return MapLayout(
            width=width,
            height=self.lane_boxes[-1].y + self.lane_boxes[-1].height if self.lane_boxes else 0,
            lanes=tuple(self.lane_boxes),
            boxes=tuple(
                Box(
                    topic=node,
                    x=self.x_of_column[self.columns[index]],
                    y=self.y_of_row[self.rows[index]],
                    lines=tuple(broken(node.title)),
                )
                for index, node in self.nodes.items()
            ),
            edges=tuple(self._edge(source, target) for source, target in self.edges),
        )

    def _edge(self, source: int, target: int) -> Edge:
        first, last = self.columns[source], self.columns[target] - 1
        start_x = self.x_of_column[first] + BOX_WIDTH
        start_y = self.y_of_row[self.rows[source]] + BOX_HEIGHT // 2
        end_x, end_y = self.x_of_column[last + 1], self._entry_y(source, target)
        points = [(start_x, start_y), (self._gutter_x(first, source), start_y)]
        if last > first:
            y = self._channel_y(self._channel(source, target), source)
            points += [(points[-1][0], y), (self._gutter_x(last, source), y)]
        points += [(points[-1][0], end_y), (end_x, end_y)]
        return Edge(
            source=self.nodes[source], target=self.nodes[target], path=_rounded_path(points)
        )

    def _gutter_x(self, column: int, source: int) -> int:
        track = self._in_order(self.gutter_tracks[column]).index(source)
        return self.x_of_column[column] + BOX_WIDTH + MARGIN + TRACK * track

    def _channel_y(self, channel: int, source: int) -> int:
        track = self._in_order(self.channel_tracks[channel]).index(source)
        if channel in self.y_of_row:
            bottom = self.y_of_row[channel]
        else:
            # Below the last row of a lane.
            bottom = self.y_of_row[channel - 1] + BOX_HEIGHT + self._channel_height(channel)
        return bottom - self._channel_height(channel) + ROW_GAP // 2 + TRACK * track

    def _in_order(self, tracks: list[int]) -> list[int]:
        return sorted(tracks, key=lambda source: (self.rows[source], source))

    def _entry_y(self, source: int, target: int) -> int:
        """Edges enter a box one below the other, in the order in which they come."""
        incoming = [s for s, t in self.edges if t == target]
        incoming.sort(key=lambda one: (self.rows[one], one))
        step = min(9, (BOX_HEIGHT - 12) // max(len(incoming), 1))
        offset = step * incoming.index(source) - step * (len(incoming) - 1) // 2
        return self.y_of_row[self.rows[target]] + BOX_HEIGHT // 2 + offset


def broken(title: str) -> list[str]:
    """A title in lines of at most 22 characters, as far as its words allow."""
    lines: list[str] = []
    for word in title.split():
        if lines and len(lines[-1]) + 1 + len(word) <= CHARACTERS_PER_LINE:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _rounded_path(points: list[tuple[int, int]]) -> str:
    """Straight pieces between the points, with small round corners."""
    corners = [
        point for place, point in enumerate(points) if place == 0 or point != points[place - 1]
    ]
    path = f"M{corners[0][0]} {corners[0][1]}"
    for (ax, ay), (bx, by), (cx, cy) in zip(corners, corners[1:], corners[2:], strict=False):
        if (ax == bx == cx) or (ay == by == cy):
            continue
        reach = min(CORNER, (abs(bx - ax) + abs(by - ay)) // 2, (abs(cx - bx) + abs(cy - by)) // 2)
        before = (bx - _sign(bx - ax) * reach, by - _sign(by - ay) * reach)
        after = (bx + _sign(cx - bx) * reach, by + _sign(cy - by) * reach)
        path += f"L{before[0]} {before[1]}Q{bx} {by} {after[0]} {after[1]}"
    return f"{path}L{corners[-1][0]} {corners[-1][1]}"


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)
