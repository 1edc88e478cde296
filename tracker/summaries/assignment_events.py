"""What an event says about assignments."""

from collections.abc import Sequence

from catalog.graph import CatalogGraph
from tracker.models import Assignment, StudyGroup


def assignments_data(
    group: StudyGroup, assignments: Sequence[Assignment], graph: CatalogGraph
) -> dict[str, object]:
    """`{"title", "due_at", "time_zone", "path", "assignments": [...]}`, ready for JSON.

    Each assignment has `id, resource, unit, title, due_at`. `title` is that of the only one, or
    says how many there are; `due_at` is the first date.
    """
    rows = []
    for assignment in sorted(assignments, key=lambda one: one.due_at):
        unit = graph.unit_by_id[assignment.unit_id]
        rows.append(
            {
                "id": assignment.public_id,
                "resource": unit.resource,
                "unit": unit.slug,
                "title": f"{unit.label}: {unit.title}" if unit.label else unit.title,
                "due_at": assignment.due_at.isoformat().replace("+00:00", "Z"),
            }
        )
    is_one = len(rows) == 1
    return {
        "title": rows[0]["title"] if is_one else f"{len(rows)} chapters from {rows[0]['title']} on",
        "due_at": rows[0]["due_at"],
        "time_zone": group.time_zone,
        "path": f"/groups/{group.public_id}/schedule/",
        "assignments": rows,
    }
