"""The page behind the bell."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST, require_safe

from mlmath.errors import BadRequest
from mlmath.http import leave_for, wants_partial, way_back
from tracker.actions import notices as actions
from tracker.summaries.notices import notices_of, unread_count
from tracker.views.requests import AppRequest

PAGE_SIZE = 30


@require_safe
def notices(request: AppRequest) -> HttpResponse:
    cursor = request.GET.get("before", "")
    try:
        page = notices_of(user=request.user, size=PAGE_SIZE, cursor=cursor)
    except BadRequest:
        # What the address names may be gone by now; the list is still there.
        cursor = ""
        page = notices_of(user=request.user, size=PAGE_SIZE)
    context = {
        "notices": page.notices,
        "next_cursor": page.next_cursor,
        "is_first": not cursor,
        "next": request.get_full_path(),
    }
    return TemplateResponse(request, "tracker/notices.html", context)


@require_POST
def open_notice(request: AppRequest, public_id: str) -> HttpResponse:
    """Read it and go where it leads; by a button, as following a link changes nothing."""
    notice = actions.mark_notice(user=request.user, public_id=public_id, is_read=True)
    return leave_for(request, notice.address)


@require_POST
def mark(request: AppRequest, public_id: str) -> HttpResponse:
    is_read = request.POST.get("read")
    if is_read not in {"0", "1"}:
        raise BadRequest("“read” is 1 or 0.")
    notice = actions.mark_notice(user=request.user, public_id=public_id, is_read=is_read == "1")
    if not wants_partial(request):
        return redirect(way_back(request, "tracker:notices"))
    context = {
        "notice": notice,
        "next": way_back(request, "tracker:notices"),
        "unread": unread_count(user=request.user),
        "is_oob": True,
    }
    return TemplateResponse(request, "tracker/_notice_changed.html", context)


@require_POST
def mark_all(request: AppRequest) -> HttpResponse:
    actions.mark_all_read(user=request.user, up_to=request.POST.get("up_to", ""))
    return redirect("tracker:notices")
