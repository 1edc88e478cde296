"""Leaders at work: one leads a group alone, two step back and let each other lead again."""

import itertools
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import sleep
from typing import Any

from tests.faults.client import Answer, Client, Write, by_token
from tests.faults.site import Leaders, Person, Site

# A group does not take more than 300.
MOST_ASSIGNMENTS = 100
PAUSE_SECONDS = 0.1


@dataclass(kw_only=True)
class Leading:
    """What leaders did. `order` is that of the units which `leaders.own` reads, as it has been
    confirmed, and `touched` how often each was confirmed to have changed its place."""

    leaders: Leaders
    writes: list[Write] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    touched: dict[str, int] = field(default_factory=dict)
    steps: list[Answer] = field(default_factory=list)

    def of(self, kind: str) -> list[Write]:
        return [write for write in self.writes if write.what[0] == kind]

    def confirm(self, write: Write) -> None:
        self.order, self.touched = self.after(write)

    def after(self, write: Write) -> tuple[list[str], dict[str, int]]:
        """The order and what has been touched, were `write` done."""
        kind, *names = write.what
        if kind == "assign":
            return [*self.order, *names], {**self.touched, names[0]: 0}
        if kind == "move":
            place = self.order.index(names[0])
            order = [*self.order[:place], *reversed(names), *self.order[place + 2 :]]
            return order, self.touched | {name: self.touched[name] + 1 for name in names}
        return self.order, self.touched

    def ends(self) -> list[tuple[list[str], dict[str, int]]]:
        """What may be there: all that was confirmed, and what was asked last with it or not."""
        confirmed = [(self.order, self.touched)]
        unknown = [write for write in self.writes[-1:] if write.is_unknown]
        return confirmed + [self.after(write) for write in unknown]


@dataclass(kw_only=True)
class Work:
    """Done on threads until it is `over`."""

    site: Site
    leading: Leading
    client: Callable[[dict[str, str]], Client]
    over: threading.Event
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def lead(self) -> None:
        """Assigns, trades dates, invites, and removes who came: in one group, one after the other.

        Each call is repeated with its key until it is answered; an answer that makes no sense ends
        the work.
        """
        leaders, group = self.leading.leaders, f"groups/{self.leading.leaders.own}"
        ids: dict[str, str] = {}
        with (
            self.client(by_token(leaders.leader)) as leader,
            self.client(by_token(leaders.guest)) as guest,
        ):
            while not self.over.is_set():
                if len(ids) < MOST_ASSIGNMENTS and not self._assign(leader, group, ids):
                    return
                self._move(leader, group, ids)
                invited = self._invite(leader, group)
                if "id" in invited:
                    joined = self._do(guest, ("join",), "POST", "join/", {"code": invited["code"]})
                    if joined is not None:
                        self._do(
                            leader, ("remove",), "DELETE", f"{group}/members/{leaders.guest.id}/"
                        )
                    there = f"{group}/invitations/{invited['id']}/"
                    self._do(leader, ("revoke",), "DELETE", there)

    def _assign(self, leader: Client, group: str, ids: dict[str, str]) -> bool:
        resource, unit = self.site.units[len(ids)]
        due = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
        due += timedelta(days=30 + len(ids))
        body = {"resource": resource, "unit": unit, "due_at": due.isoformat()}
        name = f"{resource}/{unit}"
        made = self._do(leader, ("assign", name), "POST", f"{group}/assignments/", body)
        if made is None or "id" not in made:
            return False
        ids[name] = made["id"]
        return True

    def _move(self, leader: Client, group: str, ids: dict[str, str]) -> None:
        order = self.leading.order
        if len(order) > 1:
            place = len(self.leading.writes) % (len(order) - 1)
            both = order[place : place + 2]
            there = f"{group}/assignments/{ids[both[0]]}/move/"
            self._do(leader, ("move", *both), "POST", there, {"to": "down"})

    def _invite(self, leader: Client, group: str) -> dict[str, Any]:
        # What tells it from the others.
        number = len(self.leading.of("invite"))
        end = datetime.now(UTC).replace(microsecond=number) + timedelta(days=7)
        body = {"expires_at": end.isoformat()}
        return self._do(leader, ("invite", number), "POST", f"{group}/invitations/", body) or {}

    def _do(
        self, client: Client, what: tuple[Any, ...], method: str, path: str, body: Any = None
    ) -> dict[str, Any] | None:
        """What was answered; None where all was over before."""
        write = Write(person=0, what=what, key=f"lead-{next(self.numbers)}")
        self.leading.writes.append(write)
        headers = {"Idempotency-Key": write.key} if method == "POST" else {}
        while not self.over.is_set():
            sleep(PAUSE_SECONDS)
            text = None if body is None else json.dumps(body)
            answer = client.call(method, f"/api/v1/{path}", text, headers)
            write.answers.append(answer)
            if _says_that_it_is_done(method, answer):
                # The answer to an earlier try was lost.
                answer.status = 200
                return {}
            if write.is_acknowledged:
                self.leading.confirm(write)
                found: dict[str, Any] = json.loads(answer.body or "{}")
                return found
        return None

    def step_back(self, me: Person, other: Person) -> None:
        """Again and again, and makes the other one a leader where nobody else is one."""
        members = f"/api/v1/groups/{self.leading.leaders.shared}/members"
        with self.client(by_token(me)) as client:
            while not self.over.is_set():
                back = client.call("PATCH", f"{members}/{me.id}/", _role("member"))
                self.leading.steps.append(back)
                if back.status == 409:
                    there = f"{members}/{other.id}/"
                    self.leading.steps.append(client.call("PATCH", there, _role("leader")))
                sleep(PAUSE_SECONDS)


def _role(name: str) -> str:
    return json.dumps({"role": name})


def _says_that_it_is_done(method: str, answer: Answer) -> bool:
    """A code is told once, and who is not in a group cannot be removed from it."""
    if method == "DELETE":
        return answer.status == 404
    return answer.status == 409 and b'"already_shown"' in answer.body
