"""People who cause letters, and how long who asks for something waits meanwhile."""

import json
import statistics
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic, sleep

from tests.faults.client import Answer, Client, by_session
from tests.faults.site import Person, Site
from tests.server import PATIENCE_SECONDS

# Nobody may have more than fifty tokens, and each is worth a letter.
LETTERS_PER_SECOND = 1.0


@dataclass(kw_only=True)
class Writing:
    """The answers to those who cause letters."""

    answers: list[Answer] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def make_tokens(self, address: str, person: Person) -> None:
        with Client(address, by_session(person) | {"Content-Type": "application/json"}) as client:
            number = 0
            while not self.over.is_set():
                number += 1
                body = json.dumps({"name": f"token {number}", "scopes": ["read"]})
                headers = {"Idempotency-Key": f"token-{number}"}
                answer = client.call("POST", "/api/v1/me/tokens/", body, headers)
                self.answers.append(answer)
                sleep(max(1 / LETTERS_PER_SECOND - answer.seconds, 0))


@contextmanager
def causing_letters(address: str, people: list[Person]) -> Iterator[list[Answer]]:
    """Each of them makes a token a second, of which a letter tells them."""
    work = Writing()
    threads = [
        threading.Thread(target=work.make_tokens, args=(address, person)) for person in people
    ]
    for thread in threads:
        thread.start()
    try:
        yield work.answers
    finally:
        work.over.set()
        for thread in threads:
            thread.join()


def p95(answers: list[Answer]) -> float:
    """In seconds; of one answer, its own."""
    times = [answer.seconds for answer in answers]
    return statistics.quantiles(times, n=20)[-1] if len(times) > 1 else max(times, default=0.0)


def wait_until_sent(site: Site) -> bool:
    """Whether nothing was left to send soon. The half minute for which workers leave a server alone
    that said nothing, and the minute for which a letter rests that broke off, are cut short."""
    end = monotonic() + PATIENCE_SECONDS
    while monotonic() < end:
        site.sql("UPDATE tracker_outgoing SET not_before = now() WHERE not_before > now()")
        site.sql("UPDATE tracker_jobrun SET slot = now() WHERE name = 'send-mail' AND slot > now()")
        if site.sql("SELECT count(*) FROM tracker_outgoing WHERE ended_at IS NULL") == [(0,)]:
            return True
        sleep(0.5)
    return False
