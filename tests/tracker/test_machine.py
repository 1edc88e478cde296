"""Anything that people can do, in any order: what has to hold all the same.

Hypothesis chooses who does what, allowed or not. A refusal is fine; a broken rule is not, and what
the API shows to each person has to be what a model of dicts says.
"""

import os
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F
from django.test import Client
from hypothesis import Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from catalog.graph import current_graph
from mlmath.errors import DomainError, NotFound, PermissionDenied
from tracker.actions.assignment_progress import mark_mine
from tracker.actions.assignments import assign_units, remove_assignment, restore_assignment
from tracker.actions.groups import create_group, delete_group
from tracker.actions.history import undo
from tracker.actions.invitations import create_invitation, join_group, revoke_invitation
from tracker.actions.members import change_role, leave_group, remove_member, unban
from tracker.actions.people import delete_account
from tracker.actions.questions import ask_question
from tracker.actions.tokens import create_token, revoke_token
from tracker.models import (
    Activity,
    Assignment,
    AssignmentState,
    Ban,
    GroupRole,
    Invitation,
    Membership,
    Question,
    Recipient,
    Scope,
    StudyGroup,
    TopicState,
    UnitProgress,
    User,
)
from tracker.summaries.group_progress import group_progress
from tracker.summaries.groups import my_groups
from tracker.summaries.members import group_head
from tracker.summaries.my_assignments import my_assignments
from tracker.summaries.questions import questions_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
REFUSALS = (DomainError, NotFound, PermissionDenied, ValidationError)
REFUSED = object()
PEOPLE, CHAPTERS, TOPICS = 4, 4, 5
# Parts of a hundred runs that several processes take: two on PostgreSQL, which decides, and another
# on SQLite. `make fuzz` goes five parts' ways on PostgreSQL.
IS_LONG, RUNS = bool(os.environ.get("FUZZ_EXAMPLES")), 100
PARTS = range(5 if IS_LONG else 2) if connection.vendor == "postgresql" else range(2, 3)

who = st.integers(0, PEOPLE - 1)
# Half of the time whoever leads the group, so that enough is done at all.
leading = st.sampled_from([*range(PEOPLE), *[None] * PEOPLE])
which = st.integers(0, CHAPTERS - 1)
some_topic = st.integers(0, TOPICS - 1)


class Product(RuleBasedStateMachine):
    """A handful of people; `tried` counts what they did and `done` what was not refused.

    The model: `ticks` of each person, by slug, with the batches that led there; `roles` in each
    live group, by the person's id; the live `secrets` of each person and the `dead` ones.
    """

    groups = Bundle("groups")
    codes = Bundle("codes")
    tried: Counter[str] = Counter()
    done: Counter[str] = Counter()
    client = Client()

    def __init__(self):
        super().__init__()
        # What a run leaves behind is taken back when it ends.
        self.run = transaction.atomic()
        self.run.__enter__()
        self.steps = 0
        self.people: list[User] = []
        self.ticks: dict[str, dict[str, str]] = {}
        self.batches: dict[str, list[tuple[str, str, str]]] = {}
        self.roles: dict[int, dict[str, str]] = {}
        self.secrets: dict[str, list[tuple[str, str]]] = {}
        self.dead: list[str] = []
        for number in range(PEOPLE):
            self.people.append(self.somebody(number))
        graph = current_graph()
        self.units = graph.resources["mml-book"].units[:CHAPTERS]
        self.topics = graph.topics[:TOPICS]
        self.joins: Counter[int] = Counter()

    def teardown(self):
        transaction.set_rollback(True)
        self.run.__exit__(None, None, None)

    def somebody(self, number):
        """A new person with a token that nobody revokes."""
        person = User.objects.create(email=f"p{number}@example.org", name=f"Person {number}")
        new = create_token(user=person, name="key", scopes=Scope, at=self.at)
        self.secrets[person.public_id] = [(new.token.public_id, new.secret)]
        self.ticks[person.public_id] = {}
        self.batches[person.public_id] = []
        return person

    @property
    def at(self):
        """Every step is a minute after the one before."""
        return NOW + timedelta(minutes=self.steps)

    def attempt(self, act, **arguments):
        """What `act` returns, REFUSED where it refuses."""
        self.steps += 1
        self.tried[act.__name__] += 1
        try:
            with transaction.atomic():
                result = act(**arguments)
        except REFUSALS:
            return REFUSED
        self.done[act.__name__] += 1
        return result

    def leader(self, group, number):
        """The person of that number; None is one of the group's leaders, if it has any."""
        if number is not None:
            return self.people[number]
        place = Membership.objects.filter(group=group, role=GroupRole.LEADER).first()
        return place.user if place else self.people[0]

    @initialize(target=groups, number=who, members=st.sets(who))
    def begin(self, number, members):
        """A group that reads, with some people in it, of whom each has done something."""
        for one in range(PEOPLE):
            self.make_token(one)
            self.tick(one, one, TopicState.DONE)
        leader = self.people[number]
        group = create_group(user=leader, name="First", time_zone="UTC", at=self.at)
        self.roles[group.pk] = {leader.public_id: GroupRole.LEADER}
        code = create_invitation(user=leader, group=group, at=self.at)
        for one in members - {number}:
            join_group(user=self.people[one], code=code.code, at=self.at)
            self.roles[group.pk][self.people[one].public_id] = GroupRole.MEMBER
        self.joins[code.invitation.pk] = len(members - {number})
        dates = [(unit, NOW + timedelta(days=7)) for unit in self.units[:2]]
        assign_units(user=leader, group=group, dates=dates, at=self.at)
        return group

    @rule(target=groups, number=who)
    def create(self, number):
        group = self.attempt(
            create_group, user=self.people[number], name="Another", time_zone="UTC", at=self.at
        )
        if group is REFUSED:
            return multiple()
        self.roles[group.pk] = {self.people[number].public_id: GroupRole.LEADER}
        return group

    @rule(group=groups, number=leading)
    def delete(self, group, number):
        user = self.leader(group, number)
        if self.attempt(delete_group, user=user, group=group, at=self.at) is not REFUSED:
            self.roles.pop(group.pk, None)

    @rule(target=codes, group=groups, number=leading, max_uses=st.sampled_from([None, 1, 2]))
    def invite(self, group, number, max_uses):
        made = self.attempt(
            create_invitation,
            user=self.leader(group, number),
            group=group,
            max_uses=max_uses,
            at=self.at,
        )
        return multiple() if made is REFUSED else made

    @rule(code=codes, number=leading)
    def revoke(self, code, number):
        invitation = code.invitation
        self.attempt(
            revoke_invitation,
            user=self.leader(invitation.group, number),
            group=invitation.group,
            public_id=invitation.public_id,
            at=self.at,
        )

    @rule(code=codes, number=who)
    def join(self, code, number):
        invitation, person = code.invitation, self.people[number]
        was_banned = Ban.objects.filter(group=invitation.group_id, user=person).exists()
        joined = self.attempt(join_group, user=person, code=code.code, at=self.at)
        if joined is not REFUSED and joined.is_new:
            self.joins[invitation.pk] += 1
            self.roles[invitation.group_id][person.public_id] = GroupRole.MEMBER
            assert not was_banned

    @rule(group=groups, number=who)
    def leave(self, group, number):
        person = self.people[number]
        if self.attempt(leave_group, user=person, group=group) is True:
            del self.roles[group.pk][person.public_id]

    @rule(group=groups, number=leading, other=who, bans=st.booleans())
    def remove(self, group, number, other, bans):
        removed = self.attempt(
            remove_member,
            user=self.leader(group, number),
            group=group,
            member=self.people[other],
            bans=bans,
            at=self.at,
        )
        if removed is True:
            del self.roles[group.pk][self.people[other].public_id]

    @rule(group=groups, number=leading, other=who)
    def let_in_again(self, group, number, other):
        self.attempt(unban, user=self.leader(group, number), group=group, person=self.people[other])

    @rule(group=groups, number=leading, other=who, role=st.sampled_from(GroupRole))
    def promote_or_demote(self, group, number, other, role):
        changed = self.attempt(
            change_role,
            user=self.leader(group, number),
            group=group,
            member=self.people[other],
            role=role,
            at=self.at,
        )
        if changed is not REFUSED:
            self.roles[group.pk][self.people[other].public_id] = role

    @rule(group=groups, number=leading, other=st.none() | who, chapters=st.sets(which, min_size=1))
    def assign(self, group, number, other, chapters):
        self.attempt(
            assign_units,
            user=self.leader(group, number),
            group=group,
            dates=[(self.units[one], NOW + timedelta(days=7 + one)) for one in sorted(chapters)],
            recipients=None if other is None else [self.people[other]],
            at=self.at,
        )

    @rule(group=groups, number=leading)
    def take_away(self, group, number):
        row = Assignment.objects.live().filter(group=group).select_related("group").last()
        if row is not None:
            user = self.leader(group, number)
            self.attempt(remove_assignment, user=user, assignment=row, at=self.at)

    @rule(group=groups, number=leading)
    def bring_back(self, group, number):
        rows = Assignment.objects.filter(group=group).exclude(deleted_at=None)
        row = rows.select_related("group").last()
        if row is not None:
            user = self.leader(group, number)
            self.attempt(restore_assignment, user=user, assignment=row, at=self.at)

    @rule(group=groups, number=who, state=st.sampled_from(AssignmentState))
    def mark(self, group, number, state):
        rows = Assignment.objects.live().filter(group=group)
        row = rows.select_related("group").last()
        if row is not None:
            self.attempt(
                mark_mine, user=self.people[number], assignment=row, state=state, at=self.at
            )

    @rule(group=groups, number=who)
    def ask(self, group, number):
        self.attempt(
            ask_question,
            user=self.people[number],
            group=group,
            title="Why?",
            body="Because.",
            at=self.at,
        )

    @rule(number=who)
    def delete_person(self, number):
        """Somebody else with the same address takes the place of whoever is gone."""
        person = self.people[number]
        if self.attempt(delete_account, user=person) is REFUSED:
            return
        self.dead += [secret for _, secret in self.secrets.pop(person.public_id)]
        for roles in self.roles.values():
            roles.pop(person.public_id, None)
        self.roles = {group: roles for group, roles in self.roles.items() if roles}
        self.people[number] = self.somebody(number)

    @rule(number=who, topic=some_topic, state=st.sampled_from(TopicState))
    def tick(self, number, topic, state):
        """Through the API, as a program does."""
        self.steps += 1
        person, slug = self.people[number], self.topics[topic].slug
        answer = self.call(person, "put", f"/me/topics/{slug}/", {"state": state})
        assert answer.status_code == 200
        ticks = self.ticks[person.public_id]
        before = ticks.get(slug, TopicState.TODO)
        ticks[slug] = state
        if before != state:
            batch = Activity.objects.filter(user=person).latest("pk").batch
            self.batches[person.public_id].append((batch, slug, before))

    @rule(number=who)
    def undo_the_last_tick(self, number):
        person = self.people[number]
        if self.batches[person.public_id]:
            batch, slug, before = self.batches[person.public_id].pop()
            assert self.attempt(undo, user=person, batch=batch, at=self.at) == 1
            self.ticks[person.public_id][slug] = before

    @rule(number=who, other=who)
    def undo_what_somebody_else_did(self, number, other):
        batches = self.batches[self.people[other].public_id]
        if number != other and batches:
            assert self.attempt(undo, user=self.people[number], batch=batches[-1][0]) is REFUSED

    @rule(number=who)
    def make_token(self, number):
        person = self.people[number]
        new = self.attempt(
            create_token, user=person, name="another", scopes=[Scope.READ], at=self.at
        )
        self.secrets[person.public_id].append((new.token.public_id, new.secret))

    @rule(number=who)
    def revoke_token(self, number):
        person = self.people[number]
        tokens = self.secrets[person.public_id]
        if len(tokens) > 1:
            public_id, secret = tokens.pop()
            assert self.attempt(revoke_token, user=person, public_id=public_id, at=self.at)
            self.dead.append(secret)

    @rule(number=who, other=who)
    def revoke_the_token_of_somebody_else(self, number, other):
        if number != other:
            public_id, _ = self.secrets[self.people[other].public_id][-1]
            assert not revoke_token(user=self.people[number], public_id=public_id, at=self.at)

    def call(self, person, method, path, data=None):
        """The answer of the API to `person`."""
        return self.call_with(self.secrets[person.public_id][0][1], method, path, data)

    def call_with(self, secret, method, path, data=None):
        return getattr(self.client, method)(
            f"/api/v1{path}",
            data=data,
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )

    @precondition(lambda self: self.steps % 6 == 0)
    @invariant()
    def the_api_shows_each_person_what_the_model_says(self):
        for person in self.people:
            rows = self.call(person, "get", "/me/topics/?all=true&page_size=200").json()["results"]
            found = {row["slug"]: row["state"] for row in rows if row["state"] != TopicState.TODO}
            ticks = self.ticks[person.public_id]
            assert found == {
                slug: state for slug, state in ticks.items() if state != TopicState.TODO
            }
        for group in StudyGroup.objects.all():
            roles = self.roles.get(group.pk, {})
            for person in self.people:
                answer = self.call(person, "get", f"/groups/{group.public_id}/members/")
                assert answer.status_code == (200 if person.public_id in roles else 404)
                if answer.status_code == 200:
                    # Observers see the members who have agreed to it: here nobody has.
                    looks_on = roles[person.public_id] == GroupRole.OBSERVER
                    rows = answer.json()["results"]
                    assert {row["id"]: row["role"] for row in rows} == {
                        one: role
                        for one, role in roles.items()
                        if not (looks_on and role == GroupRole.MEMBER)
                    }
        for tokens in self.secrets.values():
            for _, secret in tokens:
                assert self.call_with(secret, "get", "/me/").status_code == 200
        for secret in self.dead:
            assert self.call_with(secret, "get", "/me/").status_code == 401

    @invariant()
    def every_live_group_is_led(self):
        led = Membership.objects.filter(role=GroupRole.LEADER).values("group")
        assert not StudyGroup.objects.filter(deleted_at=None).exclude(pk__in=led).exists()

    @invariant()
    def nobody_and_nothing_is_there_twice(self):
        places = Membership.objects.values_list("group", "user")
        assert len(places) == len(set(places))
        assigned = Assignment.objects.live().values_list("group", "unit")
        assert len(assigned) == len(set(assigned))

    @invariant()
    def nobody_who_is_banned_is_in(self):
        banned = set(Ban.objects.values_list("group", "user"))
        assert banned.isdisjoint(Membership.objects.values_list("group", "user"))

    @invariant()
    def codes_are_used_as_often_as_people_came_by_them_and_never_too_often(self):
        assert not Invitation.objects.filter(uses__gt=F("max_uses")).exists()
        for pk, uses in Invitation.objects.values_list("pk", "uses"):
            assert uses == self.joins[pk]

    @precondition(lambda self: self.steps % 6 == 0)
    @invariant()
    def everybody_sees_just_what_they_may(self):
        places = {
            (place.group_id, place.user_id): place
            for place in Membership.objects.select_related("user")
        }
        dead = set(StudyGroup.objects.exclude(deleted_at=None).values_list("pk", flat=True))
        for group in StudyGroup.objects.all():
            for person in self.people:
                place = places.get((group.pk, person.pk))
                if place is None or group.pk in dead:
                    with pytest.raises(NotFound):
                        group_head(user=person, group_id=group.public_id, graph=current_graph())
        for person in self.people:
            mine = {pk for pk, user in places if user == person.pk} - dead
            assert {group.pk for group in my_groups(person)} == mine
            self.owes_just_what_is_theirs(person, mine)

    def owes_just_what_is_theirs(self, person, mine):
        """By looking at every assignment for itself."""
        places = Membership.objects.filter(user=person).exclude(role=GroupRole.OBSERVER)
        taking_part = set(places.values_list("group", flat=True)) & mine
        given = set(Recipient.objects.filter(user=person).values_list("assignment", flat=True))
        expected = {
            row.public_id
            for row in Assignment.objects.filter(deleted_at=None, is_draft=False)
            if row.group_id in taking_part and (row.is_for_everyone or row.pk in given)
        }
        found = my_assignments(user=person, graph=current_graph(), at=self.at)
        assert {one.id for one in found} == expected

    @precondition(lambda self: self.steps % 6 == 0)
    @invariant()
    def numbers_are_those_that_one_counts_oneself(self):
        done = set(UnitProgress.objects.values_list("user", "unit"))
        given: dict[int, set[int]] = {}
        for assignment, user in Recipient.objects.values_list("assignment", "user"):
            given.setdefault(assignment, set()).add(user)
        for place in Membership.objects.filter(role=GroupRole.LEADER, group__deleted_at=None):
            self.look_at(place, done, given)

    def look_at(self, place, done, given):
        """What one leader sees, against the rows."""
        group = place.group
        head = group_head(user=place.user, group_id=group.public_id, graph=current_graph())
        members = set(
            Membership.objects.filter(group=group)
            .exclude(role=GroupRole.OBSERVER)
            .values_list("user", flat=True)
        )
        assert head.member_count == len(members)
        progress = group_progress(head=head, graph=current_graph(), at=self.at)
        rows = Assignment.objects.live().filter(group=group, is_draft=False)
        expected = {}
        for row in rows:
            readers = members if row.is_for_everyone else members & given.get(row.pk, set())
            expected[row.public_id] = (
                sum((user, row.unit_id) in done for user in readers),
                len(readers),
            )
        assert {one.id: (one.done, one.total) for one in progress.columns} == expected
        assert {one.user_id for one in progress.rows} == members
        asked = Question.objects.filter(group=group, deleted_at=None).count()
        assert questions_of(head=head, user=place.user).count() == asked


@pytest.mark.parametrize("part", PARTS)
def test_whatever_people_do_the_product_keeps_its_rules(part, db, catalog):
    Product.tried.clear()
    Product.done.clear()

    run_state_machine_as_test(
        # Each part goes other ways, and the same ones every time.
        seed(part)(Product),
        settings=settings(max_examples=RUNS, stateful_step_count=12, derandomize=False),
    )

    # A machine whose every step is refused would prove nothing.
    assert len(Product.done) > 12
    assert Product.done.total() > Product.tried.total() / 3


def test_the_machine_notices_a_token_that_outlives_its_revocation(db, catalog, monkeypatch):
    monkeypatch.setattr(f"{__name__}.revoke_token", lambda **_: True)

    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            Product,
            settings=settings(max_examples=RUNS, stateful_step_count=12, phases=[Phase.generate]),
        )
