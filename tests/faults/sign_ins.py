"""A class begins: 300 people sign in within a minute, while others work."""

import statistics
import threading
from dataclasses import dataclass
from time import monotonic, sleep

from tests.faults.client import CSRF, Client
from tests.faults.site import Site
from tests.faults.writers import writing

PASSWORD = "correct horse battery"
PEOPLE = 300
SECONDS = 60.0
WRITERS = 9

_MAKE_PEOPLE = f"""
from django.contrib.auth.hashers import make_password
from tracker.models import User
User.objects.bulk_create(
    User(email=f"class-{{number}}@example.org", password=make_password("{PASSWORD}"))
    for number in range({PEOPLE})
)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class SignIns:
    done: int
    median: float
    p95: float
    slowest: float
    writes: int

    def __str__(self) -> str:
        return (
            f"{self.done} of {PEOPLE} sign-ins in {SECONDS:.0f} s beside {self.writes} writes: "
            f"median {self.median * 1000:.0f} ms, p95 {self.p95 * 1000:.0f} ms, "
            f"slowest {self.slowest * 1000:.0f} ms."
        )


def sign_ins(site: Site) -> SignIns:
    """How long each of them took; the limit of tries counts by address, so each has their own."""
    times: list[float] = []
    # As behind a proxy, which tells who asks.
    with site.server(settings={"TRUSTED_PROXIES": "1"}) as server:
        server.manage("shell", "-v0", "-c", _MAKE_PEOPLE)
        with writing(site, server.address, people=WRITERS, pause=0.1) as journal:
            began, threads = monotonic(), []
            for number in range(PEOPLE):
                sleep(max(began + number * SECONDS / PEOPLE - monotonic(), 0))
                arguments = (server.address, number, times)
                threads.append(threading.Thread(target=_sign_in, args=arguments))
                threads[-1].start()
            for thread in threads:
                thread.join()
    return SignIns(
        done=len(times),
        median=statistics.median(times),
        p95=statistics.quantiles(times, n=20)[-1],
        slowest=max(times),
        writes=sum(write.is_acknowledged for write in journal.writes),
    )


def _sign_in(address: str, number: int, times: list[float]) -> None:
    headers = {
        "Cookie": f"csrftoken={CSRF}",
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Forwarded-For": f"203.0.{number // 250}.{number % 250 + 1}",
    }
    body = (
        f"csrfmiddlewaretoken={CSRF}&login=class-{number}%40example.org"
        f"&password={PASSWORD.replace(' ', '+')}"
    )
    answer = Client(address, headers, is_kept=False).call("POST", "/accounts/login/", body)
    # A form that comes again has the status 422 or 200.
    if answer.status == 302:
        times.append(answer.seconds)
