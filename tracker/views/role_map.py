"""The roadmap of a role as a map: the topics of the list, and what rests on what."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.cache import patch_vary_headers
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from catalog.graph import CatalogGraph, RoleNode, TopicNode
from catalog.layout import Box, layout
from mlmath.http import wants_partial
from tracker.summaries.reading import readings
from tracker.summaries.standing import Standing, TopicRow, topic_row
from tracker.summaries.today import role_standing
from tracker.summaries.topics import Neighbour, topic_place
from tracker.views.news import news_on_arrival
from tracker.views.visitor import Changed, Visitor, here

_MOST_ROLES, _MOST_BOXES = 32, 4096
_READINGS_SHOWN = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """What of a map depends on the catalog alone: `lines` holds its lanes and edges."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: SafeString


@dataclass(frozen=True, kw_only=True, slots=True)
class MapNeighbour:
    """`is_on_map` is false for a topic that the role does not ask for."""

    row: TopicRow
    reason: str
    is_on_map: bool


@lru_cache(maxsize=_MOST_ROLES)
def ground_of(graph: CatalogGraph, role: RoleNode) -> Ground:
    drawn = layout(graph, role.topics_mask)
    return Ground(
        width=drawn.width,
        height=drawn.height,
        boxes=drawn.boxes,
        lines=render_to_string("tracker/_map_lines.html", {"drawn": drawn}),
    )


@lru_cache(maxsize=_MOST_BOXES)
def box_html(box: Box, row: TopicRow, *, is_current: bool, is_oob: bool) -> SafeString:
    # Four lines only just fit.
    step = 15 if len(box.lines) < 4 else 12
    top = box.y + 31 - step * (len(box.lines) - 1) // 2
    lines = [(line, top + step * place) for place, line in enumerate(box.lines)]
    context: dict[str, object] = {"box": box, "row": row, "lines": lines}
    context |= {"is_current": is_current, "is_oob": is_oob}
    return render_to_string("tracker/_map_box.html", context)


def map_page(request: HttpRequest, visitor: Visitor, role: RoleNode) -> HttpResponse:
    """The whole page; htmx gets the panel of the chosen topic."""
    graph = visitor.graph
    topic = _chosen(graph, role, request.GET)
    context = _panel(visitor, role, topic) | {"next": here(request)}
    if wants_partial(request):
        response = TemplateResponse(request, "tracker/_map_panel.html", context)
        response["HX-Push-Url"] = request.get_full_path()
    else:
        ground = ground_of(graph, role)
        context |= {
            "ground": ground,
            "boxes": _boxes(ground, _rows(graph, role, visitor.standing), topic),
            "subjects": {box.topic.subject.slug: box.topic.subject for box in ground.boxes},
            "standing": role_standing(graph, role, visitor.standing),
            "news": news_on_arrival(request, visitor),
        }
        response = TemplateResponse(request, "tracker/role_map.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def changed_pieces(changed: Changed, role: RoleNode, query: QueryDict) -> str:
    """The boxes that look different now, the numbers, and the panel of the open topic."""
    visitor = changed.now
    graph = visitor.graph
    topic = _chosen(graph, role, query)
    before = set(_rows(graph, role, changed.before))
    rows = [row for row in _rows(graph, role, visitor.standing) if row not in before]
    context = _panel(visitor, role, topic) | {
        "boxes": _boxes(ground_of(graph, role), rows, topic, is_oob=True),
        "standing": role_standing(graph, role, visitor.standing),
        "is_oob": True,
    }
    return render_to_string("tracker/_map_changed.html", context)


def _chosen(graph: CatalogGraph, role: RoleNode, query: QueryDict) -> TopicNode | None:
    """The topic that the address names, if it is on the map."""
    topics = graph.successors(query.get("topic", ""))
    return next((topic for topic in topics if topic.index in role.entry_by_index), None)


def _rows(graph: CatalogGraph, role: RoleNode, standing: Standing) -> list[TopicRow]:
    return [topic_row(graph, standing, graph.topics[entry.index], entry) for entry in role.entries]


def _boxes(
    ground: Ground, rows: Iterable[TopicRow], topic: TopicNode | None, *, is_oob: bool = False
) -> SafeString:
    wanted = {row.slug: row for row in rows}
    return format_html_join(
        "",
        "{}",
        (
            (box_html(box, wanted[box.topic.slug], is_current=box.topic is topic, is_oob=is_oob),)
            for box in ground.boxes
            if box.topic.slug in wanted
        ),
    )


def _panel(visitor: Visitor, role: RoleNode, topic: TopicNode | None) -> dict[str, object]:
    context: dict[str, object] = {"role": role, "topic": topic, "is_guest": visitor.user is None}
    if topic is None:
        return context
    place = topic_place(visitor.graph, topic, visitor.standing, role)
    return context | {
        "place": place,
        "needs": _neighbours(visitor.graph, role, place.needs),
        "opens": _neighbours(visitor.graph, role, place.opens),
        "readings": readings(visitor.graph, topic)[:_READINGS_SHOWN],
    }


def _neighbours(
    graph: CatalogGraph, role: RoleNode, found: Iterable[Neighbour]
) -> list[MapNeighbour]:
    return [
        MapNeighbour(
            row=one.row,
            reason=one.reason,
            is_on_map=graph.topic_by_slug[one.row.slug].index in role.entry_by_index,
        )
        for one in found
    ]
