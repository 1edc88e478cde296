"""What is kept of people, said to them."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from tracker.models import retention


@login_not_required
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return TemplateResponse(
        request,
        "tracker/privacy.html",
        {
            "kept": retention.KEPT,
            "told": retention.in_words(retention.INACTIVE_TOLD),
            "told_again": retention.in_words(retention.INACTIVE_TOLD_AGAIN),
            "time_to_come_back": retention.in_words(retention.TIME_TO_COME_BACK),
            "erasing": retention.in_words(retention.ERASING),
        },
    )
