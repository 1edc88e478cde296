"""Cutting lists into pages."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.core.paginator import EmptyPage, Paginator
from django.db.models import QuerySet
from rest_framework.request import Request

from mlmath.rest.answers import Page
from mlmath.rest.problems import NOT_FOUND, Problem
from mlmath.rest.query import PAGE_SIZE, Query

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
        next=_address(request, query, number + 1) if page.has_next() else None,
        previous=_address(request, query, number - 1) if page.has_previous() else None,
        results=[make(item) for item in page.object_list],
    )


def _address(request: Request, query: Query, number: int) -> str:
    given = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in query.given.items()
    }
    return f"{request.build_absolute_uri(request.path)}?{urlencode(given | {'page': number})}"
