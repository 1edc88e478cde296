"""The world that `make bench` measures on: always the same one, and true to the rules."""

import zoneinfo
from collections import defaultdict
from datetime import UTC, date, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Count

from tests.factories import make_user
from tracker.management.copying import Table, without_indexes
from tracker.management.world import TABLES
from tracker.models import (
    Activity,
    Assignment,
    Membership,
    StudyGroup,
    StudySession,
    TopicProgress,
    UnitProgress,
    User,
)

UNTIL = date(2026, 11, 1)
USERS, GROUPS = 100, 6


def world(*, seed=7, **more):
    said = StringIO()
    given = {"users": USERS, "groups": GROUPS, "until": UNTIL} | more
    call_command("demo_world", seed=seed, stdout=said, **given)
    return said.getvalue()


def content():
    """Everything in the tables but the keys that the database gives."""
    return {
        table.name: sorted(map(repr, table.model._default_manager.values_list(*table.columns)))
        for table in TABLES
    }


def test_a_world_has_a_year_of_everything_and_agrees_with_itself(catalog):
    said = world()

    assert "  users: 100\n" in said
    assert "  memberships: 120\n" in said
    sizes = {table.name: table.model._default_manager.count() for table in TABLES}
    assert min(sizes.values()) > 0
    assert 20 < TopicProgress.objects.count() / USERS < 45
    days = StudySession.objects.order_by("day").values_list("day", flat=True)
    assert (days[len(days) - 1] - days[0]).days > 300
    check_the_log()
    check_the_groups()
    # The database counts on from there.
    make_user("late@example.org")


def check_the_log():
    """The last entry about each thing is where its person stands, and each starts at the former."""
    seen: dict[tuple[int, int | None, int | None], Activity] = {}
    for row in Activity.objects.select_related("user").order_by("at", "pk"):
        key = (row.user_id, row.topic_id, row.unit_id)
        before = seen.get(key)
        assert row.before_state == (before.after_state if before else "todo")
        assert row.before_changed_at == (before.after_changed_at if before else None)
        assert row.before_source == (before.source if before else "")
        assert row.user.joined_at <= row.at < datetime(2026, 11, 1, tzinfo=UTC)
        seen[key] = row
    topics = {
        (row.user_id, row.topic_id, None): (row.state, row.is_stuck, row.source, row.changed_at)
        for row in TopicProgress.objects.all()
    }
    units = {(row.user_id, None, row.unit_id): row.done_at for row in UnitProgress.objects.all()}
    assert set(seen) == set(topics) | set(units)
    for key, row in seen.items():
        if key in units:
            assert (row.after_state, row.after_changed_at) == ("done", units[key])
        else:
            told = (row.after_state, row.after_is_stuck, row.source, row.after_changed_at)
            assert told == topics[key]


def check_the_groups():
    roles = defaultdict(list)
    for membership in Membership.objects.select_related("user", "group"):
        roles[membership.group_id].append(membership.role)
        assert membership.user.joined_at < membership.group.created_at == membership.joined_at
    assert {tuple(sorted(found)) for found in roles.values()} == {("leader", *["member"] * 19)}
    for one in Assignment.objects.select_related("group"):
        local = one.due_at.astimezone(zoneinfo.ZoneInfo(one.group.time_zone))
        assert (local.date(), local.time()) == (one.due_on, one.due_time)
    sizes = StudyGroup.objects.annotate(size=Count("assignments")).values_list("size", flat=True)
    assert set(sizes) == {20}


def test_the_same_seed_makes_the_same_world_and_another_one_does_not(catalog):
    found = []
    for seed in (7, 7, 8):
        world(seed=seed, users=40, groups=2)
        found.append(content())
        for table in reversed(TABLES):
            table.model._default_manager.all().delete()

    assert found[0] == found[1]
    assert found[0] != found[2]


def test_nobody_of_the_world_can_sign_in(catalog):
    world(users=1, groups=0)

    assert not User.objects.get().has_usable_password()


def test_a_database_with_people_is_left_alone_unless_told(catalog, ada):
    with pytest.raises(CommandError, match="has people in it"):
        world()

    world(users=20, groups=1, beside=True)

    assert User.objects.count() == 21


def test_too_few_people_for_a_group_are_refused(catalog):
    with pytest.raises(CommandError, match="--users 20 or more"):
        world(users=19, groups=1)


def test_without_a_catalog_there_is_nothing_to_learn(db, monkeypatch):
    monkeypatch.setattr("tracker.management.commands.demo_world.current_graph", empty_graph)

    with pytest.raises(CommandError, match="load_catalog"):
        world()


def empty_graph():
    from tests.factories import make_graph

    return make_graph([])


@pytest.mark.postgresql
def test_indexes_and_foreign_keys_come_back_as_they_were(db):
    def kept():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT indexdef FROM pg_indexes WHERE tablename = 'tracker_activity'"
                " UNION ALL SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE conrelid = 'tracker_activity'::regclass AND contype <> 'n'"
            )
            return sorted(row[0] for row in cursor.fetchall())

    before = kept()
    with without_indexes([Table(Activity, ("id",))]):
        during = kept()

    assert kept() == before
    assert len(during) < len(before) / 2
