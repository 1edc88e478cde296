"""The marks of people who have not signed up: slug → state, kept in their session.

Actions take a real `User` only; the one that merges these marks runs at sign-up and sign-in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import HttpRequest

from catalog.graph import CatalogGraph
from mlmath.errors import DomainError
from tracker.actions.history import NothingToUndo
from tracker.actions.progress import Mark
from tracker.models import TopicState
from tracker.models.ids import new_public_id

_KEY = "guest_marks"
_LAST = "guest_last_change"


class AccountNeeded(DomainError):
    code = "account_needed"


@dataclass(frozen=True, kw_only=True, slots=True)
class GuestMarked:
    """What a guest's step did. `batch` is empty when it changed nothing, else it can be undone."""

    batch: str
    before: Mapping[str, str]
    after: Mapping[str, str]


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
) -> GuestMarked:
    """Keep `marks` in the session, by the same rules as for a person.

    Raises AccountNeeded for the stuck flag, which a session does not hold.
    """
    before = dict(guest_marks(request))
    wanted: dict[str, TopicState] = {}
    for mark in marks:
        if mark.is_stuck:
            raise AccountNeeded("Sign up to note where you are stuck; ticks work without.")
        if mark.state is not None:
            wanted[mark.topic.slug] = mark.state
    if with_prerequisites:
        for mark in marks:
            if mark.state == TopicState.DONE:
                for topic in graph.topics_in(mark.topic.ancestors_mask):
                    if before.get(topic.slug) != TopicState.SKIPPED:
                        wanted.setdefault(topic.slug, TopicState.DONE)
    after = before | {slug: state.value for slug, state in wanted.items()}
    after = {slug: state for slug, state in after.items() if state != TopicState.TODO}
    if after == before:
        return GuestMarked(batch="", before=before, after=before)
    batch = new_public_id()
    request.session[_KEY] = after
    request.session[_LAST] = {"batch": batch, "before": before}
    return GuestMarked(batch=batch, before=before, after=after)


def last_change_of_guest(request: HttpRequest, batch: str) -> GuestMarked | None:
    """The guest's last step, if it is `batch`: only that one can be undone."""
    last = request.session.get(_LAST)
    if last is None or last["batch"] != batch:
        return None
    return GuestMarked(batch=batch, before=last["before"], after=guest_marks(request))


def undo_as_guest(request: HttpRequest, batch: str) -> GuestMarked:
    """Restore what was before `batch`. Raises NothingToUndo unless it was the last step."""
    last = last_change_of_guest(request, batch)
    if last is None:
        raise NothingToUndo("There is nothing to undo here, or something was changed since.")
    request.session[_KEY] = last.before
    del request.session[_LAST]
    return GuestMarked(batch="", before=last.after, after=last.before)


def take_marks(request: HttpRequest) -> Mapping[str, str]:
    """The guest's marks, which the session forgets with this call."""
    request.session.pop(_LAST, None)
    marks: Mapping[str, str] = request.session.pop(_KEY, {})
    return marks
