"""Cutting lists into pages."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.core.paginator import EmptyPage, Paginator
from django.db.models import QuerySet
from rest_framework.request import Request

from mlmath.rest.answers import CursorPage, Page
from mlmath.rest.problems import NOT_FOUND, FieldError, Problem, invalid
from mlmath.rest.query import LARGEST_PAGE, PAGE_SIZE, Parameter, Query, Whole

Item = TypeVar("Item")
Output = TypeVar("Output")


def page_of(
    request: Request,
    query: Query,
    items: "Sequence[Item] | QuerySet[Any, Item]",
    make: Callable[[Item], Output],
) -> Page[Output]:
    """The page of `items` that `query` asks for. A page past the end is a 404, the first never."""
    number = query.whole("page", 1)
    pages = Paginator(items, query.whole("page_size", PAGE_SIZE))
    try:
        page = pages.page(number)
    except EmptyPage:
        raise Problem(NOT_FOUND, f"There are only {pages.num_pages} pages.") from None
    return Page(
        count=pages.count,
        next=_address(request, query, page=number + 1) if page.has_next() else None,
        previous=_address(request, query, page=number - 1) if page.has_previous() else None,
        results=[make(item) for item in page.object_list],
    )


def cursor_paging(example: str) -> tuple[Parameter, ...]:
    """The parameters of a history; `example` is the cursor of something that is there."""
    return (
        Parameter(
            name="cursor", about="Where to go on; part of the address in `next`", example=example
        ),
        Whole(
            name="page_size",
            about="How many results at once",
            example=PAGE_SIZE,
            highest=LARGEST_PAGE,
            default=PAGE_SIZE,
        ),
    )


def cursor_page(
    request: Request, query: Query, results: list[Output], *, following: str | None
) -> CursorPage[Output]:
    """Some of a history; `following` is the cursor of what comes next, None at the end."""
    return CursorPage(
        next=_address(request, query, cursor=following) if following else None, results=results
    )


def unknown_cursor(reason: str) -> Problem:
    """The 400 for a cursor that nobody has been given."""
    return invalid([FieldError(pointer="/cursor", code="unknown_cursor", detail=reason)])


def _address(request: Request, query: Query, **place: int | str) -> str:
    given = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in query.given.items()
    }
    return f"{request.build_absolute_uri(request.path)}?{urlencode(given | place)}"
