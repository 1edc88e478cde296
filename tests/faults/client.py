"""Calls of one person, and what they were told."""

import http.client
import urllib.parse
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Self

from tests.faults.site import Person

# Longer than any answer may take; who waits so long has not been answered.
PATIENCE_SECONDS = 40
CSRF = "x" * 32


@dataclass(kw_only=True, slots=True)
class Answer:
    """Of one request; no status where none came."""

    at: float
    seconds: float
    status: int | None
    retry_after: str | None = None
    fault: str = ""
    body: bytes = b""

    @property
    def asked_at(self) -> float:
        return self.at - self.seconds


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


def by_token(person: Person) -> dict[str, str]:
    return {"Authorization": f"Bearer {person.token}", "Content-Type": "application/json"}


def by_session(person: Person) -> dict[str, str]:
    return {"Cookie": f"sessionid={person.session}; csrftoken={CSRF}", "X-CSRFToken": CSRF}
