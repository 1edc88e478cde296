"""What the old address of something renamed answers."""

from typing import Literal

from django.http import Http404, HttpResponsePermanentRedirect
from django.urls import reverse

from catalog.graph import CatalogGraph

_PAGES = {
    "roles": "catalog:role-detail",
    "paths": "catalog:path-detail",
}


def moved_or_missing(
    graph: CatalogGraph, kind: Literal["roles", "paths"], slug: str
) -> HttpResponsePermanentRedirect:
    """A redirect to the present address of `slug`. Raises Http404 when it never had another."""
    present = graph.renamed.get(f"{kind}/{slug}")
    if present is None:
        raise Http404
    return HttpResponsePermanentRedirect(reverse(_PAGES[kind], args=[present]))
