"""A frozen mail server (F14), beside people who cause letters."""

import json
import statistics
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic, sleep

from tests.faults.client import Answer, Client, by_session
from tests.faults.mail import mail_server
from tests.faults.run import Run
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


@contextmanager
def by_mail_server(site: Site) -> Iterator[dict[str, str]]:
    with mail_server(site.folder) as site.mail:
        yield {"EMAIL_URL": f"smtp://127.0.0.1:{site.mail.port}"}


def mail_is_frozen(run: Run) -> None:
    """Nobody who waits for a page or an answer waits for a letter, and each letter comes once."""
    site, mail = run.site, run.site.mail
    assert mail is not None
    people = site.take_people(4)
    with causing_letters(run.server.address, people) as answers:
        began = monotonic()
        sleep(run.lasting(5, 3))
        with mail.frozen():
            since = monotonic()
            sleep(run.lasting(30, 8))
            until = monotonic()
    for who, told in (("others", run.journal.answers), ("those who cause letters", answers)):
        before = p95([one for one in told if began < one.asked_at and one.at <= since])
        # Who waits for the mail server is answered once that thaws.
        meanwhile = p95([one for one in told if since < one.at and one.asked_at <= until])
        times = f"{before * 1000:.0f} ms before and {meanwhile * 1000:.0f} ms meanwhile"
        run.remarks.append(f"95 of 100 answers for {who} within {times}")
        if meanwhile > 3 * before + 0.25:
            run.notes.append(f"{who} waited {meanwhile:.1f} s instead of {before:.1f} s")
    if not wait_until_sent(site):
        run.notes.append("letters are left")
    run.notes += _letters_that_went_wrong(run, [person.pk for person in people])


def _letters_that_went_wrong(run: Run, people: list[int]) -> list[str]:
    assert run.site.mail is not None
    ((tokens,),) = run.site.sql(
        "SELECT count(*) FROM tracker_apitoken WHERE user_id = ANY(%s) AND name LIKE 'token %%'",
        people,
    )
    letters = run.site.mail.letters
    again = letters.total() - len(letters)
    run.remarks.append(f"{tokens} letters, {again} of them came again under the same Message-ID")
    return [
        *([f"{len(letters)} letters instead of {tokens}"] if len(letters) != tokens else []),
        # The one that was on its way when the server froze.
        *([f"{again} letters came again"] if again > 1 else []),
    ]
