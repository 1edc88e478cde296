"""The study log in numbers, with a picture of the weeks."""

from dataclasses import dataclass
from datetime import date

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.graph import CatalogGraph, current_graph
from tracker.summaries.statistics import Statistics, Week, statistics_of
from tracker.views.requests import AppRequest

_FLOOR, _HEIGHT, _STEP, _BAR = 130, 110, 46, 30
_ELSE = "No single subject"


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A piece of a column; `subject` is empty for what belongs to no single one."""

    subject: str
    y: str
    height: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A week: where it stands, and the height of what was planned."""

    x: int
    middle: int
    monday: date
    blocks: tuple[Block, ...]
    planned_y: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WeekRow:
    """The same week in words: minutes by subject in the order of the table's head."""

    week: Week
    minutes: tuple[int, ...]


@require_safe
def statistics(request: AppRequest) -> HttpResponse:
    graph = current_graph()
    numbers = statistics_of(user=request.user, graph=graph, at=timezone.now())
    slugs = [
        slug
        for slug in (*graph.subjects, "")
        if any(slug in week.by_subject for week in numbers.weeks)
    ]
    context = {
        "numbers": numbers,
        "subjects": [(slug, _title(graph, slug)) for slug in slugs],
        "columns": columns_of(numbers),
        "rows": [
            WeekRow(week=week, minutes=tuple(week.by_subject.get(slug, 0) for slug in slugs))
            for week in numbers.weeks
        ],
        "width": _STEP * len(numbers.weeks),
    }
    return TemplateResponse(request, "tracker/statistics.html", context)


def columns_of(numbers: Statistics) -> list[Column]:
    """The highest of what was done and planned takes the whole height."""
    most = max(1, *(max(week.minutes, week.planned_minutes or 0) for week in numbers.weeks))
    columns = []
    for place, week in enumerate(numbers.weeks):
        top, blocks = float(_FLOOR), []
        for slug, minutes in week.by_subject.items():
            height = _HEIGHT * minutes / most
            top -= height
            blocks.append(Block(subject=slug, y=f"{top:.1f}", height=f"{height:.1f}"))
        planned = week.planned_minutes
        columns.append(
            Column(
                x=place * _STEP + (_STEP - _BAR) // 2,
                middle=place * _STEP + _STEP // 2,
                monday=week.monday,
                blocks=tuple(blocks),
                planned_y=f"{_FLOOR - _HEIGHT * planned / most:.1f}" if planned else "",
            )
        )
    return columns


def _title(graph: CatalogGraph, slug: str) -> str:
    return graph.subjects[slug].title if slug else _ELSE
