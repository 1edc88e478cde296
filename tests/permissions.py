"""The permission table (permissions.psv), the people it speaks of, and what they call."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from catalog.graph import current_graph
from tests.api import OPERATIONS
from tests.factories import (
    make_answer,
    make_assignment,
    make_delivery,
    make_group,
    make_meeting,
    make_question,
    make_session,
    make_token,
    make_user,
)
from tracker.actions.feeds import replace_feeds
from tracker.actions.invitations import create_invitation
from tracker.actions.members import remove_member
from tracker.actions.notices import tell
from tracker.actions.nudges import nudge
from tracker.actions.people import delete_account
from tracker.actions.progress import Mark, mark_topics
from tracker.actions.questions import close_question
from tracker.actions.sessions import log_session, start_timer
from tracker.models import (
    Ban,
    Invitation,
    JoinRequest,
    Membership,
    NoticeKind,
    Scope,
    Source,
    StudyGroup,
    TopicProgress,
    TopicState,
    User,
)
from tracker.models.ids import new_public_id
from tracker.summaries.feeds import feed_token
from tracker.summaries.mail import unsubscribe_token

TABLE = Path(__file__).with_name("permissions.psv")
ACTORS = ("A", "L", "M", "B", "D", "O", "S", "Tn", "Ts", "R", "X")
# About one group: who may what there is decided anew by every request.
GROUP_PATTERNS = {"read", "take part", "lead", "feed"}
CODES = ("code", "spent_code", "expired_code", "revoked_code")
_PLACE = re.compile(r"{(\w+)}")
_IN_BODY = re.compile(r"<(\w+)>")
_EXAMPLES = {
    (method, path): operation["requestBody"]["content"]["application/json"]["example"]
    for method, path, operation in OPERATIONS
    if "requestBody" in operation
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One call, and what everybody gets who makes it."""

    id: str
    method: str
    path: str
    ok: str
    pattern: str
    scope: str
    cells: Mapping[str, str] = field(hash=False)
    body: Any = field(hash=False)

    def __str__(self) -> str:
        return f"{self.id}, {self.method} {self.path}"

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")

    @property
    def route(self) -> str:
        """The address as the URLconf writes it."""
        return str(resolve(_PLACE.sub("0", self.path).partition("?")[0]).route)

    @property
    def template(self) -> str:
        """The address as the API's document writes it."""
        return "/" + self.route.replace("<slug:", "{").replace(">", "}")

    @property
    def names(self) -> set[str]:
        """What the address and the body name by its id."""
        return {*_PLACE.findall(self.path), *_IN_BODY.findall(json.dumps(self.body))}

    def cell(self, actor: str) -> str:
        """The status; with "in" for the way to sign in, and "=" where nothing may change."""
        return self.ok if self.cells[actor] == "ok" else self.cells[actor]


@dataclass(frozen=True, kw_only=True)
class Unrouted:
    """What nobody can do at any address, and why."""

    id: str
    reason: str


def read_table() -> tuple[list[Row], list[Unrouted]]:
    patterns: dict[tuple[str, str], dict[str, str]] = {}
    rows: list[Row] = []
    unrouted: list[Unrouted] = []
    for line in TABLE.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        first, *rest = (cell.strip() for cell in line.split("|"))
        if first in {"api", "page"}:
            patterns[first, rest[0]] = dict(zip(ACTORS, rest[1:], strict=True))
        elif rest[0] == "no call":
            unrouted.append(Unrouted(id=first, reason=rest[1]))
        else:
            call, ok, pattern, scope, but, body = rest
            method, path = call.split()
            door = "api" if path.startswith("/api/") else "page"
            others = dict(one.split() for one in but.split(",") if one.strip())
            rows.append(
                Row(
                    id=first,
                    method=method,
                    path=path,
                    ok=ok,
                    pattern=pattern,
                    scope=scope,
                    cells=patterns[door, pattern] | others,
                    body=json.loads(body) if body else None,
                )
            )
    return rows, unrouted


ROWS, UNROUTED = read_table()


@dataclass(frozen=True, kw_only=True)
class World:
    """Everybody of the table around one private group, with sessions and tokens from before.

    `values` says what a name in the table stands for: by person what is each one's own, under ""
    what is the same for all. `digest` is that of all rows.
    """

    people: Mapping[str, User]
    group: StudyGroup
    emails: frozenset[str]
    values: Mapping[str, Mapping[str, str]]
    sessions: Mapping[str, str]
    secrets: Mapping[tuple[str, str], str]
    digest: str

    def client(self, actor: str, row: Row) -> Client:
        """The way in of that column: a token where it has one, else the browser."""
        if actor in {"Tn", "Ts"} or (actor == "X" and row.is_api):
            return self.program(actor, row.scope)
        return self.browser(actor)

    def browser(self, actor: str) -> Client:
        client = Client()
        if actor in self.sessions:
            client.cookies["sessionid"] = self.sessions[actor]
        return client

    def program(self, actor: str, scope: str) -> Client:
        return Client(headers={"Authorization": f"Bearer {self.secrets[actor, scope]}"})

    def meant(self, actor: str, name: str, other: Mapping[str, str] | None = None) -> str:
        """What a name of the table stands for where `actor` calls."""
        owner = "D" if actor in {"Tn", "Ts"} else actor
        return {**self.values[""], **self.values.get(owner, {}), **(other or {})}[name]

    def path(self, row: Row, actor: str, other: Mapping[str, str] | None = None) -> str:
        return _PLACE.sub(lambda name: self.meant(actor, name[1], other), row.path)

    def hidden_from(self, actor: str) -> set[str]:
        """What no answer to `actor` holds, unless the call names it: e-mail addresses and secrets
        of others, tokens and codes, drafts, and for those outside that the group exists."""
        owner = {"Tn": "D", "Ts": "D", "A": "N"}.get(actor, actor)
        hidden = set(self.secrets.values()) | {self.values[""][name] for name in CODES}
        hidden |= self.emails - {self.people[owner].email}
        for name, values in self.values.items():
            if name not in {"", "A", owner}:
                hidden |= {values["my_feed"], values["my_unsubscribe"]}
        if owner != "D":
            hidden.add(self.values[""]["draft"])
        if owner in {"L", "O", "S", "X"}:
            hidden |= {self.group.name, self.group.public_id}
        return hidden

    def call(
        self,
        client: Client,
        row: Row,
        actor: str,
        other: Mapping[str, str] | None = None,
        more: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        """Make the call of `row`; `other` puts something else where the table has a name, and
        `more` goes into the body."""
        body = json.loads(
            _IN_BODY.sub(lambda name: self.meant(actor, name[1], other), json.dumps(row.body))
        )
        if row.is_api and body is None:
            body = _EXAMPLES.get((row.method, row.template))
        body = {**(body or {}), **more} if more else body
        path = self.path(row, actor, other)
        response: HttpResponse
        if row.method == "POST" and not row.is_api:
            response = client.post(path, body or {})  # type: ignore[assignment]  # a test's response
        else:
            text = "" if body is None else json.dumps(body)
            response = client.generic(row.method, path, text, "application/json")  # type: ignore[assignment]
        return response


def make_world() -> World:
    """Some forty rows of everybody's. Deletion and removal go the way that people go."""
    people = {
        name: make_user(f"{name.lower()}@example.org", name=f"Person {name}")
        for name in ("L", "M", "B", "D", "O", "S", "R", "X", "N")
    }
    people["S"].is_staff = people["S"].is_superuser = True
    people["S"].save()
    group = make_group(
        "Readers of the secret garden",
        leader=people["D"],
        members=[people["M"], people["N"], people["R"], people["X"]],
        observers=[people["B"]],
    )
    chapters = current_graph().resources["mml-book"].units
    due_on = timezone.now().date() + timedelta(days=30)
    assignment = make_assignment(group, chapters[0].id, due_on=due_on)
    draft = make_assignment(group, chapters[1].id, due_on=due_on, is_draft=True, shifted_days=7)
    delivery = make_delivery(group)
    Membership.objects.filter(user=people["N"]).update(
        shares_readiness=True, is_seen_by_observers=True
    )
    week = timedelta(days=7)
    day, held_day = timezone.now().date() + week, timezone.now().date() - week
    meeting = make_meeting(group, starts_on=day, rule="FREQ=WEEKLY")
    held = make_meeting(group, starts_on=held_day)
    public = make_group("Others", leader=people["O"], visibility="public")
    values = {name: _things_of(person) for name, person in people.items()}
    theirs = {name.replace("my_", "their_"): value for name, value in values["N"].items()}
    values["A"] = values["N"]
    nudge(user=people["D"], group=group, member=people["M"])
    values[""] = theirs | {
        "forged": new_public_id(),
        "meeting": meeting.public_id,
        "day": day.isoformat(),
        "held": held.public_id,
        "held_day": held_day.isoformat(),
        "group": group.public_id,
        "assignment": assignment.public_id,
        "plan": assignment.batch,
        "shift": draft.batch,
        "draft": draft.public_id,
        "webhook": delivery.webhook.public_id,
        "delivery": delivery.public_id,
        "public_group": public.public_id,
        "neighbour": people["N"].public_id,
        "leader": people["D"].public_id,
        "nudged": people["M"].public_id,
        "outsider": people["L"].public_id,
        "progress": str(TopicProgress.objects.filter(user=people["N"]).latest("pk").pk),
        **_ways_in(group, people["D"]),
    }
    _let_them_ask(group, people, values)
    sessions = {name: make_session(person) for name, person in people.items()}
    secrets = {
        (name, scope.value): make_token(person, scopes=[scope]).secret
        for name, person in (("Ts", people["D"]), ("M", people["M"]))
        for scope in Scope
    }
    for scope in Scope:
        others = [other for other in Scope if other != scope]
        secrets["Tn", scope.value] = make_token(people["D"], scopes=others).secret
        secrets["X", scope.value] = make_token(people["X"], scopes=[scope]).secret
    # Without a scope to need, or kept out in any case: a token that may all.
    for name, person in (("Tn", "D"), ("Ts", "D"), ("M", "M"), ("X", "X")):
        secrets[name, ""] = make_token(people[person]).secret
    emails = frozenset(User.objects.values_list("email", flat=True))
    remove_member(user=people["D"], group=group, member=people["R"])
    delete_account(user=people["X"])
    return World(
        people=people,
        group=group,
        emails=emails,
        values=values,
        sessions=sessions,
        secrets=secrets,
        digest=digest_of_rows(),
    )


def _ways_in(group: StudyGroup, leader: User) -> dict[str, str]:
    """Codes, good and dead ones, and two people who are not in the group: one who may not come
    back, one who asks."""
    new = create_invitation(user=leader, group=group)
    dead: dict[str, dict[str, Any]] = {
        "spent_code": {"uses": 1},
        "expired_code": {"expires_at": timezone.now()},
        "revoked_code": {"revoked_at": timezone.now()},
    }
    codes = {}
    for name, change in dead.items():
        made = create_invitation(user=leader, group=group, max_uses=1)
        Invitation.objects.filter(pk=made.invitation.pk).update(**change)
        codes[name] = made.code
    banned, asker = make_user(name="Banned"), make_user(name="Asker")
    Ban.objects.create(group=group, user=banned, banned_at=timezone.now())
    JoinRequest.objects.create(group=group, user=asker, asked_at=timezone.now())
    return {
        **codes,
        "code": new.code,
        "invitation": new.invitation.public_id,
        "banned": banned.public_id,
        "asker": asker.public_id,
    }


def _things_of(person: User) -> dict[str, str]:
    """What everybody has one of, by its id."""
    at = timezone.now() - timedelta(days=30)
    topic = current_graph().topic_by_slug["vectors"]
    marked = mark_topics(
        user=person,
        marks=[Mark(topic=topic, state=TopicState.DONE)],
        source=Source.MANUAL,
        at=at,
    )
    session = log_session(user=person, minutes=20, started_at=at)
    start_timer(user=person, at=timezone.now() - timedelta(minutes=40))
    former_feed = feed_token(person)
    replace_feeds(user=person)
    return {
        "my_feed": feed_token(person),
        "my_former_feed": former_feed,
        "my_batch": marked.batch,
        "my_session": session.public_id,
        "my_notice": _told(person),
        "my_token": make_token(person).token.public_id,
        "my_unsubscribe": unsubscribe_token(person, ["digest"]),
        "me": person.public_id,
    }


def _told(person: User) -> str:
    tell(people=[person], kind=NoticeKind.NUDGE, key="x", text="Hello.", address="/today/")
    return person.notices.get().public_id


def _let_them_ask(
    group: StudyGroup, people: Mapping[str, User], values: dict[str, dict[str, str]]
) -> None:
    """The neighbour has asked and answered, and so have those who are asked about their own.

    Who cannot have asked has the neighbour's for their own.
    """
    neighbour = people["N"]
    question, locked = (make_question(group, neighbour) for _ in range(2))
    values[""] |= {
        "question": question.public_id,
        "locked_question": locked.public_id,
        "answer": make_answer(question, neighbour).public_id,
    }
    for name in ("N", "M", "D"):
        own = make_question(group, people[name])
        theirs = {
            "my_question": own.public_id,
            "answer_to_mine": make_answer(own, neighbour).public_id,
            "my_answer": make_answer(question, people[name]).public_id,
        }
        values["" if name == "N" else name] |= theirs
    close_question(user=people["D"], question=locked, is_locked=True)


# What moves by itself: the time of a token's last use and the count of calls are kept for refused
# calls too, and a guest's session is not somebody's.
_MOVING = {"tracker_callcount", "django_session", "shared_cache"}
_APPS = ("account", "admin", "auth", "mfa", "tracker", "usersessions", "socialaccount")


def digest_of_rows() -> str:
    """One number for every row about people, and for the catalog by its version. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_every_row())
        return hashlib.sha256(repr(cursor.fetchone()).encode()).hexdigest()


@cache
def _every_row() -> str:
    """The statement that returns all rows of each table in one text, in one row."""
    quote = connection.ops.quote_name
    tables = {"catalog_catalogversion": ["number"]}
    for label in _APPS:
        for model in apps.get_app_config(label).get_models(include_auto_created=True):
            fields = model._meta.concrete_fields
            tables[model._meta.db_table] = [
                quote(str(one.column)) for one in fields if one.name != "last_used_at"
            ]
    if connection.vendor == "postgresql":
        row, together = "ROW({})::text", "string_agg"
    else:
        row, together = "json_array({})", "group_concat"
    texts = (
        f"(SELECT {together}(line, ';') FROM"  # noqa: S608  # our own names
        f" (SELECT {row.format(', '.join(columns))} AS line FROM {table} ORDER BY 1) AS rows)"
        for table, columns in tables.items()
        if table not in _MOVING
    )
    return f"SELECT {', '.join(texts)}"
