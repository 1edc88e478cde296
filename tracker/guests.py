"""The marks of people who have not signed up: slug → state, kept in their session.

Actions take a real `User` only; the one that merges these marks runs at sign-up and sign-in.
"""

from collections.abc import Mapping, Sequence

from django.http import HttpRequest

from catalog.graph import CatalogGraph
from tracker.actions.progress import Mark
from tracker.models import TopicState

_KEY = "guest_marks"
_LAST = "guest_last_change"
# The whole catalog fits; a session that somebody fills by hand does not grow beyond it.
MAXIMUM_MARKS = 500


def guest_marks(request: HttpRequest) -> Mapping[str, str]:
    """What this guest has marked so far; empty without a session. No query beyond the session."""
    marks: Mapping[str, str] = request.session.get(_KEY, {})
    return marks


def mark_as_guest(
    request: HttpRequest,
    graph: CatalogGraph,
    marks: Sequence[Mark],
    *,
    with_prerequisites: bool = False,
) -> str:
    """Keep `marks` in the session, by the same rules as for a person. Returns the batch to undo.

    The batch is "" when nothing changes.
    """
    before = dict(guest_marks(request))
    after = dict(before)
    for mark in marks:
        after[mark.topic.slug] = mark.state.value
        if with_prerequisites and mark.state == TopicState.DONE:
            for topic in graph.topics_in(mark.topic.ancestors_mask):
                if before.get(topic.slug) != TopicState.SKIPPED:
                    after[topic.slug] = TopicState.DONE.value
    after = {slug: state for slug, state in after.items() if state != TopicState.TODO}
    if after == before or len(after) > MAXIMUM_MARKS:
        return ""
    request.session[_KEY] = after
    request.session[_LAST] = before
    return "guest"


def undo_as_guest(request: HttpRequest) -> bool:
    """Restore what was before the last change; False when there is nothing to restore."""
    before = request.session.pop(_LAST, None)
    if before is None:
        return False
    request.session[_KEY] = before
    return True


def take_marks(request: HttpRequest) -> Mapping[str, str]:
    """The guest's marks, which the session forgets with this call."""
    request.session.pop(_LAST, None)
    marks: Mapping[str, str] = request.session.pop(_KEY, {})
    return marks
