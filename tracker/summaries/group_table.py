"""The progress of a group in words, as the page shows it and as CSV."""

import zoneinfo

from django.utils.text import slugify

from tracker.summaries.csv_text import csv_text
from tracker.summaries.group_progress import AssignmentColumn, Cell, CellState, GroupProgress
from tracker.summaries.members import GroupHead

_WORDS = {
    CellState.TODO: "not started",
    CellState.READING: "reading",
    CellState.DONE: "done",
    CellState.LATE: "late",
    CellState.OUT: "not this one",
}
NOT_THEIRS = "not for them"


def cell_words(cell: Cell | None, zone: zoneinfo.ZoneInfo) -> str:
    """Such as “late, reading, asked for time”; `zone` is that of the group, for a personal date."""
    if cell is None:
        return NOT_THEIRS
    words = [_WORDS[cell.state]]
    if cell.state == CellState.LATE and cell.is_reading:
        words.append("reading")
    if cell.asks_for_time:
        words.append("asked for time")
    if cell.own_due_at is not None:
        own = cell.own_due_at.astimezone(zone)
        words.append(f"own date {own.day} {own:%b %Y}")
    return ", ".join(words)


def heading(column: AssignmentColumn) -> str:
    """Such as “Chapter 2: Linear Algebra (due 2026-11-10)”."""
    return f"{column.unit.label}: {column.unit.title} (due {column.due_on.isoformat()})"


def csv_name(head: GroupHead, progress: GroupProgress) -> str:
    """What to call the file; of plain letters, whatever the group is called."""
    name = slugify(head.group.name)[:60].strip("-") or "group"
    return f"{name}-progress-{progress.today.isoformat()}.csv"


def progress_csv(progress: GroupProgress, time_zone: str) -> str:
    """The rows and columns of `progress` in their order, with the words of the page.

    Hours have one decimal. What the viewer may not know about others has no columns.
    """
    zone = zoneinfo.ZoneInfo(time_zone)
    names = ["Member", *map(heading, progress.columns), "Done", "Of"]
    if progress.sees_lateness:
        names += ["To catch up", "Days behind", "Hours behind", "Last active"]
    rows = [names]
    for row in progress.rows:
        cells = [row.name, *(cell_words(cell, zone) for cell in row.cells)]
        cells += [str(row.done), str(row.total)]
        if progress.sees_lateness:
            last = row.last_active_on
            cells += [
                str(row.late),
                str(row.behind_days),
                f"{row.behind_hours:.1f}",
                last.isoformat() if last else "",
            ]
        rows.append(cells)
    return csv_text(rows)
