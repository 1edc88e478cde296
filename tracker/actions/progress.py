"""Marking topics, and bringing a guest's marks along."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from catalog.graph import CatalogGraph, TopicNode, current_graph
from catalog.models import TopicMove
from mlmath.errors import DomainError
from mlmath.statements import Insert
from tracker.actions.locking import lock_person
from tracker.models import Activity, Source, TopicProgress, TopicState, User
from tracker.models.ids import new_public_id
from tracker.models.people import check_plain_text
from tracker.models.progress import MAXIMUM_STUCK_NOTE_LENGTH
from tracker.summaries.people import PersonStates, StateRow, person_states

MAXIMUM_MARKS = 200


class TopicRetired(DomainError):
    code = "topic_retired"


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """The wanted state of a topic; None leaves the state, the flag or its note as it is."""

    topic: TopicNode
    state: TopicState | None = None
    is_stuck: bool | None = None
    stuck_note: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Marked:
    """What an action did. `batch` is empty when it changed nothing, else it can be undone.

    `graph` is the catalog whose indexes `before` and `after` speak of.
    """

    batch: str
    graph: CatalogGraph
    before: PersonStates
    after: PersonStates
    changed: int


def find_topics(graph: CatalogGraph, slug: str) -> tuple[TopicNode, ...]:
    """The topics that `slug` means today; none for an unknown one.

    Raises TopicRetired for a topic that is no longer taught and has no successor.
    """
    topics = graph.successors(slug)
    if not topics and slug in graph.retired:
        raise _retired(graph.retired[slug])
    return topics


@transaction.atomic
def mark_topics(
    *,
    user: User,
    marks: Sequence[Mark],
    source: Source,
    with_prerequisites: bool = False,
    at: datetime | None = None,
) -> Marked:
    """Set where `user` stands with topics, all of them or none.

    Names the wanted states, so repeating the call changes nothing: a double click or a retried
    request keeps the first time. `with_prerequisites` also marks as done what the topics marked
    as done rest on, except what is skipped. A topic that leaves todo and learning loses its stuck
    flag, and the note with the flag. Locks the person's row, so that two tabs take turns. Raises
    TopicRetired, and ValidationError for a note that does not fit. Five queries.
    """
    graph = current_graph()
    lock_person(user)
    before = person_states(user=user, graph=graph)
    wanted = {}
    for mark in marks:
        _check_stuck_note(mark.stuck_note or "")
        # The caller may have looked just before the catalog moved; then the places have changed.
        if mark.topic.id not in graph.index_by_id:
            raise _retired(mark.topic.title)
        wanted[graph.index_by_id[mark.topic.id]] = mark
    if with_prerequisites:
        for index, mark in list(wanted.items()):
            if mark.state == TopicState.DONE:
                for topic in graph.topics_in(graph.topics[index].ancestors_mask):
                    had = before.current.get(topic.index)
                    if topic.index not in wanted and not (had and had.state == TopicState.SKIPPED):
                        wanted[topic.index] = Mark(topic=topic, state=TopicState.DONE)
    at = at or timezone.now()
    changes: dict[int, StateRow] = {}
    for index, mark in sorted(wanted.items()):
        row = _changed(before.current.get(index), mark, source, at)
        if row is not None:
            changes[index] = row
    batch = new_public_id() if changes else ""
    _write(user, graph, before.current, changes, batch=batch)
    after = PersonStates(current={**before.current, **changes}, retired=before.retired)
    return Marked(batch=batch, graph=graph, before=before, after=after, changed=len(changes))


def merge_guest_marks(*, user: User, marks: Mapping[str, str]) -> Marked:
    """Take over what a guest had marked before signing in; the account's own state wins."""
    graph = current_graph()
    with transaction.atomic():
        lock_person(user)
        own = person_states(user=user, graph=graph).current
        wanted = [
            Mark(topic=topic, state=TopicState(state))
            for slug, state in marks.items()
            if state in TopicState.values
            for topic in graph.successors(slug)
            if topic.index not in own
        ]
        return mark_topics(user=user, marks=wanted, source=Source.MANUAL)


# From the strongest claim to the weakest; a merged topic gets the strongest of its parts.
_STRENGTH = [TopicState.DONE, TopicState.LEARNING, TopicState.SKIPPED, TopicState.TODO]


@transaction.atomic
def carry_ticks(*, moves: Sequence[TopicMove], at: datetime | None = None) -> int:
    """Let people's states follow topics that were split or merged; returns how many rows came.

    Old rows stay. A state that a person already has on a new topic wins over what would come.
    May be repeated. Three queries for each new topic.
    """
    at = at or timezone.now()
    olds: dict[int, list[int]] = {}
    for move in moves:
        for new_id in move.new_ids:
            olds.setdefault(new_id, []).append(move.old_id)
    carried = 0
    for new_id, old_ids in olds.items():
        has_own = TopicProgress.objects.filter(topic_id=new_id).values("user_id")
        best: dict[int, TopicProgress] = {}
        for row in TopicProgress.objects.filter(topic_id__in=old_ids).exclude(user_id__in=has_own):
            known = best.get(row.user_id)
            if known is None or _strength(row) < _strength(known):
                best[row.user_id] = row
        batch = new_public_id()
        TopicProgress.objects.bulk_create(
            TopicProgress(
                user_id=user_id,
                topic_id=new_id,
                state=row.state,
                is_stuck=row.is_stuck,
                stuck_note=row.stuck_note,
                source=row.source,
                changed_at=row.changed_at,
            )
            for user_id, row in best.items()
        )
        Activity.objects.bulk_create(
            Activity(
                user_id=user_id,
                topic_id=new_id,
                batch=batch,
                before_state=TopicState.TODO,
                before_is_stuck=False,
                after_state=row.state,
                after_is_stuck=row.is_stuck,
                after_changed_at=row.changed_at,
                source=row.source,
                at=at,
            )
            for user_id, row in best.items()
        )
        carried += len(best)
    return carried


def _strength(row: TopicProgress) -> int:
    return _STRENGTH.index(TopicState(row.state))


def _changed(had: StateRow | None, mark: Mark, source: Source, at: datetime) -> StateRow | None:
    """The new row, or None when nothing changes."""
    old = (had.state, had.is_stuck, had.stuck_note) if had else (TopicState.TODO, False, "")
    state, is_stuck, note = old
    if mark.state is not None:
        state = mark.state
    if mark.is_stuck is not None:
        is_stuck = mark.is_stuck
    if state in {TopicState.DONE, TopicState.SKIPPED}:
        is_stuck = False
    if mark.stuck_note is not None:
        note = mark.stuck_note.strip()
    if not is_stuck:
        note = ""
    if old == (state, is_stuck, note):
        return None
    return StateRow(state=state, is_stuck=is_stuck, stuck_note=note, source=source, changed_at=at)


def _check_stuck_note(note: str) -> None:
    try:
        check_plain_text(note)
    except ValidationError as error:
        raise ValidationError({"stuck_note": error}) from None
    if len(note) > MAXIMUM_STUCK_NOTE_LENGTH:
        raise ValidationError(
            {"stuck_note": f"Keep this to {MAXIMUM_STUCK_NOTE_LENGTH} characters."}
        )


def _retired(title: str) -> TopicRetired:
    return TopicRetired(
        f"“{title}” is no longer taught, so it cannot be marked. What you did with it is kept."
    )


def _write(
    user: User,
    graph: CatalogGraph,
    before: Mapping[int, StateRow],
    changes: Mapping[int, StateRow],
    *,
    batch: str,
) -> None:
    _states.rows(
        [
            TopicProgress(
                user=user,
                topic_id=graph.topics[index].id,
                state=row.state,
                is_stuck=row.is_stuck,
                stuck_note=row.stuck_note,
                source=row.source,
                changed_at=row.changed_at,
            )
            for index, row in changes.items()
        ]
    )
    activity = []
    for index, row in changes.items():
        had = before.get(index)
        activity.append(
            Activity(
                user=user,
                topic_id=graph.topics[index].id,
                batch=batch,
                before_state=had.state if had else TopicState.TODO,
                before_is_stuck=had.is_stuck if had else False,
                before_stuck_note=had.stuck_note if had else "",
                before_source=had.source if had else "",
                before_changed_at=had.changed_at if had else None,
                after_state=row.state,
                after_is_stuck=row.is_stuck,
                after_changed_at=row.changed_at,
                source=row.source,
                at=row.changed_at,
            )
        )
    _activity.rows(activity)


_states = Insert(
    TopicProgress,
    unique=["user", "topic"],
    update=["state", "is_stuck", "stuck_note", "source", "changed_at"],
)
_activity = Insert(Activity)
