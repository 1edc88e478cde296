"""A large made-up world: who learns what, who reads with whom, and a year of it all.

Everything follows from the seed, the sizes and the last day, so that two worlds can be compared.
Nobody in it can sign in: there are no passwords. The log agrees with the states, as if every tick
had been made by hand.
"""

import random
import zoneinfo
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from operator import itemgetter

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction

from catalog.graph import CatalogGraph, TopicNode, current_graph
from tracker.management.copying import Row, Table, move_sequences, next_id, tidy, without_indexes
from tracker.models import (
    Activity,
    AnswerToAssignment,
    Assignment,
    AssignmentProgress,
    GroupRole,
    Membership,
    Notice,
    NoticeKind,
    Source,
    StudyGroup,
    StudySession,
    TopicProgress,
    TopicState,
    UnitProgress,
    User,
    Visibility,
)
from tracker.models.assignments import END_OF_DAY
from tracker.models.ids import PUBLIC_ID_LENGTH

GROUP_SIZE = 20
CHAPTERS = 20
# Written at once. Within such a block rows come in order of time, so that those of one person lie
# as far apart as they would after a year.
BLOCK = 1_000
YEAR = timedelta(days=365)

ZONES = ("UTC", "Europe/Lisbon", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Tokyo")
FIRST_NAMES = (
    "Ada",
    "Alan",
    "Carl",
    "Emmy",
    "Grace",
    "Henri",
    "Katherine",
    "Kurt",
    "Maryam",
    "Sofia",
)
LAST_NAMES = (
    "Bell",
    "Castro",
    "Dijkstra",
    "Euler",
    "Fischer",
    "Gauss",
    "Hopper",
    "Ito",
    "Jones",
    "Li",
)
STUDY_DAYS_MASKS = (0b1111111, 0b0011111, 0b1010101, 0b1100000)
STUCK_NOTE = "Why may the order of the two be changed?"
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"

# How many topics somebody has touched: the fewest, the most, and what is usual.
TOPICS = (0, 80, 20)
SESSIONS = 12

PEOPLE = Table(
    User,
    (
        "id", "public_id", "password", "email", "name", "role_id", "minutes_per_day",
        "study_days_mask", "time_zone", "joined_at",
    ),
)  # fmt: skip
ADDRESSES = Table(EmailAddress, ("user_id", "email", "verified", "primary"))
GROUPS = Table(
    StudyGroup, ("id", "public_id", "name", "time_zone", "resource_id", "visibility", "created_at")
)
MEMBERSHIPS = Table(
    Membership,
    ("group_id", "user_id", "role", "shares_readiness", "joined_at", "last_active_on"),
)
ASSIGNMENTS = Table(
    Assignment,
    (
        "id", "public_id", "group_id", "unit_id", "due_on", "due_at", "position", "batch",
        "created_at", "changed_at",
    ),
)  # fmt: skip
STATES = Table(
    TopicProgress,
    ("user_id", "topic_id", "state", "is_stuck", "stuck_note", "source", "changed_at"),
)
CHAPTERS_READ = Table(UnitProgress, ("user_id", "unit_id", "done_at"))
READING = Table(
    AssignmentProgress, ("assignment_id", "user_id", "is_reading", "answer", "changed_at")
)
LOG = Table(
    Activity,
    (
        "public_id", "user_id", "topic_id", "unit_id", "batch", "before_state", "before_is_stuck",
        "before_source", "before_changed_at", "after_state", "after_is_stuck", "after_changed_at",
        "source", "at",
    ),
)  # fmt: skip
SESSIONS_LOGGED = Table(
    StudySession, ("public_id", "user_id", "topic_id", "minutes", "started_at", "day")
)
NOTICES = Table(
    Notice,
    (
        "public_id", "user_id", "kind", "key", "group_id", "text", "address", "read_at", "told_at",
    ),
)  # fmt: skip
# Their last column says when.
HAPPENINGS = (STATES, CHAPTERS_READ, READING, LOG, SESSIONS_LOGGED, NOTICES)
TABLES = (PEOPLE, ADDRESSES, GROUPS, MEMBERSHIPS, ASSIGNMENTS, *HAPPENINGS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Chapter:
    """A unit that a group reads, and by when."""

    assignment_id: int
    unit_id: int
    due_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    id: int
    public_id: str
    created_at: datetime
    chapters: tuple[Chapter, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    id: int
    zone: zoneinfo.ZoneInfo
    joined_at: datetime
    topics: tuple[TopicNode, ...]
    groups: tuple[Group, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    """A topic or a unit, from one state to another; `since` is when it came to the first one."""

    topic_id: int | None = None
    unit_id: int | None = None
    before: TopicState
    after: TopicState
    is_stuck: bool = False
    was: Source | None = None
    since: datetime | None = None
    source: Source = Source.MANUAL


@dataclass(kw_only=True)
class World:
    """What all people of one world share, and the rows that are still to be written."""

    users: int
    until: datetime
    chance: random.Random
    graph: CatalogGraph
    first_user: int
    groups: list[Group] = field(default_factory=list)
    rows: dict[Table, list[Row]] = field(default_factory=lambda: {one: [] for one in TABLES})

    def new_id(self) -> str:
        return "".join(self.chance.choices(_LETTERS, k=PUBLIC_ID_LENGTH))

    def moments(self, count: int, since: datetime) -> list[datetime]:
        """So many moments between `since` and the end of the world, the first one first."""
        span = (self.until - since).total_seconds()
        seconds = sorted(self.chance.random() * span for _ in range(count))
        return [since + timedelta(seconds=int(one)) for one in seconds]

    def members_of(self, place: int) -> list[int]:
        """The numbers of the people in the group at `place`; its leader comes first."""
        return [(place * GROUP_SIZE + seat) % self.users for seat in range(GROUP_SIZE)]

    def groups_of(self, number: int) -> tuple[Group, ...]:
        """The groups that the person with that number is in."""
        seats = range(number, len(self.groups) * GROUP_SIZE, self.users)
        return tuple(self.groups[seat // GROUP_SIZE] for seat in seats)


def make_world(*, users: int, groups: int, seed: int, until: date) -> Counter[str]:
    """Write a world of so many people and groups, with all that they did in the year to `until`.

    One transaction. Needs the catalog, and at least twenty people for a group. Returns how many
    rows came into each table, by its name.
    """
    world = World(
        users=users,
        until=datetime.combine(until, time(0), UTC),
        chance=random.Random(seed),  # noqa: S311  # nothing in it is a secret
        graph=current_graph(),
        first_user=next_id(User),
    )
    counts: Counter[str] = Counter()
    with transaction.atomic(), without_indexes(TABLES):
        first_group, first_assignment = next_id(StudyGroup), next_id(Assignment)
        for place in range(groups):
            _found_group(world, place, first_group + place, first_assignment + place * CHAPTERS)
        for number in range(users):
            _live(world, number)
            if (number + 1) % BLOCK == 0:
                _write(world, counts)
        _write(world, counts)
        move_sequences(TABLES)
    tidy(TABLES)
    return counts


def _write(world: World, counts: Counter[str]) -> None:
    for table, rows in world.rows.items():
        if table in HAPPENINGS:
            rows.sort(key=itemgetter(-1))
        table.write(rows)
        counts[str(table.model._meta.verbose_name_plural)] += len(rows)
        rows.clear()


def _found_group(world: World, place: int, key: int, first_assignment: int) -> None:
    """A group of twenty in the middle of a book, a chapter a week."""
    chance = world.chance
    books = [book for book in world.graph.resources.values() if len(book.units) >= CHAPTERS]
    book = chance.choice(books)
    zone_name = chance.choice(ZONES)
    zone = zoneinfo.ZoneInfo(zone_name)
    group_id, batch = world.new_id(), world.new_id()
    weeks = CHAPTERS // 2
    created_at = world.until - timedelta(weeks=weeks + 1, hours=chance.randrange(24 * 28))
    first_due_on = (
        world.until.date() + timedelta(days=chance.randrange(1, 8)) - timedelta(weeks=weeks)
    )
    name = f"{chance.choice(LAST_NAMES)}’s readers {place + 1}"
    visibility = Visibility.PUBLIC if chance.random() < 0.3 else Visibility.PRIVATE
    world.rows[GROUPS].append(
        (key, group_id, name, zone_name, book.id, visibility.value, created_at)
    )
    chapters = []
    for week, unit in enumerate(book.units[:CHAPTERS]):
        due_on = first_due_on + timedelta(weeks=week)
        due_at = datetime.combine(due_on, END_OF_DAY, zone).astimezone(UTC)
        one = Chapter(assignment_id=first_assignment + week, unit_id=unit.id, due_at=due_at)
        chapters.append(one)
        world.rows[ASSIGNMENTS].append(
            (
                one.assignment_id, world.new_id(), key, unit.id, due_on, due_at, 0, batch,
                created_at, created_at,
            )
        )  # fmt: skip
    world.groups.append(
        Group(id=key, public_id=group_id, created_at=created_at, chapters=tuple(chapters))
    )
    last_day = world.until.date() - timedelta(days=1)
    for seat, number in enumerate(world.members_of(place)):
        role = GroupRole.MEMBER if seat else GroupRole.LEADER
        last_active_on = last_day - timedelta(days=chance.randrange(30))
        world.rows[MEMBERSHIPS].append(
            (
                key, world.first_user + number, role.value, seat % 3 == 0, created_at,
                last_active_on,
            )
        )  # fmt: skip


def _live(world: World, number: int) -> None:
    """All about one person."""
    chance, key = world.chance, world.first_user + number
    groups = world.groups_of(number)
    joined_at = world.until - YEAR * chance.random()
    # Whoever is in a group was here before.
    joined_at = min([joined_at, *(group.created_at - timedelta(hours=1) for group in groups)])
    role = chance.choice(list(world.graph.roles.values()))
    zone_name = chance.choice(ZONES)
    email = f"reader-{key}@example.org"
    world.rows[PEOPLE].append(
        (
            key, world.new_id(), f"{UNUSABLE_PASSWORD_PREFIX}made-up", email,
            f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)}", role.id,
            chance.choice((30, 45, 60, 90, 120)), chance.choice(STUDY_DAYS_MASKS), zone_name,
            joined_at,
        )
    )  # fmt: skip
    world.rows[ADDRESSES].append((key, email, True, True))
    person = Person(
        id=key,
        zone=zoneinfo.ZoneInfo(zone_name),
        joined_at=joined_at,
        topics=tuple(world.graph.topics[entry.index] for entry in role.entries),
        groups=groups,
    )
    _learn(world, person)
    _study(world, person)
    read: set[int] = set()
    for group in groups:
        _read(world, person, group, read)


def _learn(world: World, person: Person) -> None:
    """Topics in study order: what they knew, what they learnt one by one, what they are at."""
    chance = world.chance
    fewest, most, usual = TOPICS
    touched = person.topics[: int(chance.triangular(fewest, most, usual))]
    known = int(len(touched) * chance.random() * 0.6)
    at_once = world.new_id()
    for topic in touched[:known]:
        tick = Tick(
            topic_id=topic.id,
            before=TopicState.TODO,
            after=TopicState.DONE,
            source=Source.SELF_ASSESSMENT,
        )
        _tick(world, person, tick, at_once, person.joined_at)
    rest = touched[known:]
    open_ones = min(len(rest), chance.randrange(1, 4))
    started_at = person.joined_at
    for place, (topic, at) in enumerate(
        zip(rest, world.moments(len(rest), person.joined_at), strict=True)
    ):
        if place >= len(rest) - open_ones:
            begun = Tick(
                topic_id=topic.id,
                before=TopicState.TODO,
                after=TopicState.LEARNING,
                is_stuck=chance.random() < 0.1,
            )
            _tick(world, person, begun, world.new_id(), at)
            continue
        is_skipped = chance.random() < 0.03
        before, since = TopicState.TODO, None
        if chance.random() < 0.25:
            before, since = TopicState.LEARNING, started_at
            begun = Tick(topic_id=topic.id, before=TopicState.TODO, after=before)
            _tick(world, person, begun, world.new_id(), since, is_last=False)
        ended = Tick(
            topic_id=topic.id,
            before=before,
            after=TopicState.SKIPPED if is_skipped else TopicState.DONE,
            was=Source.MANUAL if since else None,
            since=since,
        )
        _tick(world, person, ended, world.new_id(), at)
        started_at = at


def _tick(
    world: World, person: Person, tick: Tick, batch: str, at: datetime, *, is_last: bool = True
) -> None:
    """One row of the log, and the state where it `is_last`."""
    world.rows[LOG].append(
        (
            world.new_id(), person.id, tick.topic_id, tick.unit_id, batch, tick.before.value, False,
            tick.was.value if tick.was else "", tick.since, tick.after.value, tick.is_stuck, at,
            tick.source.value, at,
        )
    )  # fmt: skip
    if is_last and tick.topic_id is not None:
        note = STUCK_NOTE if tick.is_stuck else ""
        world.rows[STATES].append(
            (person.id, tick.topic_id, tick.after.value, tick.is_stuck, note, tick.source.value, at)
        )


def _study(world: World, person: Person) -> None:
    """Evenings with a topic. Half of the people log next to none, some log every week."""
    chance = world.chance
    if not person.topics:
        return
    for at in world.moments(int(chance.expovariate(1 / SESSIONS)), person.joined_at):
        minutes = chance.randrange(15, 91)
        world.rows[SESSIONS_LOGGED].append(
            (
                world.new_id(), person.id, chance.choice(person.topics).id, minutes, at,
                at.astimezone(person.zone).date(),
            )
        )  # fmt: skip


def _read(world: World, person: Person, group: Group, read: set[int]) -> None:
    """The chapters of a group: most of what is due, sometimes the next, and what it told them.

    `read` are the units that they have read so far.
    """
    chance = world.chance
    diligence = 0.4 + 0.6 * chance.random()
    for chapter in group.chapters:
        if chapter.due_at >= world.until:
            if chance.random() < diligence:
                at = group.created_at + timedelta(days=chance.randrange(7))
                world.rows[READING].append(
                    (chapter.assignment_id, person.id, True, AnswerToAssignment.IN.value, at)
                )
            break
        if chapter.unit_id not in read and chance.random() < diligence:
            read.add(chapter.unit_id)
            at = chapter.due_at - timedelta(hours=chance.randrange(1, 6 * 24))
            tick = Tick(unit_id=chapter.unit_id, before=TopicState.TODO, after=TopicState.DONE)
            _tick(world, person, tick, world.new_id(), at)
            world.rows[CHAPTERS_READ].append((person.id, chapter.unit_id, at))
    for week in (1, 2):
        told_at = world.until - timedelta(weeks=week)
        is_read = week == 2 or chance.random() < 0.5
        world.rows[NOTICES].append(
            (
                world.new_id(), person.id, NoticeKind.ASSIGNMENT.value, f"world-{week}-{group.id}",
                group.id, "A new chapter is assigned.", f"/groups/{group.public_id}/schedule/",
                told_at + timedelta(hours=2) if is_read else None, told_at,
            )
        )  # fmt: skip
