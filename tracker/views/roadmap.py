"""The roadmap of a role: its topics by subject in study order, with the buttons that tick them."""

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect, QueryDict
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from catalog.graph import CatalogGraph, RoleNode, SubjectNode
from catalog.search import query_words
from mlmath.http import wants_partial
from mlmath.quick_templates import EncodedString
from tracker.summaries.changes import changes_between
from tracker.summaries.my_assignments import topics_soon
from tracker.summaries.roadmap import RoadmapFilter, RoadmapSection, Show, roadmap_sections
from tracker.summaries.standing import TopicRow, next_topics
from tracker.summaries.today import NextUp, next_up, role_standing
from tracker.views import role_map
from tracker.views.news import news_on_arrival
from tracker.views.requests import AppRequest
from tracker.views.rows import changed_mark_html, place_html, row_html, row_text
from tracker.views.visitor import Changed, Visitor, here, visitor_of

NEXT_SHOWN = 3
_SHOW_LABELS = {
    Show.ALL: "All",
    Show.READY: "Ready",
    Show.TODO: "To do",
    Show.LEARNING: "Learning",
    Show.DONE: "Done",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownSection:
    """A subject with its rows as HTML; hidden when the filter keeps none of them."""

    subject: SubjectNode
    known: int
    total: int
    rows: SafeString
    is_hidden: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class FilterLink:
    label: str
    href: str
    is_current: bool
    subject: str = ""


@login_not_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    role = visitor_of(request).role
    if role is None:
        return redirect("catalog:role-list")
    return redirect("tracker:roadmap", role.slug)


@login_not_required
@require_safe
def roadmap(request: HttpRequest, slug: str) -> HttpResponse:
    visitor = visitor_of(request)
    graph, standing = visitor.graph, visitor.standing
    role = graph.roles.get(slug)
    if role is None:
        return _moved(graph, slug)
    if request.GET.get("view") == "map":
        return role_map.map_page(request, visitor, role)
    filters = read_filter(graph, request.GET)
    due = topics_soon(user=visitor.user, graph=graph, at=timezone.now()) if visitor.user else 0
    sections = [_shown(section, filters) for section in roadmap_sections(graph, role, standing)]
    context = {
        "role": role,
        "is_mine": visitor.role is role,
        "is_guest": visitor.user is None,
        "has_marks": bool(standing.done | standing.learning | standing.skipped),
        "standing": role_standing(graph, role, standing),
        "next_up": _next_up(visitor, role, due),
        "is_next_late": bool(due),
        "sections": sections,
        "is_empty": all(section.is_hidden for section in sections),
        "query": " ".join(request.GET.get("q", "").split()),
        "filters": filters,
        "links": _links_html(filters, tuple(section.subject for section in sections)),
        "next": here(request),
        "news": news_on_arrival(request, visitor),
    }
    return TemplateResponse(request, "tracker/roadmap.html", context)


@require_safe
def read_next(request: AppRequest, slug: str) -> HttpResponse:
    """What to take up next by what groups read soon, which the answer to a tick leaves out."""
    if not wants_partial(request):
        return redirect("tracker:roadmap", slug)
    visitor = visitor_of(request)
    role = visitor.graph.roles.get(slug)
    if role is None:
        raise Http404(slug)
    due = topics_soon(user=request.user, graph=visitor.graph, at=timezone.now())
    context = {"next_up": _next_up(visitor, role, due), "is_oob": True}
    return TemplateResponse(request, "tracker/_roadmap_next.html", context)


def changed_pieces(changed: Changed, slug: str, query: QueryDict) -> str:
    """What looks different now on the roadmap of the role `slug`, as it was filtered."""
    graph, standing = changed.now.graph, changed.now.standing
    role = graph.roles.get(slug)
    if role is None:
        return ""
    if query.get("view") == "map":
        return role_map.changed_pieces(changed, role, query)
    filters = read_filter(graph, query)
    before = roadmap_sections(graph, role, changed.before)
    after = roadmap_sections(graph, role, standing)
    context = {
        "rows": _changed_rows(changed, filters, before, after),
        "sections": [new for old, new in zip(before, after, strict=True) if old != new],
        "role": role,
        "standing": role_standing(graph, role, standing),
        "next_up": _next_up(changed.now, role),
        "is_oob": True,
    }
    return render_to_string("tracker/_roadmap_changed.html", context)


def read_filter(graph: CatalogGraph, query: QueryDict) -> RoadmapFilter:
    """What the address asks for; a value that nobody offers leaves everything in."""
    show, subject = query.get("show", ""), query.get("subject", "")
    return RoadmapFilter(
        show=Show(show) if show in _SHOW_LABELS else Show.ALL,
        subject=subject if subject in graph.subjects else "",
        words=tuple(query_words(query.get("q", ""))),
    )


def _next_up(visitor: Visitor, role: RoleNode, due: int = 0) -> NextUp:
    ready = next_topics(visitor.graph, role, visitor.standing, due=due)
    return next_up(visitor.graph, role, visitor.standing, ready=ready, shown=NEXT_SHOWN)


def _moved(graph: CatalogGraph, slug: str) -> HttpResponse:
    present = graph.renamed.get(f"roles/{slug}")
    if present is None:
        raise Http404(slug)
    return HttpResponsePermanentRedirect(reverse("tracker:roadmap", args=[present]))


def _shown(section: RoadmapSection, filters: RoadmapFilter) -> ShownSection:
    rows, is_hidden = [], True
    if filters == RoadmapFilter():
        rows, is_hidden = [row_html(row) for row in section.rows], False
    for row in section.rows if is_hidden else ():
        if filters.keeps(row):
            has_words = _has_words(row, filters)
            is_hidden = is_hidden and not has_words
            rows.append(row_html(row, is_hidden=not has_words))
        else:
            rows.append(place_html(row.slug))
    return ShownSection(
        subject=section.subject,
        known=section.known,
        total=section.total,
        rows=EncodedString.joined(rows),
        is_hidden=is_hidden,
    )


def _has_words(row: TopicRow, filters: RoadmapFilter) -> bool:
    return not filters.words or all(word in row_text(row) for word in filters.words)


def _changed_rows(
    changed: Changed,
    filters: RoadmapFilter,
    before: list[RoadmapSection],
    after: list[RoadmapSection],
) -> SafeString:
    """Rows that look different or were asked for, as far as they are shown.

    An open page may be older than the last tick: what was asked for is sent also where nothing has
    changed by it.

    What has just been marked stays in view, also where the filter would not keep it any more: a
    row that vanished under the pointer could not be corrected. The rest is implied or ready by now
    or no longer, which changes the mark only: a tick may imply eighty topics.
    """
    marked = {
        change.topic.slug
        for change in changes_between(changed.now.graph, changed.before, changed.now.standing)
    } | changed.asked
    is_one = len(marked) == 1
    old_rows = {row.slug: row for section in before for row in section.rows}
    pieces = []
    for section in after:
        for row in section.rows:
            old = old_rows[row.slug]
            if row == old and row.slug not in changed.asked:
                continue
            if row.slug not in marked and filters.keeps(old):
                pieces.append(changed_mark_html(row))
            elif filters.keeps(row) or (row.slug in marked and (is_one or filters.keeps(old))):
                pieces.append(row_html(row, is_hidden=not _has_words(row, filters), is_oob=True))
    return mark_safe("".join(pieces))  # noqa: S308  # each row is the output of a template


# The filters of each role; words are what somebody typed, and seldom come again.
@lru_cache(maxsize=1024)
def _links_html(filters: RoadmapFilter, subjects: tuple[SubjectNode, ...]) -> SafeString:
    context = {
        "show_links": _show_links(filters),
        "subject_links": _subject_links(filters, subjects),
    }
    return render_to_string("tracker/_roadmap_filters.html", context)


def _show_links(filters: RoadmapFilter) -> list[FilterLink]:
    return [
        FilterLink(
            label=label,
            href=_address(show=show, subject=filters.subject, words=filters.words),
            is_current=show == filters.show,
        )
        for show, label in _SHOW_LABELS.items()
    ]


def _subject_links(filters: RoadmapFilter, subjects: tuple[SubjectNode, ...]) -> list[FilterLink]:
    """One for each subject of the role; that of the chosen subject takes the choice back."""
    return [
        FilterLink(
            label=subject.title,
            href=_address(
                show=filters.show,
                subject="" if subject.slug == filters.subject else subject.slug,
                words=filters.words,
            ),
            is_current=subject.slug == filters.subject,
            subject=subject.slug,
        )
        for subject in subjects
    ]


def _address(*, show: Show, subject: str, words: tuple[str, ...]) -> str:
    asked = {"show": show.value, "subject": subject, "q": " ".join(words)}
    return "?" + urlencode({name: value for name, value in asked.items() if value})
