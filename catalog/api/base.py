"""What the views of the catalog share: ready bytes per catalog version, old slugs, outputs."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol, TypeVar

from django.http import Http404, HttpResponse
from django.urls import reverse
from rest_framework.request import Request

from catalog.effort import Hours
from catalog.graph import CatalogGraph, Citation, TopicNode, current_graph
from mlmath.rest.answers import Also, Answer
from mlmath.rest.pages import page_of
from mlmath.rest.prepared import Prepared, prepare, send, set_public
from mlmath.rest.query import Query, no_such
from mlmath.rest.views import PublicView


class Named(Protocol):
    @property
    def slug(self) -> str: ...


Item = TypeVar("Item")
Node = TypeVar("Node", bound=Named)

Slug = Annotated[str, Also(pattern="^[-a-zA-Z0-9_]+$")]
# Some thousand addresses with filters exist, and texts to search for without end.
MAXIMUM_PREPARED = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class HoursOutput(Answer):
    """An estimate in hours, with at most one decimal."""

    low: float
    likely: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class CitationOutput(Answer):
    """An article and what it says about this; `note` may be empty."""

    article: str
    note: str


def hours_output(hours: Hours) -> HoursOutput:
    return HoursOutput(
        low=round(hours.low, 1), likely=round(hours.likely, 1), high=round(hours.high, 1)
    )


def citation_outputs(citations: Iterable[Citation]) -> list[CitationOutput]:
    return [CitationOutput(article=one.article, note=one.note) for one in citations]


class _Moved(Exception):
    def __init__(self, slug: str) -> None:
        super().__init__(slug)
        self.slug = slug


class CatalogView(PublicView):
    """Answers from bytes that are made once per catalog version, address and parameters."""

    tag = "catalog"

    def answer(self, request: Request, make: Callable[[CatalogGraph], object]) -> HttpResponse:
        """What `make` makes of the graph, or a 301 when it finds that a slug is an old one."""
        graph = current_graph()
        # Addresses of pages are absolute, so the host belongs to what an answer depends on.
        key = (request.build_absolute_uri(request.path), self.query.key)
        prepared = _prepared.get(graph, key)
        if prepared is None:
            try:
                prepared = prepare(make(graph))
            except _Moved as moved:
                return self._redirect(request, moved.slug)
            _prepared.put(graph, key, prepared)
        return send(request, prepared)

    def page(
        self,
        request: Request,
        items: Callable[[CatalogGraph], Sequence[Item]],
        make: Callable[[CatalogGraph, Item], object],
    ) -> HttpResponse:
        """One page of what `items` finds in the graph, each item made into an answer."""
        return self.answer(
            request,
            lambda graph: page_of(
                request, self.query, items(graph), lambda item: make(graph, item)
            ),
        )

    def _redirect(self, request: Request, slug: str) -> HttpResponse:
        name = f"catalog-api:{request.resolver_match.url_name}" if request.resolver_match else ""
        target = reverse(name, kwargs={**self.kwargs, "slug": slug})
        query = request.META.get("QUERY_STRING", "")
        response = HttpResponse(
            status=301, headers={"Location": f"{target}?{query}" if query else target}
        )
        del response["Content-Type"]
        set_public(response)
        return response


class _PreparedAnswers:
    """The answers of the newest graph that somebody asked for, the least used ones given up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._graph: CatalogGraph | None = None
        self._answers: OrderedDict[object, Prepared] = OrderedDict()

    def get(self, graph: CatalogGraph, key: object) -> Prepared | None:
        with self._lock:
            if self._graph is not graph or key not in self._answers:
                return None
            self._answers.move_to_end(key)
            return self._answers[key]

    def put(self, graph: CatalogGraph, key: object, prepared: Prepared) -> None:
        with self._lock:
            if self._graph is not graph:
                self._graph = graph
                self._answers.clear()
            self._answers[key] = prepared
            if len(self._answers) > MAXIMUM_PREPARED:
                self._answers.popitem(last=False)


_prepared = _PreparedAnswers()


def find(graph: CatalogGraph, kind: str, nodes: Mapping[str, Node], slug: str) -> Node:
    """The node of that slug: "roles", "resources" or "paths". An old slug leads to a 301."""
    if slug in nodes:
        return nodes[slug]
    if f"{kind}/{slug}" in graph.renamed:
        raise _Moved(graph.renamed[f"{kind}/{slug}"])
    raise Http404


def find_topic(graph: CatalogGraph, slug: str) -> TopicNode:
    """The topic of that slug. An old slug leads to a 301, to the first part after a split."""
    topics = graph.successors(slug)
    if not topics:
        raise Http404
    if topics[0].slug != slug:
        raise _Moved(topics[0].slug)
    return topics[0]


def named_by(
    graph: CatalogGraph, query: Query, name: str, kind: str, nodes: Mapping[str, Node]
) -> Node | None:
    """The node that the parameter `name` names, by an old slug too; None when it is not given."""
    slug = query.text(name)
    if not slug:
        return None
    slug = graph.renamed.get(f"{kind}/{slug}", slug)
    if slug not in nodes:
        raise no_such(name, query.text(name))
    return nodes[slug]
