"""Who in a group is where: the table, its CSV, and the nudge beside it."""

from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from catalog.graph import current_graph
from mlmath.errors import DomainError
from mlmath.http import wants_partial
from tracker.actions import nudges as actions
from tracker.forms.nudges import NudgeForm
from tracker.summaries.group_pace import GroupPace
from tracker.summaries.group_progress import (
    GroupProgress,
    Which,
    Who,
    group_progress,
    narrowed,
)
from tracker.summaries.group_table import csv_name, progress_csv
from tracker.summaries.members import GroupHead, member_at
from tracker.views.group_matrix import (
    body_html,
    counts_html,
    feet_html,
    heads_html,
    pace_lines_html,
)
from tracker.views.group_pages import group_at, group_context
from tracker.views.pictures import pace_chart
from tracker.views.requests import AppRequest

NUDGES_SHOWN = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """Somebody who asked for more time, and for which chapters."""

    name: str
    chapters: str


@require_safe
def progress(request: AppRequest, group_id: str) -> HttpResponse:
    head = group_at(request, group_id)
    everything = group_progress(head=head, graph=current_graph(), at=timezone.now())
    who, which = _filters(request, head)
    shown, current = narrowed(everything, who=who, which=which), everything.current
    behind = [row for row in everything.rows if row.late and not row.is_me]
    notable = [column for column in shown.columns if column.stuck or column in current]
    context = group_context(head, "tracker:group-progress") | {
        "progress": everything,
        "columns": shown.columns,
        "heads": heads_html(shown.columns),
        "body": body_html(shown, head.group.time_zone),
        "is_anybody": bool(shown.rows),
        "who": who,
        "which": which,
        "query": request.GET.urlencode(),
        "behind": behind,
        "nudgeable": (behind if who == "behind" else behind[:NUDGES_SHOWN]) if head.leads else [],
        "asking": asking(everything),
        "waiting": [row for row in everything.rows if row.unanswered],
        "feet": feet_html(shown.columns),
        "notable": counts_html(notable),
        "counts": counts_html(shown.columns) if len(notable) < len(shown.columns) else "",
        "pace": pace_html(everything.pace) if everything.pace else "",
        "preset": actions.PRESET,
    }
    return TemplateResponse(request, "tracker/group_progress.html", context)


@lru_cache(maxsize=512)
def pace_html(pace: GroupPace) -> SafeString:
    context = {"pace": pace, "chart": pace_chart(pace), "lines": pace_lines_html(pace)}
    return render_to_string("tracker/_group_pace.html", context)


def asking(progress: GroupProgress) -> list[Asking]:
    return [
        Asking(
            name=row.name,
            chapters=", ".join(
                column.unit.label
                for column, cell in zip(progress.columns, row.cells, strict=True)
                if cell and cell.asks_for_time
            ),
        )
        for row in progress.rows
        if row.asking
    ]


@require_safe
def export(request: AppRequest, group_id: str) -> HttpResponse:
    """The table that the same query shows on the page."""
    head = group_at(request, group_id)
    who, which = _filters(request, head)
    everything = group_progress(head=head, graph=current_graph(), at=timezone.now())
    shown = narrowed(everything, who=who, which=which)
    response = HttpResponse(
        progress_csv(shown, head.group.time_zone), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{csv_name(head, shown)}"'
    return response


@require_POST
def nudge(request: AppRequest, group_id: str, member_id: str) -> HttpResponse:
    head = group_at(request, group_id)
    person = member_at(head, member_id).user
    form = NudgeForm(request.POST)
    refusal = form.sentence
    is_nudged = False
    if not refusal:
        try:
            actions.nudge(
                user=request.user,
                group=head.group,
                member=person,
                text=form.cleaned_data["text"],
            )
            is_nudged = True
        except actions.AlreadyNudged:
            # A double click, or another leader was faster: either way they were told.
            is_nudged = True
        except DomainError as error:
            refusal = str(error)
    if wants_partial(request):
        context = {"member_id": member_id, "refusal": refusal, "is_oob": True}
        pieces = render_to_string("tracker/_nudge_refusal.html", context)
        if is_nudged:
            pieces += render_to_string("tracker/_nudged.html", context)
        return HttpResponse(pieces, status=200 if is_nudged else 422)
    if refusal:
        messages.warning(request, refusal)
    return HttpResponseRedirect(f"{reverse('tracker:group-progress', args=[group_id])}#nudges")


def _filters(request: AppRequest, head: GroupHead) -> tuple[Who, Which]:
    """What the address asks for; anything unknown stands for all."""
    who, which = request.GET.get("who", ""), request.GET.get("chapters", "")
    return (
        cast("Who", who) if who in {"behind", "asking"} and head.sees_lateness else "all",
        "due" if which == "due" else "all",
    )
