"""What a page or a call costs the database does not depend on how much there is."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from catalog.graph import current_graph
from tests.factories import (
    make_answer,
    make_assignment,
    make_delivery,
    make_meeting,
    make_question,
    make_token,
    make_user,
)
from tests.permissions import ROWS, World, make_world
from tracker.actions.assignment_progress import mark_mine
from tracker.actions.invitations import create_invitation
from tracker.actions.notes import write_note
from tracker.actions.notices import tell
from tracker.actions.progress import Mark, mark_topics
from tracker.actions.reviews import grade_review
from tracker.actions.sessions import log_session
from tracker.actions.units import mark_unit
from tracker.models import (
    AssignmentState,
    Ban,
    Grade,
    GroupRole,
    JoinRequest,
    Membership,
    NoticeKind,
    Source,
    TopicState,
)

pytestmark = pytest.mark.django_db
READS = [row for row in ROWS if row.method == "GET" and row.cell("D") == "200"]


def grow(world: World, places: range) -> None:
    """One more of everything for each of `places`."""
    graph, now, group, leader = current_graph(), timezone.now(), world.group, world.people["D"]
    units = graph.resources["mml-book"].units
    draft_units = next(one.units for one in graph.resources.values() if len(one.units) > 20)
    for place in places:
        at = now - timedelta(days=place + 1)
        member, topic = make_user(name=f"Member {place}"), graph.topics[place]
        Membership.objects.create(
            group=group, user=member, role=GroupRole.MEMBER, joined_at=at, shares_readiness=True
        )
        for person in (member, leader):
            marks = [Mark(topic=topic, state=TopicState.DONE)]
            mark_topics(user=person, marks=marks, source=Source.MANUAL, at=at)
            mark_unit(user=person, unit=units[place], is_done=True)
            grade_review(user=person, topic=topic, grade=Grade.GOOD, at=at)
            log_session(user=person, minutes=20, topic=topic, at=at)
            write_note(user=person, topic=topic, body="A note.")
        stuck = Mark(topic=graph.topics[-place - 1], state=TopicState.LEARNING, is_stuck=True)
        mark_topics(user=member, marks=[stuck], source=Source.MANUAL)
        due_on = (now + timedelta(days=7 * place)).date()
        assignment = make_assignment(group, units[2 + place].id, due_on=due_on, position=place)
        mark_mine(user=member, assignment=assignment, state=AssignmentState.READING)
        make_assignment(group, draft_units[place].id, due_on=due_on, is_draft=True)
        question = make_question(group, member)
        make_answer(question, leader)
        make_meeting(group, title=f"Meeting {place}", starts_on=due_on)
        create_invitation(user=leader, group=group)
        make_token(leader)
        make_delivery(group)
        Ban.objects.create(group=group, user=make_user(), banned_at=at)
        JoinRequest.objects.create(group=group, user=make_user(), asked_at=at)
        tell(people=[leader], kind=NoticeKind.NUDGE, key=f"{place}", text="Hello.", address="/")


def look_at_all(world: World, count_queries) -> dict[str, tuple[int, int]]:
    """How many queries each read makes for the leader and how long its answer is, by its name."""
    found = {}
    for row in READS:
        client = world.browser("D")
        with transaction.atomic():
            with count_queries() as queries:
                response = world.call(client, row, "D")
                size = len(response.getvalue())
            transaction.set_rollback(True)
        assert response.status_code == 200, row
        found[str(row)] = len(queries), size
    return found


def test_no_read_asks_the_database_more_where_there_is_more(catalog, count_queries):
    world = make_world()
    grow(world, range(3))
    few = look_at_all(world, count_queries)

    grow(world, range(3, 9))
    many = look_at_all(world, count_queries)

    grown = {name for name in few if many[name][1] > few[name][1]}
    assert len(grown) > 30, "there is not more to be seen"
    costs = {name: (few[name][0], many[name][0]) for name in few}
    assert {name: cost for name, cost in costs.items() if cost[1] > cost[0]} == {}
