"""Who looks at a page about topics, a person or a guest, and what they have ticked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

from django.http import HttpRequest, QueryDict

from catalog.graph import CatalogGraph, RoleNode, UnitNode, current_graph
from mlmath.http import way_back
from tracker.guests import guest_marks
from tracker.models import User
from tracker.summaries.people import guest_standing, person_states, role_of
from tracker.summaries.standing import Standing

UNDO = "undo"
READ = "read"


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitor:
    """`user` is None for a guest, whose marks are in the session.

    `retired_states` leads from the slugs of retired topics to what they had ticked there,
    `stuck_notes` from the index of a topic to where they are stuck, if they said so.
    """

    graph: CatalogGraph
    user: User | None
    standing: Standing
    retired_states: dict[str, str]
    stuck_notes: Mapping[int, str] = field(default_factory=dict)

    @property
    def role(self) -> RoleNode | None:
        return role_of(self.user, self.graph) if self.user else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """Who has just marked something: `now` with the new standing, and the one before.

    `batch` is empty where there is nothing to undo. `done` are the units done, None where none has
    changed; `read` is the unit that this was about, None where it may have been any. `asked` are
    the slugs of the topics that were marked, also where that has changed nothing.
    """

    before: Standing
    now: Visitor
    batch: str
    done: Mapping[int, datetime] | None = None
    read: UnitNode | None = None
    asked: frozenset[str] = frozenset()


def visitor_of(request: HttpRequest) -> Visitor:
    """One query for a person, none for a guest beyond their session."""
    graph = current_graph()
    if request.user.is_authenticated:
        states = person_states(user=request.user, graph=graph)
        return Visitor(
            graph=graph,
            user=request.user,
            standing=states.standing(graph),
            retired_states={slug: row.state for slug, row in states.retired.items()},
            stuck_notes=states.stuck_notes,
        )
    marks = guest_marks(request)
    return Visitor(
        graph=graph,
        user=None,
        standing=guest_standing(graph, marks),
        retired_states={slug: state for slug, state in marks.items() if slug in graph.retired},
    )


def here(request: HttpRequest) -> str:
    """The address of this page, for the `next` fields in it."""
    return with_undo(request.get_full_path())


def back(
    request: HttpRequest, fallback: str, *, batch: str = "", read: str = "", anchor: str = ""
) -> str:
    """Where a form came from; `batch` lets the page there offer to undo it."""
    return with_undo(way_back(request, fallback), batch=batch, read=read, anchor=anchor)


def with_undo(address: str, *, batch: str = "", read: str = "", anchor: str = "") -> str:
    """`address` with the offer to undo `batch`; without a batch, with no such offer.

    `read` is the unit, as “resource/unit”, whose topics the page there should propose.
    """
    if "?" not in address and not (batch or read or anchor):
        return address
    parts = urlsplit(address)
    query = QueryDict(parts.query, mutable=True)
    for name, value in ((UNDO, batch), (READ, read)):
        query.pop(name, None)
        if value:
            query[name] = value
    return urlunsplit(parts._replace(query=query.urlencode(), fragment=anchor))
