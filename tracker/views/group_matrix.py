"""The table of members × chapters as HTML, and the lines that count chapters beside it.

A group sees numbers of its own, so little of it could be kept: these pieces are written here, at a
tenth of what a template takes for each.
"""

import zoneinfo
from collections.abc import Iterable, Sequence
from functools import lru_cache
from html import escape

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from mlmath.templating import date_in_words, rounded
from tracker.summaries.group_pace import GroupPace, PaceLine
from tracker.summaries.group_progress import (
    AssignmentColumn,
    Cell,
    CellState,
    GroupProgress,
    MemberProgress,
    StuckTopic,
)
from tracker.summaries.group_table import cell_words
from tracker.templatetags.groups import initials

# By their names: one letter beyond ASCII would make all of a large table slow to encode.
_SIGNS = {
    CellState.TODO: SafeString("&middot;"),
    CellState.READING: SafeString("&frac12;"),
    CellState.DONE: SafeString("&check;"),
    CellState.LATE: "!",
    CellState.OUT: SafeString("&ndash;"),
}

_ME = ' class="me"'


def heads_html(columns: Sequence[AssignmentColumn]) -> SafeString:
    return SafeString("".join(map(_head_html, columns)))


def feet_html(columns: Sequence[AssignmentColumn]) -> SafeString:
    return SafeString(
        "".join(f'<td class="number">{column.done}/{column.total}</td>' for column in columns)
    )


def body_html(shown: GroupProgress, time_zone: str) -> SafeString:
    """A line for each row of `shown`; `time_zone` is that of the group."""
    cells = {id(cell): cell for row in shown.rows for cell in row.cells}
    looks = {key: _cell_html(cell, time_zone) for key, cell in cells.items()}
    return SafeString("".join(_line_html(row, looks) for row in shown.rows))


def counts_html(columns: Iterable[AssignmentColumn]) -> SafeString:
    """How many of a group are where with each of `columns`, as lines of a list."""
    return SafeString("".join(map(_count_html, columns)))


def pace_lines_html(pace: GroupPace) -> SafeString:
    """What was due and done by which day, as rows of a table."""
    return SafeString("".join(map(_pace_line_html, pace.table)))


def _pace_line_html(line: PaceLine) -> str:
    actual = "" if line.actual is None else rounded(line.actual, "-1")
    return (
        f'<tr><th scope="row">{date_in_words(line.day, "j M Y")}</th><td class="number">'
        f'{rounded(line.planned, "-1")}</td><td class="number">{actual}</td></tr>'
    )


def _count_html(column: AssignmentColumn) -> str:
    title = f"{escape(column.unit.label)}: {escape(column.unit.title)}"
    stuck = ", ".join(map(_stuck_html, column.stuck))
    note = column.sentence + (f" &middot; stuck in {stuck}" if stuck else "")
    return (
        f'<li class="row"><div class="row-text"><p class="row-title">{title}</p>'
        f'<p class="row-note">{note}</p></div>'
        f'<p class="row-end muted small">{date_in_words(column.due_on, "j M Y")}</p></li>'
    )


def _stuck_html(one: StuckTopic) -> str:
    address = reverse("tracker:topic-detail", args=[one.topic.slug])
    return f'<a href="{address}">{escape(one.topic.title)}</a> ({one.people})'


def _head_html(column: AssignmentColumn) -> str:
    unit, title = column.unit, escape(column.unit.title)
    return (
        f'<th scope="col" title="{escape(unit.label)}: {title}">'
        f'<span class="matrix-title">{unit.number} {title}</span>'
        f'<span class="matrix-date">{date_in_words(column.due_on, "j M")}</span></th>'
    )


def _line_html(row: MemberProgress, looks: dict[int, SafeString]) -> str:
    cells = "".join([looks[id(cell)] for cell in row.cells])
    return f"<tr>{_name_html(row)}{cells}{_done_html(row)}</tr>"


def _name_html(row: MemberProgress) -> str:
    name, behind = escape(row.name), ""
    if row.late:
        days, hours = row.behind_days or 0, round(row.behind_hours or 0)
        about = f", about {hours} h" if hours else ""
        words = f"{days} day{'' if days == 1 else 's'} behind{about}"
        behind = f'<span class="matrix-behind">{words}</span>'
    return (
        f'<th scope="row"{_ME if row.is_me else ""}>'
        f'<span class="matrix-name" title="{name}">'
        f'<span class="avatar" aria-hidden="true">{escape(initials(row.name))}</span>'
        f'<span dir="auto">{name}</span></span>{behind}</th>'
    )


def _done_html(row: MemberProgress) -> str:
    last = row.last_active_on
    active = f'<span class="matrix-date">{date_in_words(last, "j M")}</span>' if last else ""
    return f'<td class="number">{row.done} of {row.total}{active}</td>'


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
