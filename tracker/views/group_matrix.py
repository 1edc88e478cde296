"""The table of members × chapters as HTML, each piece rendered once for every way it looks."""

import zoneinfo
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tracker.summaries.group_progress import (
    AssignmentColumn,
    Cell,
    CellState,
    GroupProgress,
    MemberProgress,
)
from tracker.summaries.group_table import cell_words

_SIGNS = {
    CellState.TODO: "·",
    CellState.READING: "½",
    CellState.DONE: "✓",
    CellState.LATE: "!",
    CellState.OUT: "–",
}


def heads_html(columns: Sequence[AssignmentColumn]) -> SafeString:
    return SafeString(
        "".join(
            _head_html(column.unit.label, column.unit.number, column.unit.title, column.due_on)
            for column in columns
        )
    )


def feet_html(columns: Sequence[AssignmentColumn]) -> SafeString:
    return SafeString("".join(_foot_html(column.done, column.total) for column in columns))


def body_html(shown: GroupProgress, time_zone: str) -> SafeString:
    """A line for each row of `shown`; `time_zone` is that of the group."""
    return SafeString("".join(_line_html(row, time_zone) for row in shown.rows))


def _line_html(row: MemberProgress, time_zone: str) -> str:
    cells = "".join(_cell_html(cell, time_zone) for cell in row.cells)
    hours = round(row.behind_hours or 0)
    days = row.behind_days if row.late else None
    name = _name_html(row.name, days, hours, is_me=row.is_me)
    return f"<tr>{name}{cells}{_done_html(row.done, row.total, row.last_active_on)}</tr>"


@lru_cache(maxsize=4096)
def _head_html(label: str, number: int, title: str, due_on: date) -> SafeString:
    context = {"label": label, "number": number, "title": title, "due_on": due_on}
    return render_to_string("tracker/_matrix_head.html", context)


@lru_cache(maxsize=4096)
def _foot_html(done: int, total: int) -> SafeString:
    return format_html('<td class="number">{}/{}</td>', done, total)


@lru_cache(maxsize=4096)
def _name_html(name: str, days: int | None, hours: int, *, is_me: bool) -> SafeString:
    context = {"name": name, "days": days, "hours": hours, "is_me": is_me}
    return render_to_string("tracker/_matrix_name.html", context)


@lru_cache(maxsize=4096)
def _done_html(done: int, total: int, last_active_on: date | None) -> SafeString:
    context = {"done": done, "total": total, "last_active_on": last_active_on}
    return render_to_string("tracker/_matrix_done.html", context)


@lru_cache(maxsize=1024)
def _cell_html(cell: Cell | None, time_zone: str) -> SafeString:
    """There are few ways in which a cell can look, and thousands of cells."""
    words = cell_words(cell, zoneinfo.ZoneInfo(time_zone))
    if cell is None:
        return format_html('<td><span class="visually-hidden">{}</span></td>', words)
    asks = " data-asks" if cell.asks_for_time else ""
    return format_html(
        '<td><span class="cell" data-state="{}"' + asks + ' role="img" title="{}">{}</span></td>',
        cell.state.value,
        words,
        _SIGNS[cell.state],
    )
