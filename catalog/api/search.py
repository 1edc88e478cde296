"""One search over topics, resources, units and roles."""

from dataclasses import dataclass
from typing import Literal

from django.http import HttpResponse
from rest_framework.request import Request

from catalog.api.base import CatalogView, Slug
from catalog.graph import CatalogGraph
from catalog.search import LONGEST_QUERY, Hit, search
from mlmath.rest.answers import Answer, Page
from mlmath.rest.operations import operation
from mlmath.rest.query import PAGING, Parameter


@dataclass(frozen=True, kw_only=True, slots=True)
class HitOutput(Answer):
    """Something found. `subject` is there for topics only, `resource` for units only; `detail` is
    a line of plain text."""

    kind: Literal["topic", "role", "resource", "unit"]
    slug: Slug
    title: str
    detail: str
    subject: Slug | None
    resource: Slug | None


def hit_output(graph: CatalogGraph, hit: Hit) -> HitOutput:
    return HitOutput(
        kind=hit.kind,
        slug=hit.slug,
        title=hit.title,
        detail=hit.detail,
        subject=hit.subject or None,
        resource=hit.resource or None,
    )


EXAMPLE = HitOutput(
    kind="topic",
    slug="eigenvalues-and-eigenvectors",
    title="Eigenvalues and eigenvectors",
    detail="Directions that a square matrix only scales or flips.",
    subject="linear-algebra",
    resource=None,
)


class Search(CatalogView):
    @operation(
        id="search",
        summary="Find topics, resources, units and roles",
        is_public=True,
        query=(
            Parameter(
                name="q",
                about="Words, whole or cut short; one letter of a longer one may be wrong",
                example="eigenvalues",
                is_required=True,
                longest=LONGEST_QUERY,
            ),
            *PAGING,
        ),
        answer=Page[HitOutput],
        example=Page(count=1, next=None, previous=None, results=[EXAMPLE]),
    )
    def get(self, request: Request) -> HttpResponse:
        """The best first. Every word has to match somewhere."""
        return self.page(
            request, lambda graph: search(graph, self.query.text("q"), None), hit_output
        )
