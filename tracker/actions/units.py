"""Marking chapters done, and the topics that this proposes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from catalog.graph import CatalogGraph, TopicNode, UnitNode, current_graph
from tracker.actions.locking import lock_person
from tracker.models import Activity, Source, TopicState, UnitProgress, User
from tracker.models.ids import new_public_id
from tracker.summaries.people import person_states
from tracker.summaries.standing import Standing
from tracker.summaries.units import done_units, proposed_topics


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitMarked:
    """What marking a unit did. `batch` is empty when nothing changed, else it can be undone.

    `proposed` are the topics that the unit teaches, whose covering units of its resource are all
    done now, and which the person has neither done nor skipped. `done` and `standing` are where the
    person stands now, over `graph`.
    """

    batch: str
    done_at: datetime | None
    proposed: tuple[TopicNode, ...]
    graph: CatalogGraph
    done: Mapping[int, datetime]
    standing: Standing


@transaction.atomic
def mark_unit(
    *, user: User, unit: UnitNode, is_done: bool, at: datetime | None = None
) -> UnitMarked:
    """Say whether `user` has done `unit`. Repeating it keeps the first time.

    Never touches a topic: what is proposed is ticked by `mark_topics` once the person agrees, and
    unmarking takes no tick away. Locks the person's row. Six queries.
    """
    lock_person(user)
    done = done_units(user=user)
    had = done.get(unit.id)
    at = at or timezone.now()
    batch = ""
    if is_done != (had is not None):
        batch = new_public_id()
        if is_done:
            UnitProgress.objects.create(user=user, unit_id=unit.id, done_at=at)
            done = {**done, unit.id: at}
        else:
            UnitProgress.objects.filter(user=user, unit_id=unit.id).delete()
            done = {unit_id: moment for unit_id, moment in done.items() if unit_id != unit.id}
        Activity.objects.create(
            user=user,
            unit_id=unit.id,
            batch=batch,
            before_state=TopicState.DONE if had else TopicState.TODO,
            before_is_stuck=False,
            before_source=Source.MANUAL if had else "",
            before_changed_at=had,
            after_state=TopicState.DONE if is_done else TopicState.TODO,
            after_is_stuck=False,
            after_changed_at=at if is_done else None,
            source=Source.MANUAL,
            at=at,
        )
    graph = current_graph()
    standing = person_states(user=user, graph=graph).standing(graph)
    return UnitMarked(
        batch=batch,
        done_at=done.get(unit.id),
        proposed=proposed_topics(graph, unit, done, standing),
        graph=graph,
        done=done,
        standing=standing,
    )
