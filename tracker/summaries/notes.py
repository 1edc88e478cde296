"""The private notes of one person."""

from collections.abc import Iterable

from django.db.models import QuerySet

from catalog.graph import CatalogGraph
from tracker.models import TopicNote, User


def notes_of(*, user: User, graph: CatalogGraph, words: Iterable[str]) -> "QuerySet[TopicNote]":
    """All on topics that the catalog has, or those that hold every one of `words`; the last
    changed first."""
    found = TopicNote.objects.filter(user=user, topic__in=[topic.id for topic in graph.topics])
    for word in words:
        found = found.filter(body__icontains=word)
    return found.order_by("-changed_at", "-pk")
