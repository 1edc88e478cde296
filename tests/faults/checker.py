"""Compares what people were told with what is there, and says which promises are broken."""

import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from mlmath.serve import THREADS
from tests.faults.client import Answer, Write
from tests.faults.leaders import Leading
from tests.faults.site import WORKERS, Site
from tests.faults.writers import Journal

# Seconds after the end of a fault until everything is as before, without anybody's help.
HEALED_WITHIN = 10.0
# How long a load balancer may have to wait to hear that a process is alive.
ALIVE_WITHIN = 8.0
# The processes that send mail, and the test itself.
OTHER_CONNECTIONS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """What holds while something is broken, beside that nothing is lost, doubled or torn."""

    # Seconds within which everybody is answered or let go.
    answered_within: float = 10.0
    # A line may break where the process at its other end is killed.
    may_break: bool = False
    is_always_alive: bool = True
    # Refusals that have their reasons.
    may_answer: frozenset[int] = frozenset()
    # Connections that nobody can have told the database of yet.
    left_behind: int = 0


@dataclass(kw_only=True)
class Report:
    """`lost`, `doubled` and `torn` count writes; the rest is in seconds."""

    acknowledged: int = 0
    unknown: int = 0
    lost: int = 0
    doubled: int = 0
    torn: int = 0
    silence: float = 0.0
    slowest: float = 0.0
    alive_slowest: float = 0.0
    # The slowest answer before anything broke: so long a busy machine keeps people waiting anyway.
    calm: float = 0.0
    healed: float | None = None
    statuses: Counter[int | None] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def report_on(
    site: Site, journal: Journal, healed: float | None, promise: Promise, *, calm: float = 0.0
) -> Report:
    report = Report(healed=healed, calm=calm)
    report.acknowledged = sum(write.is_acknowledged for write in journal.writes)
    report.unknown = sum(write.is_unknown for write in journal.writes)
    _check_ticks(site, journal, report)
    _check_sessions(site, journal, report)
    _check_assignments(site, journal.leading, report)
    _check_comings_and_goings(site, journal.leading, report)
    answers = journal.answers
    report.statuses = Counter(answer.status for answer in answers)
    report.slowest = max((answer.seconds for answer in answers), default=0.0)
    report.alive_slowest = max((answer.seconds for answer in journal.alive), default=0.0)
    report.silence = _longest_silence(journal.writes)
    report.broken = list(_broken(site, journal, report, promise))
    return report


def _broken(site: Site, journal: Journal, report: Report, promise: Promise) -> Any:
    for name in ("lost", "doubled", "torn"):
        if count := getattr(report, name):
            yield f"{count} {name}"
    if not report.acknowledged:
        yield "nothing was written"
    for status in sorted(status for status in report.statuses if status and status >= 400):
        if status not in {503, *promise.may_answer}:
            yield f"{report.statuses[status]} × {status}"
    if site.sql(_LEADERS, journal.leading.leaders.shared) == [(0,)]:
        yield "a group without a leader"
    if any(answer.status == 503 and not answer.retry_after for answer in journal.answers):
        yield "503 without Retry-After"
    if report.statuses[None] and not promise.may_break:
        faults = Counter(answer.fault for answer in journal.answers if answer.fault)
        yield f"{report.statuses[None]} without an answer ({', '.join(faults)})"
    if report.slowest > promise.answered_within + report.calm:
        yield f"an answer took {report.slowest:.1f} s"
    if promise.is_always_alive and not all(_is_alive(one, report.calm) for one in journal.alive):
        yield f"not alive for {report.alive_slowest:.1f} s"
    if report.healed is None or report.healed > HEALED_WITHIN + report.calm:
        yield "did not heal"
    (connections,) = site.sql(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    )[0]
    if connections > WORKERS * THREADS + OTHER_CONNECTIONS + promise.left_behind:
        yield f"{connections} connections"
    waiting = site.sql(
        "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%%'"
        " AND state_change < now() - interval '5 seconds'"
    )
    if waiting != [(0,)]:
        yield "a transaction was left open"


def _is_alive(answer: Answer, calm: float) -> bool:
    return answer.status == 200 and answer.seconds <= ALIVE_WITHIN + calm


def _longest_silence(writes: list[Write]) -> float:
    """The longest time in which nobody was told that their change is saved."""
    said = sorted(
        answer.at
        for write in writes
        for answer in write.answers
        if answer.status is not None and answer.status < 300
    )
    return max((later - one for one, later in itertools.pairwise(said)), default=0.0)


def _check_ticks(site: Site, journal: Journal, report: Report) -> None:
    """The history has each tick once and in order, and the state is where it ends."""
    asked: dict[tuple[int, str], list[Write]] = defaultdict(list)
    for write in journal.ticks:
        asked[write.person, write.what[0]].append(write)
    people = sorted({person for person, _ in asked})
    rows: dict[tuple[int, str], list[tuple[str, str]]] = defaultdict(list)
    for person, topic, before, after in site.sql(
        "SELECT a.user_id, t.slug, a.before_state, a.after_state FROM tracker_activity a"
        " JOIN catalog_topic t ON t.id = a.topic_id WHERE a.user_id = ANY(%s) ORDER BY a.id",
        people,
    ):
        rows[person, topic].append((before, after))
    states = {
        (person, topic): state
        for person, topic, state in site.sql(
            "SELECT p.user_id, t.slug, p.state FROM tracker_topicprogress p"
            " JOIN catalog_topic t ON t.id = p.topic_id WHERE p.user_id = ANY(%s)",
            people,
        )
    }
    for place, writes in asked.items():
        history = rows.pop(place, [])
        at = 0
        for write in writes:
            if at < len(history) and history[at][1] == write.what[1]:
                at += 1
            else:
                report.lost += write.is_acknowledged
        report.doubled += len(history) - at
        ends = ["todo", *(after for _, after in history)]
        is_whole = [before for before, _ in history] == ends[:-1]
        report.torn += not (is_whole and states.pop(place, "todo") == ends[-1])
    report.doubled += sum(map(len, rows.values()))
    report.torn += len(states)


def _check_sessions(site: Site, journal: Journal, report: Report) -> None:
    """Each key has one session and each session its key."""
    people = sorted({write.person for write in journal.sessions})
    found = Counter(
        site.sql(
            "SELECT user_id, started_at FROM tracker_studysession WHERE user_id = ANY(%s)", people
        )
    )
    kept = "SELECT user_id, key FROM tracker_keptanswer WHERE user_id = ANY(%s)"
    keys = set(site.sql(kept, people))
    for write in journal.sessions:
        count = found.pop((write.person, write.what), 0)
        report.lost += write.is_acknowledged and count == 0
        report.doubled += max(count - 1, 0)
        report.torn += bool(count) != ((write.person, write.key) in keys)
    report.doubled += found.total()


def _check_assignments(site: Site, leading: Leading, report: Report) -> None:
    """The group reads its units in the order to which each move has led, once."""
    rows = site.sql(
        "SELECT r.slug || '/' || u.slug, a.version - 1 FROM tracker_assignment a"
        " JOIN tracker_studygroup g ON g.id = a.group_id"
        " JOIN catalog_unit u ON u.id = a.unit_id JOIN catalog_resource r ON r.id = u.resource_id"
        " WHERE g.public_id = %s AND a.deleted_at IS NULL ORDER BY a.due_at, a.position",
        leading.leaders.own,
    )
    ends = leading.ends()
    if ([name for name, _ in rows], dict(rows)) in ends:
        return
    (order, touched), (_, touched_at_most) = ends[0], ends[-1]
    found = sum(dict(rows).values())
    lost = len(set(order) - set(dict(rows))) + max(sum(touched.values()) - found, 0) // 2
    doubled = max(found - sum(touched_at_most.values()), 0) // 2
    report.lost += lost
    report.doubled += doubled
    report.torn += not lost and not doubled


def _check_comings_and_goings(site: Site, leading: Leading, report: Report) -> None:
    """Each invitation is there once; who came by one has been removed and that is written down."""
    group = leading.leaders.own
    invitations = site.sql(
        "SELECT i.expires_at, i.uses FROM tracker_invitation i"
        " JOIN tracker_studygroup g ON g.id = i.group_id WHERE g.public_id = %s",
        group,
    )
    numbers = Counter(end.microsecond for end, _ in invitations)
    report.doubled += sum(count - 1 for count in numbers.values())
    told = {write.what[1] for write in leading.of("invite") if write.is_acknowledged}
    report.lost += len(told - set(numbers))
    joined = sum(uses for _, uses in invitations)
    joins, removes = leading.of("join"), leading.of("remove")
    ((removed, is_there),) = site.sql(_REMOVED, group, group)
    report.lost += max(sum(write.is_acknowledged for write in joins) - joined, 0)
    report.lost += max(sum(write.is_acknowledged for write in removes) - removed, 0)
    report.doubled += max(joined - len(joins), 0)
    report.torn += joined != removed + is_there


_REMOVED = """
SELECT
    (SELECT count(*) FROM tracker_leaderact a JOIN tracker_studygroup g ON g.id = a.group_id
     WHERE g.public_id = %s AND a.kind = 'removed'),
    (SELECT count(*) FROM tracker_membership m JOIN tracker_studygroup g ON g.id = m.group_id
     WHERE g.public_id = %s AND m.role = 'member')
"""
_LEADERS = """
SELECT count(*) FROM tracker_membership m JOIN tracker_studygroup g ON g.id = m.group_id
WHERE g.public_id = %s AND m.role = 'leader'
"""
