"""People who change things without a break, and note what they were told about each change."""

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import sleep

from tests.faults.client import Answer, Client, Write, by_session, by_token
from tests.faults.leaders import Leading, Work
from tests.faults.site import Person, Site

STATES = ("done", "learning", "skipped", "todo")
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(kw_only=True)
class Journal:
    leading: Leading
    ticks: list[Write] = field(default_factory=list)
    sessions: list[Write] = field(default_factory=list)
    reads: list[Answer] = field(default_factory=list)
    alive: list[Answer] = field(default_factory=list)

    @property
    def writes(self) -> list[Write]:
        return self.ticks + self.sessions + self.leading.writes

    @property
    def answers(self) -> list[Answer]:
        """Everything but what a load balancer asks."""
        told = [answer for write in self.writes for answer in write.answers]
        # Who does not lead cannot step back, and somebody has to lead: no faults of the server.
        steps = [step for step in self.leading.steps if step.status not in {403, 409}]
        return told + self.reads + steps


@dataclass(kw_only=True)
class _Crowd:
    """What everybody does until it is over, each on a thread and a line of their own."""

    site: Site
    address: str
    pause: float
    keeps_lines: bool
    journal: Journal
    over: threading.Event = field(default_factory=threading.Event)

    def client(self, headers: dict[str, str]) -> Client:
        return Client(self.address, headers, is_kept=self.keeps_lines)

    def tick_by_api(self, person: Person) -> None:
        with self.client(by_token(person)) as client:
            for write in self._ticks(person):
                topic, state = write.what
                body = json.dumps({"state": state})
                write.answers.append(client.call("PUT", f"/api/v1/me/topics/{topic}/", body))

    def tick_by_page(self, person: Person) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true"}
        with self.client(by_session(person) | headers) as client:
            for write in self._ticks(person):
                topic, state = write.what
                write.answers.append(
                    client.call("POST", f"/topics/{topic}/mark/", f"state={state}")
                )

    def _ticks(self, person: Person) -> Iterator[Write]:
        """Every topic gets one state after the other, so that every tick changes something."""
        for state in itertools.cycle(STATES):
            for topic in self.site.topics:
                if self.over.is_set():
                    return
                write = Write(person=person.pk, what=(topic, state))
                self.journal.ticks.append(write)
                yield write
                sleep(self.pause if write.is_acknowledged else 0.1)

    def log_sessions(self, person: Person) -> None:
        """Repeats each call with its key until it is answered, as a good client does."""
        with self.client(by_token(person)) as client:
            for number in itertools.count():
                began = FIRST + timedelta(minutes=number)
                write = Write(person=person.pk, what=began, key=f"key-{number}")
                self.journal.sessions.append(write)
                body = json.dumps({"minutes": 1, "started_at": began.isoformat(), "confirm": True})
                headers = {"Idempotency-Key": write.key}
                while not write.is_acknowledged and not self.over.is_set():
                    sleep(self.pause if not write.answers else 0.1)
                    write.answers.append(client.call("POST", "/api/v1/me/sessions/", body, headers))
                if self.over.is_set():
                    return

    def read(self, person: Person) -> None:
        with self.client(by_session(person)) as client:
            for path in itertools.cycle(["/today/", "/roles/", "/roadmap/"]):
                if self.over.is_set():
                    return
                self.journal.reads.append(client.call("GET", path))
                sleep(0.1)

    def look(self) -> None:
        """On a new line each time, as a load balancer does."""
        while not self.over.is_set():
            client = Client(self.address, {}, is_kept=False)
            self.journal.alive.append(client.call("GET", "/health/live/"))
            sleep(0.2)


@contextmanager
def writing(
    site: Site, address: str, *, people: int, pause: float = 0.02, keeps_lines: bool = True
) -> Iterator[Journal]:
    """So many people do things until the end of the block; then the journal is complete.

    Beside them somebody reads, somebody asks whether the server is alive, and three lead groups.
    """
    leaders = site.leaders.pop()
    journal = Journal(leading=Leading(leaders=leaders))
    crowd = _Crowd(
        site=site, address=address, pause=pause, keeps_lines=keeps_lines, journal=journal
    )
    work = Work(site=site, leading=journal.leading, client=crowd.client, over=crowd.over)
    one, other = leaders.pair
    doings = itertools.cycle([crowd.tick_by_api, crowd.tick_by_page, crowd.log_sessions])
    threads = [
        threading.Thread(target=doing, args=(person,))
        for person, doing in zip(site.take_people(people), doings, strict=False)
    ]
    threads.append(threading.Thread(target=crowd.read, args=tuple(site.take_people(1))))
    threads.append(threading.Thread(target=crowd.look))
    threads.append(threading.Thread(target=work.lead))
    threads += [threading.Thread(target=work.step_back, args=(one, other))]
    threads += [threading.Thread(target=work.step_back, args=(other, one))]
    for thread in threads:
        thread.start()
    try:
        yield journal
    finally:
        crowd.over.set()
        for thread in threads:
            thread.join()
