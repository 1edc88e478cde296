"""A person's data out and in, and the end of the account."""

import json
import secrets
import zlib
from dataclasses import dataclass

from allauth.account.decorators import reauthentication_required
from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.graph import current_graph
from mlmath.errors import DomainError
from tracker.actions.import_checks import (
    SCHEMA_FILE,
    ImportFaulty,
    read_document,
    read_list,
)
from tracker.actions.imports import ImportReport, import_document, import_list
from tracker.actions.people import delete_account
from tracker.forms.exchange import DeleteForm, ImportForm
from tracker.models import User
from tracker.summaries.export import export_of, topics_csv, topics_markdown
from tracker.summaries.people import person_states, role_of
from tracker.views.requests import AppRequest

# Between looking at what would change and agreeing to it.
_KEPT_SECONDS = 30 * 60
_NAMES_SHOWN = 25
_KINDS = {
    "settings": "Settings",
    "topics": "Topics",
    "units": "Chapters",
    "sessions": "Study sessions",
    "reviews": "Reviews",
    "review_answers": "Answers to reviews",
    "notes": "Notes",
    "activity": "History",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One kind of thing in a report; `more` counts the names that are not shown."""

    kind: str
    verb: str
    count: int
    names: tuple[str, ...]
    more: int


@require_safe
def export(request: AppRequest) -> HttpResponse:
    return TemplateResponse(request, "tracker/export.html", {})


@require_safe
def export_file(request: AppRequest, kind: str) -> HttpResponse:
    graph, user = current_graph(), request.user
    if kind == "json":
        document = export_of(user=user, at=timezone.now())
        text = json.dumps(document, ensure_ascii=False, indent=1)
        return _download(text, "mlmath.json", "application/json")
    states, role = person_states(user=user, graph=graph), role_of(user, graph)
    if kind == "csv":
        return _download(topics_csv(graph, states, role), "mlmath-topics.csv", "text/csv")
    if kind == "md":
        text = topics_markdown(graph, states, role)
        return _download(text, "mlmath-topics.md", "text/markdown")
    raise Http404(kind)


@login_not_required
@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    return HttpResponse(SCHEMA_FILE.read_bytes(), content_type="application/schema+json")


@require_http_methods(["GET", "HEAD", "POST"])
def import_(request: AppRequest) -> HttpResponse:
    """Shows what an import would change; nothing is written."""
    if request.method != "POST":
        return TemplateResponse(request, "tracker/import.html", {"form": ImportForm()})
    form = ImportForm(request.POST, request.FILES)
    context: dict[str, object] = {"form": form}
    if form.is_valid():
        content = form.content()
        try:
            report = _import(request.user, content, is_dry_run=True)
        except ImportFaulty as refusal:
            context["faults"] = refusal.faults
        else:
            context |= {"report": report, "changes": _changes(report)}
            if report.has_changes:
                context["ticket"] = _keep(request.user, content)
    status = 200 if "report" in context else 422
    return TemplateResponse(request, "tracker/import.html", context, status=status)


@require_POST
def import_run(request: AppRequest) -> HttpResponse:
    """Imports what was shown before. A repeated press imports nothing twice."""
    kept = cache.get(_key(request.user, request.POST.get("ticket", "")))
    if kept is None:
        messages.warning(request, "That was too long ago. Choose the file once more.")
        return HttpResponseRedirect(reverse("tracker:import"))
    try:
        report = _import(request.user, zlib.decompress(kept), is_dry_run=False)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        count = sum(change.count for change in _changes(report))
        messages.success(request, f"Imported. {count} thing{'' if count == 1 else 's'} changed.")
    return HttpResponseRedirect(reverse("tracker:import"))


def _has_no_password(request: AppRequest) -> bool:
    return not request.user.has_usable_password()


@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required(enabled=_has_no_password)  # type: ignore[untyped-decorator]  # allauth
def delete(request: AppRequest) -> HttpResponse:
    """Somebody without a password shows in another way that it is them."""
    has_password = request.user.has_usable_password()
    form = DeleteForm(request.POST if request.method == "POST" else None, has_password=has_password)
    if form.is_valid() and _is_them(request, form):
        try:
            delete_account(user=request.user, empties_posts=form.cleaned_data["empties_posts"])
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            logout(request)
            # The browser is told to forget all it has of us; a message would be part of that.
            return TemplateResponse(request, "tracker/deleted.html", {})
    return TemplateResponse(
        request, "tracker/delete.html", {"form": form}, status=422 if form.is_bound else 200
    )


def _is_them(request: AppRequest, form: DeleteForm) -> bool:
    if not form.has_password:
        return True
    # The same limit as on the page that asks for the password again.
    if not ratelimit.consume(request, action="reauthenticate", user=request.user):
        form.add_error("password", "Too many tries. Wait a minute and try again.")
        return False
    if not request.user.check_password(form.cleaned_data["password"]):
        form.add_error("password", "This is not your password.")
        return False
    return True


def _download(text: str, name: str, content_type: str) -> HttpResponse:
    response = HttpResponse(text, content_type=f"{content_type}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _import(user: User, content: bytes, *, is_dry_run: bool) -> ImportReport:
    """A JSON document, or any other text as a list of topics."""
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        return import_document(user=user, document=read_document(content), is_dry_run=is_dry_run)
    return import_list(user=user, text=read_list(content), is_dry_run=is_dry_run)


def _changes(report: ImportReport) -> list[Change]:
    return [
        Change(
            kind=_KINDS.get(kind, kind),
            verb=verb,
            count=len(names),
            names=tuple(names[:_NAMES_SHOWN]),
            more=max(len(names) - _NAMES_SHOWN, 0),
        )
        for verb, found in (("new", report.added), ("changed", report.changed))
        for kind, names in found.items()
    ]


def _keep(user: User, content: bytes) -> str:
    ticket = secrets.token_urlsafe(16)
    cache.set(_key(user, ticket), zlib.compress(content), _KEPT_SECONDS)
    return ticket


def _key(user: User, ticket: str) -> str:
    # The ticket is of our alphabet, or else of no use.
    is_ours = ticket.isascii() and ticket.replace("-", "").replace("_", "").isalnum()
    return f"import:{user.public_id}:{ticket[:32] if is_ours else ''}"
