"""What search engines need not read."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

# What is behind a sign-in, and pages that show the same in thousands of orders.
_NOT_FOR_ROBOTS = (
    "/*?",
    "/accounts/",
    "/api/",
    "/feeds/",
    "/groups/",
    "/join/",
    "/search/",
    "/unsubscribe/",
)
_TEXT = "User-agent: *\n" + "".join(f"Disallow: {path}\n" for path in _NOT_FOR_ROBOTS)


@require_safe
@login_not_required
def robots(request: HttpRequest) -> HttpResponse:
    headers = {"Cache-Control": "public, max-age=86400"}
    return HttpResponse(_TEXT, content_type="text/plain; charset=utf-8", headers=headers)
