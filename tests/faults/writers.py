"""People who change things without a break, and note what they were told about each change."""

import http.client
import itertools
import json
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import Any, Self

from tests.faults.site import Person, Site

# Longer than any answer may take; who waits so long has not been answered.
PATIENCE_SECONDS = 40
STATES = ("done", "learning", "skipped", "todo")
CSRF = "x" * 32
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(kw_only=True, slots=True)
class Answer:
    """Of one request; no status where none came."""

    at: float
    seconds: float
    status: int | None
    retry_after: str | None = None
    fault: str = ""
    body: bytes = b""


@dataclass(kw_only=True, slots=True)
class Write:
    """One change and all answers to it: `what` tells it from every other of the same person."""

    person: int
    what: Any
    key: str = ""
    answers: list[Answer] = field(default_factory=list)

    @property
    def is_acknowledged(self) -> bool:
        return any(one.status is not None and one.status < 300 for one in self.answers)

    @property
    def is_unknown(self) -> bool:
        return not self.is_acknowledged


@dataclass(kw_only=True)
class Journal:
    ticks: list[Write] = field(default_factory=list)
    sessions: list[Write] = field(default_factory=list)
    reads: list[Answer] = field(default_factory=list)
    alive: list[Answer] = field(default_factory=list)

    @property
    def writes(self) -> list[Write]:
        return self.ticks + self.sessions

    @property
    def answers(self) -> list[Answer]:
        """Everything but what a load balancer asks."""
        return [answer for write in self.writes for answer in write.answers] + self.reads


class Client:
    """One line to the server, kept while it lasts unless each call is to have its own."""

    def __init__(self, address: str, headers: dict[str, str], *, is_kept: bool = True) -> None:
        self._host = urllib.parse.urlsplit(address).netloc
        self._headers = headers
        self._is_kept = is_kept
        self._line: http.client.HTTPConnection | None = None

    def call(
        self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        began = monotonic()
        status, retry_after, content, fault = None, None, b"", ""
        try:
            if self._line is None:
                self._line = http.client.HTTPConnection(self._host, timeout=PATIENCE_SECONDS)
            self._line.request(method, path, body, self._headers | (headers or {}))
            response = self._line.getresponse()
            content = response.read()
            status, retry_after = response.status, response.headers["Retry-After"]
            if not self._is_kept:
                self.close()
        except (OSError, http.client.HTTPException) as error:
            fault = type(error).__name__
            self.close()
        return Answer(
            at=monotonic(),
            seconds=monotonic() - began,
            status=status,
            retry_after=retry_after,
            fault=fault,
            body=content,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None


@dataclass(kw_only=True)
class _Crowd:
    """What everybody does until it is over, each on a thread and a line of their own."""

    site: Site
    address: str
    pause: float
    keeps_lines: bool
    journal: Journal = field(default_factory=Journal)
    over: threading.Event = field(default_factory=threading.Event)

    def _client(self, headers: dict[str, str]) -> Client:
        return Client(self.address, headers, is_kept=self.keeps_lines)

    def tick_by_api(self, person: Person) -> None:
        with self._client(by_token(person)) as client:
            for write in self._ticks(person):
                topic, state = write.what
                body = json.dumps({"state": state})
                write.answers.append(client.call("PUT", f"/api/v1/me/topics/{topic}/", body))

    def tick_by_page(self, person: Person) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true"}
        with self._client(by_session(person) | headers) as client:
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
        with self._client(by_token(person)) as client:
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
        with self._client(by_session(person)) as client:
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
    """So many people do things until the end of the block; then the journal is complete."""
    crowd = _Crowd(site=site, address=address, pause=pause, keeps_lines=keeps_lines)
    doings = itertools.cycle([crowd.tick_by_api, crowd.tick_by_page, crowd.log_sessions])
    threads = [
        threading.Thread(target=doing, args=(person,))
        for person, doing in zip(site.take_people(people), doings, strict=False)
    ]
    threads.append(threading.Thread(target=crowd.read, args=tuple(site.take_people(1))))
    threads.append(threading.Thread(target=crowd.look))
    for thread in threads:
        thread.start()
    try:
        yield crowd.journal
    finally:
        crowd.over.set()
        for thread in threads:
            thread.join()


def by_token(person: Person) -> dict[str, str]:
    return {"Authorization": f"Bearer {person.token}", "Content-Type": "application/json"}


def by_session(person: Person) -> dict[str, str]:
    return {"Cookie": f"sessionid={person.session}; csrftoken={CSRF}", "X-CSRFToken": CSRF}
