"""What is measured: requests as browsers and programs send them, and what they may cost."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count, cycle
from typing import Any
from urllib.parse import urlencode

ROLE = "research-scientist"
# Nothing else is due then.
PLAN_YEAR = 2035
# Any will do, as long as cookie and form agree.
CSRF_TOKEN = "mlmathbenchmlmathbenchmlmathbench"[:32]
FLOOR, WORKER = "floor", "worker"
# As a proxy that speaks TLS to the world passes it on.
_PROXIED = {
    "Host": "localhost",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-For": "192.0.2.1",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept-Encoding": "gzip, deflate, br, zstd",
}
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    status: int = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """`must` and `ambition` are multiples of the floor's CPU time, as the design sets them;
    `most_ms` is CPU time of web and database together, and `most_queries` what one request asks.

    `requests` does not end.
    """

    key: str
    title: str
    requests: Iterator[Request]
    must: float | None = None
    ambition: float | None = None
    most_ms: float | None = None
    most_queries: int | None = 8


def scenarios(people: Mapping[str, Any]) -> list[Scenario]:
    """All of them, the floor first, for the people whom `tests.bench.people` has made."""
    return [
        Scenario(
            key=FLOOR,
            title="Floor: a plain signed-in view",
            requests=_pages(["/floor/"], people, "floor"),
        ),
        Scenario(
            key="today",
            title="Today",
            requests=_pages(["/today/"], people, "alone"),
            must=2,
            ambition=1.2,
            most_ms=12,
        ),
        Scenario(
            key="today-group",
            title="Today, in a group",
            requests=_pages(["/today/"], people, "readers"),
            most_ms=12,
        ),
        Scenario(
            key="roadmap",
            title="Roadmap, 106 topics",
            requests=_pages([f"/roadmap/{ROLE}/"], people, "readers"),
            must=2,
            ambition=1.2,
        ),
        Scenario(
            key="map",
            title="Roadmap as a map",
            requests=_pages([f"/roadmap/{ROLE}/?view=map"], people, "readers"),
        ),
        Scenario(
            key="topic",
            title="Topic",
            requests=_pages([f"/topics/{slug}/" for slug in people["topics"]], people, "readers"),
        ),
        Scenario(key="library", title="Library", requests=_pages(["/library/"], people, "readers")),
        Scenario(
            key="resource",
            title="Book with chapters",
            requests=_pages([f"/library/{slug}/" for slug in people["books"]], people, "readers"),
        ),
        Scenario(
            key="search",
            title="Search",
            requests=_pages(["/search/?q=eigenvalue", "/search/?q=gradent"], people, "readers"),
        ),
        Scenario(
            key="group-progress",
            title="Group progress, 20 × 20",
            requests=_pages(["/groups/{group}/progress/"], people, "leaders"),
            must=3,
            ambition=2,
            most_ms=15,
        ),
        Scenario(
            key="tick",
            title="Tick (htmx)",
            requests=_ticks(people),
            must=2,
            ambition=1.2,
            most_ms=6,
            most_queries=6,
        ),
        Scenario(key="api-tick", title="Tick (API)", requests=_api_ticks(people), most_ms=6),
        Scenario(key="bulk-tick", title="20 ticks at once (API)", requests=_bulk_ticks(people)),
        Scenario(
            key="api-list",
            title="API: list of topics",
            requests=cycle([_request("/api/v1/topics/")]),
            must=1.5,
            ambition=1.3,
            most_ms=7,
        ),
        Scenario(
            key="api-304",
            title="API: its 304",
            requests=cycle(
                [_request("/api/v1/topics/", {"If-None-Match": people["etag"]}, status=304)]
            ),
            must=1.2,
            ambition=0.8,
            most_ms=2,
        ),
        Scenario(
            key="assign",
            title="12 chapters by rule (API)",
            requests=_plans(people),
            most_queries=None,
        ),
        Scenario(
            key="feed",
            title="Calendar feed",
            requests=cycle([_request(f"/feeds/{one['feed']}/me.ics") for one in people["readers"]]),
            most_ms=10,
            most_queries=12,
        ),
        Scenario(key="sign-in", title="Sign-in", requests=_sign_ins(people), most_queries=None),
    ]


def _request(path: str, headers: Mapping[str, str] | None = None, **more: Any) -> Request:
    return Request(path=path, headers={**_PROXIED, **(headers or {})}, **more)


def _cookies(people: Mapping[str, Any], person: Mapping[str, str]) -> dict[str, str]:
    session, csrf = people["cookies"]
    return {"Cookie": f"{session}={person['session']}; {csrf}={CSRF_TOKEN}"}


def _pages(paths: list[str], people: Mapping[str, Any], kind: str) -> Iterator[Request]:
    return cycle(
        [
            _request(path.format(group=person.get("group", "")), _cookies(people, person))
            for person in people[kind]
            for path in paths
        ]
    )


def _form(fields: Mapping[str, str]) -> dict[str, Any]:
    return {"method": "POST", "body": urlencode(fields).encode()}


_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://localhost"}


def _ticks(people: Mapping[str, Any]) -> Iterator[Request]:
    """Each reader ticks and takes it back."""
    htmx = {"HX-Request": "true", "X-CSRFToken": CSRF_TOKEN, **_FORM}
    return cycle(
        [
            _request(
                f"/topics/{people['ticked']}/mark/",
                _cookies(people, person) | htmx,
                **_form({"state": state, "role": ROLE}),
            )
            for state in ("done", "todo")
            for person in people["readers"]
        ]
    )


def _called(person: Mapping[str, str], method: str, path: str, data: Any, **more: Any) -> Request:
    headers = {"Authorization": f"Bearer {person['token']}", **_JSON}
    return _request(path, headers, method=method, body=json.dumps(data).encode(), **more)


def _api_ticks(people: Mapping[str, Any]) -> Iterator[Request]:
    return cycle(
        [
            _called(person, "PUT", f"/api/v1/me/topics/{people['ticked']}/", {"state": state})
            for state in ("done", "todo")
            for person in people["readers"]
        ]
    )


def _bulk_ticks(people: Mapping[str, Any]) -> Iterator[Request]:
    return cycle(
        [
            _called(
                person,
                "PATCH",
                "/api/v1/me/topics/",
                {"topics": [{"slug": slug, "state": state} for slug in people["bulk"]]},
            )
            for state in ("done", "todo")
            for person in people["readers"]
        ]
    )


def _plans(people: Mapping[str, Any]) -> Iterator[Request]:
    """Another book for each group, and when all have it, the next one."""
    for book, units in people["chapters"].items():
        for leader in people["leaders"]:
            if book != leader["book"]:
                rule = {"first_due_on": f"{PLAN_YEAR}-03-05", "every": {"weekdays": ["mon", "thu"]}}
                yield _called(
                    leader,
                    "POST",
                    f"/api/v1/groups/{leader['group']}/assignments/plan/",
                    {"resource": book, "units": units, **rule},
                    status=201,
                )


def _sign_ins(people: Mapping[str, Any]) -> Iterator[Request]:
    """Each from an address of its own, since addresses are limited."""
    for number, person in zip(count(), cycle(people["readers"])):
        here = {
            "X-Forwarded-For": f"198.18.{number // 250 % 250}.{number % 250}",
            "Cookie": f"{people['cookies'][1]}={CSRF_TOKEN}",
        }
        fields = {
            "login": person["email"],
            "password": people["password"],
            "csrfmiddlewaretoken": CSRF_TOKEN,
        }
        yield _request("/accounts/login/", here | _FORM, status=302, **_form(fields))
