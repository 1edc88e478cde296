"""No more memory for web processes (F15), beside people who take out and bring in much."""

import json
import os
import resource
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from tests.faults.client import Answer, Client, by_session, by_token
from tests.faults.run import Run
from tests.faults.site import Person, Site

# Sessions in a document, which is then of some megabytes.
EXPORTED, IMPORTED = 20_000, 2_000
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
DAYS_BETWEEN = 10
PAUSE_SECONDS = 0.05
_MAKE_MUCH = """
INSERT INTO tracker_studysession (public_id, user_id, minutes, started_at, day)
SELECT %s || '-' || n, %s, 1, '2026-01-01Z'::timestamptz + n * interval '1 minute', '2026-01-01'
FROM generate_series(1, %s) n
"""


@dataclass(kw_only=True)
class Hoard:
    """What became of documents: `halves` were offered as whole."""

    wholes: int = 0
    halves: int = 0
    failures: int = 0
    # By their numbers; whether it was said that they are in.
    imports: dict[int, bool] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def take_out(self, client: Client, path: str) -> None:
        with client:
            while not self.over.is_set():
                self._look_at(client.call("GET", path))
                sleep(PAUSE_SECONDS)

    def _look_at(self, answer: Answer) -> None:
        if answer.status != 200:
            self.failures += 1
        elif _sessions_in(answer.body) == EXPORTED:
            self.wholes += 1
        else:
            self.halves += 1

    def bring_in(self, client: Client) -> None:
        with client:
            empty = json.loads(client.call("GET", "/api/v1/me/export/").body)
            for number in count():
                if self.over.is_set():
                    return
                body = json.dumps(empty | {"sessions": _sessions(number)})
                answer = client.call("POST", "/api/v1/me/import/", body)
                self.imports[number] = answer.status == 200
                sleep(PAUSE_SECONDS)


def _sessions_in(body: bytes) -> int | None:
    try:
        return len(json.loads(body)["sessions"])
    except (ValueError, KeyError):
        return None


def _sessions(number: int) -> list[dict[str, Any]]:
    began = FIRST + timedelta(days=DAYS_BETWEEN * number)
    moments = [began + timedelta(minutes=place) for place in range(IMPORTED)]
    return [
        {
            "started_at": moment.isoformat().replace("+00:00", "Z"),
            "day": moment.date().isoformat(),
            "minutes": 1,
            "topic": None,
            "unit": None,
        }
        for moment in moments
    ]


def imported(site: Site, person: Person) -> dict[int, int]:
    """How many sessions of each import are there."""
    rows = site.sql(
        "SELECT floor(extract(day FROM started_at - %s) / %s)::int, count(*)"
        " FROM tracker_studysession WHERE user_id = %s GROUP BY 1",
        FIRST,
        DAYS_BETWEEN,
        person.pk,
    )
    return dict(rows)


@contextmanager
def hoarding(site: Site, address: str, people: list[Person]) -> Iterator[Hoard]:
    """Two take out what they have, one brings in more and more, each call on a line of its own."""
    hoard, (one, other, third) = Hoard(), people
    for person in (one, other):
        site.sql(_MAKE_MUCH, str(person.pk), person.pk, EXPORTED)
    programs = [_client(address, by_token(person)) for person in (one, third)]
    browser = _client(address, by_session(other))
    threads = [
        threading.Thread(target=hoard.take_out, args=(programs[0], "/api/v1/me/export/")),
        threading.Thread(target=hoard.take_out, args=(browser, "/settings/export/json/")),
        threading.Thread(target=hoard.bring_in, args=(programs[1],)),
    ]
    for thread in threads:
        thread.start()
    try:
        yield hoard
    finally:
        hoard.over.set()
        for thread in threads:
            thread.join()


def _client(address: str, headers: dict[str, str]) -> Client:
    return Client(address, headers, is_kept=False)


def memory_runs_out(run: Run) -> None:
    """Two web processes get no more of it, which those notice first who take out all they have."""
    limited = sorted(run.server.workers)[:2]
    for pid in limited:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + _ROOM
        resource.prlimit(pid, resource.RLIMIT_AS, (most, most))
    people = run.site.take_people(3)
    with hoarding(run.site, run.server.address, people) as hoard:
        end = monotonic() + run.lasting(20, 6)
        while monotonic() < end and set(limited) & set(run.server.workers):
            sleep(0.2)
        left = set(limited) & set(run.server.workers)
        for pid in left:
            # What the kernel does in the end.
            os.kill(pid, signal.SIGKILL)
        sleep(1)
    torn = [
        number
        for number, count in imported(run.site, people[2]).items()
        if count != IMPORTED or number not in hoard.imports
    ]
    lost = sum(hoard.imports.values()) - len(imported(run.site, people[2]))
    run.remarks.append(
        f"{hoard.wholes} whole documents, {hoard.failures} refused or broken off; "
        f"{len(limited) - len(left)} processes ended themselves"
    )
    run.notes += [
        *([f"{hoard.halves} halves offered as whole"] if hoard.halves else []),
        *([f"{len(torn)} imports torn"] if torn else []),
        *([f"{lost} imports lost"] if lost > 0 else []),
        *(["nobody ran out of memory"] if left and not hoard.failures else []),
    ]


# Bytes that they may take on top of what they have.
_ROOM = 1024 * 1024
