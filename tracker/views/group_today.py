"""The first page of a group: what there is to do this week."""

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.graph import UnitNode, current_graph
from mlmath.errors import NotFound
from tracker.summaries.group_progress import GroupProgress, group_progress
from tracker.summaries.meetings import next_meeting
from tracker.summaries.my_assignments import MyAssignment, due_soon
from tracker.views import groups
from tracker.views.assignments import after_reading
from tracker.views.group_matrix import counts_html
from tracker.views.group_pages import group_at, group_context
from tracker.views.group_progress import asking
from tracker.views.requests import AppRequest
from tracker.views.visitor import here


@require_safe
def this_week(request: AppRequest, group_id: str) -> HttpResponse:
    """Those outside see the card of a public group here, and nothing of a private one."""
    try:
        head = group_at(request, group_id)
    except NotFound:
        return groups.card(request, group_id)
    at = timezone.now()
    progress = group_progress(
        head=head, graph=current_graph(), at=at, with_topics=False, with_mine=True
    )
    arrival = after_reading(request)
    read = arrival.get("read")
    context = group_context(head, "tracker:group-detail") | {
        "progress": progress,
        "counts": counts_html(progress.current),
        "due": _due(progress, read if isinstance(read, UnitNode) else None),
        "behind": [row for row in progress.rows if row.late and not row.is_me],
        "asking": asking(progress),
        "waiting": [row for row in progress.rows if row.unanswered],
        "is_new": head.may_lead and (head.member_count == 1 or not progress.columns),
        "next_meeting": next_meeting(group=head.group, at=at),
        "next": here(request),
    }
    return TemplateResponse(request, "tracker/group_detail.html", context | arrival)


def _due(progress: GroupProgress, read: UnitNode | None) -> list[MyAssignment]:
    """What is due soon, or else the next thing that is."""
    soon = due_soon(progress.my, timezone.now(), read=read)
    return soon or [one for one in progress.my if one.is_open][:1]
