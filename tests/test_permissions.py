"""Who may do what, cell by cell: every call of permissions.psv made by every kind of person."""

import re
import secrets
from collections.abc import Iterator
from functools import reduce
from operator import getitem
from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.http import HttpResponse
from django.template import Engine
from django.urls import URLResolver, get_resolver
from django.utils import timezone

from mlmath.quick_templates import QuickNodes
from mlmath.rest.schema_views import openapi_document
from tests.api import OPERATIONS
from tests.permissions import (
    ACTORS,
    GROUP_PATTERNS,
    ROWS,
    UNROUTED,
    Row,
    World,
    digest_of_rows,
    make_world,
)
from tracker.actions.members import change_role, remove_member
from tracker.actions.people import delete_account
from tracker.models import ApiToken, GroupRole, Membership, User

pytestmark = pytest.mark.django_db
SIGN_IN = re.compile(r"/(accounts|admin)/login/\?next=")


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[World]:
    """The same for all tests here; what one of them changes is rolled back to this."""
    with django_db_blocker.unblock():
        atomic = transaction.atomic()
        atomic.__enter__()
        try:
            yield make_world()
        finally:
            transaction.set_rollback(True)
            atomic.__exit__(None, None, None)


@pytest.fixture
def one_moment(monkeypatch) -> None:
    """The clock stands: a page with a running timer tells its seconds."""
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)


def said(response) -> str:
    """The answer in the words of the table."""
    if response.status_code == 302 and SIGN_IN.match(response["Location"]):
        return "in"
    return str(response.status_code)


def is_refusal(cell: str) -> bool:
    return cell == "in" or cell >= "400" or cell.endswith("=")


def leaks(response, world: World, row: Row, actor: str) -> set[str]:
    """What stands in an answer and must not: secrets, and what that person may not know of.

    What the call itself names is no news to whoever makes it; a good code tells of the group.
    """
    named = {world.meant(actor, name) for name in row.names}
    if "code" in row.names:
        named |= {world.group.name, world.group.public_id}
    body = response.content.decode()
    return {one for one in world.hidden_from(actor) - named if one in body}


def comparable(response, asked: str) -> tuple[object, ...]:
    """All that two answers must have in common if neither is to tell more than the other."""
    body = response.content.decode().replace(asked, "…")
    body = re.sub(r'"X-CSRFToken[^}]*|name="csrfmiddlewaretoken"[^>]*', "", body)
    # Of the call itself, or of its second.
    own = {"Expires", "RateLimit", "X-Request-ID"}
    headers = {name: value for name, value in response.items() if name not in own}
    return response.status_code, headers, sorted(response.cookies), body


@pytest.mark.usefixtures("one_moment")
@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_everybody_gets_what_the_table_says(world, row, actor):
    client, cell = world.client(actor, row), row.cell(actor)

    response = world.call(client, row, actor)

    assert said(response) == cell.removesuffix("=")
    assert leaks(response, world, row, actor) == set()
    if is_refusal(cell):
        assert digest_of_rows() == world.digest
    if cell == "404":
        for name in row.names:
            asked = world.meant(actor, name)
            unknown = secrets.token_hex(len(asked))[: len(asked)]
            other = world.call(client, row, actor, {name: unknown})
            assert comparable(other, unknown) == comparable(response, asked)


@pytest.mark.parametrize("row", [row for row in ROWS if row.is_api], ids=str)
def test_the_cookie_of_a_deleted_person_is_worth_nothing(world, row):
    response = world.call(world.browser("X"), row, "X")

    assert said(response) == row.cell("A")


def demote(world: World) -> None:
    leader, neighbour, group = world.people["D"], world.people["N"], world.group
    change_role(user=leader, group=group, member=neighbour, role=GroupRole.LEADER)
    change_role(user=neighbour, group=group, member=leader, role=GroupRole.MEMBER)


def remove(world: World) -> None:
    remove_member(user=world.people["D"], group=world.group, member=world.people["M"])


def delete(world: World) -> None:
    delete_account(user=User.objects.get(email="m@example.org"))


# Who is changed how, the column that is theirs from the next request on, and the calls looked at.
CHANGES = {
    "demoted": (demote, "D", "M", [row for row in ROWS if row.pattern in GROUP_PATTERNS]),
    "removed": (remove, "M", "R", [row for row in ROWS if row.pattern in GROUP_PATTERNS]),
    "deleted": (delete, "M", "X", [row for row in ROWS if row.pattern != "open"]),
}


def ways(row: Row) -> Iterator[str]:
    """How `row` is called. Pages know no tokens, whoever has them: the table above shows that."""
    yield "cookie"
    if row.is_api or row.pattern == "feed":
        yield "token"


@pytest.mark.parametrize(
    ("change", "row", "way"),
    [
        pytest.param(change, row, way, id=f"{change}, {row}-{way}")
        for change, (_, _, _, rows) in CHANGES.items()
        for row in rows
        for way in ways(row)
    ],
)
def test_a_change_of_role_counts_from_the_next_request_on(world, change, row, way):
    happen, actor, column, _ = CHANGES[change]
    client = (
        world.browser(actor)
        if way == "cookie"
        else world.program("Ts" if actor == "D" else actor, row.scope)
    )
    assert client.get("/today/" if way == "cookie" else "/api/v1/").status_code == 200

    happen(world)
    if row.is_api and column == "X" and way == "cookie":
        column = "A"
    cell = row.cell(column)
    before = digest_of_rows() if is_refusal(cell) else ""
    response = world.call(client, row, actor)

    assert said(response) == cell.removesuffix("=")
    if is_refusal(cell):
        assert digest_of_rows() == before


def test_every_call_of_the_api_is_in_the_table():
    assert {(row.method, row.template) for row in ROWS if row.is_api} == {
        (method, path) for method, path, _ in OPERATIONS
    }


def test_the_scopes_are_those_of_the_document():
    declared = {
        (method, path): {scope for one in operation["security"] for scope in one.get("token", [])}
        for method, path, operation in OPERATIONS
    }
    for row in ROWS:
        if row.is_api:
            scopes = declared[row.method, row.template]
            assert (row.scope in scopes) if scopes else not row.scope, row


# Pages without rows, by the start of their address, and why.
LEFT_OUT = {
    "accounts/3rdparty/": "there is no other site to sign in with unless one is set up",
    "accounts/social/": "old addresses of the same",
    "accounts/login/code/": "signing in by a mailed code is switched off",
    "accounts/2fa/webauthn/": "needs a device that signs; for the own account only",
    "accounts/2fa/recovery-codes/": "needs a second factor; for the own account only",
    "accounts/2fa/totp/deactivate/": "needs a second factor; for the own account only",
    "accounts/2fa/authenticate/": "between the two steps of a sign-in",
    "accounts/2fa/reauthenticate/": "needs a second factor; for the own account only",
    "admin/": "test_the_admin_is_for_staff goes through all of it",
}


def routes(resolver: URLResolver, above: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        # As resolve() names it.
        here = above + str(entry.pattern).removeprefix("^")
        if isinstance(entry, URLResolver):
            yield from routes(entry, here)
        else:
            yield here


ROUTES = [route for route in routes(get_resolver()) if not route.startswith("api/")]
PAGES = [route for route in ROUTES if not route.startswith(tuple(LEFT_OUT))]


@pytest.mark.parametrize("route", PAGES)
def test_a_page_takes_no_method_that_is_not_in_the_table(world, route):
    rows = [row for row in ROWS if not row.is_api and row.route == route]
    assert rows, f"{route} is not in the table"
    methods = {"GET", "POST", "PUT", "PATCH", "DELETE"}
    if route.startswith("accounts/"):
        methods = {"GET", "POST"}  # allauth takes PUT for POST

    for method in methods - {row.method for row in rows}:
        path = world.path(rows[0], "D")
        assert world.browser("D").generic(method, path).status_code == 405, method


def test_what_is_left_out_exists():
    for start in LEFT_OUT:
        assert any(route.startswith(start) for route in ROUTES), start


@pytest.mark.parametrize("route", [route for route in ROUTES if route.startswith("admin/")])
def test_the_admin_is_for_staff(world, route):
    path = "/" + re.sub(r"<[^>]+>|\^?\(\?P[^)]*\)\$?", "tracker", route)

    for method in ("GET", "POST"):
        response = world.browser("D").generic(method, path)
        if route == "admin/login/":
            assert response.status_code == 403
        elif route == "admin/logout/":
            assert response.status_code in {200, 302}
        else:
            assert said(response) == "in", method
    assert digest_of_rows() == world.digest


def test_the_admin_lets_nobody_write_what_is_peoples_own(world, rf):
    request = rf.get("/admin/")
    request.user = world.people["S"]
    written = [
        model.__name__
        for model, pages in admin.site._registry.items()
        if model._meta.app_label == "tracker"
        and (
            pages.has_add_permission(request)
            or pages.has_change_permission(request)
            or pages.has_delete_permission(request)
        )
    ]

    assert written == ["User"]  # who may be deactivated and made staff


def test_what_has_no_call_says_why():
    assert all(one.reason for one in UNROUTED)
    assert not {one.id for one in UNROUTED} & {row.id for row in ROWS}


def test_the_table_would_notice(world):
    """The positive control: a row that promises too much, and a write behind a refusal."""
    row = next(row for row in ROWS if row.id == "sessions.del.other" and row.is_api)

    assert said(world.call(world.browser("L"), row, "L")) == "404"
    Membership.objects.filter(user=world.people["B"]).update(role="leader")
    assert digest_of_rows() != world.digest
    assert leaks(HttpResponse("to n@example.org"), world, row, "D") == {"n@example.org"}


# --- What a call may set -------------------------------------------------------------------------

# What nobody sets by naming it, beside whatever an answer tells.
POWERS = {
    "created_at", "email", "group", "id", "is_active", "is_staff", "is_superuser", "owner",
    "password", "public_id", "role", "user", "version",
}  # fmt: skip


def properties(thing: Any) -> set[str]:
    """The names of all fields in a part of the document, at any depth."""
    if isinstance(thing, list):
        return set().union(*map(properties, thing))
    if not isinstance(thing, dict):
        return set()
    if "$ref" in thing:
        return properties(reduce(getitem, thing["$ref"].split("/")[1:], openapi_document()))
    inner = [value for name, value in thing.items() if name not in {"example", "examples"}]
    return set(thing.get("properties", {})) | properties(inner)


@pytest.mark.parametrize(
    ("row", "operation"),
    [
        pytest.param(row, operation, id=str(row))
        for row in ROWS
        for method, path, operation in OPERATIONS
        if (method, path) == (row.method, row.template if row.is_api else "")
        and row.cell("D") < "300"
        and "requestBody" in operation
    ],
)
def test_a_call_of_the_api_refuses_every_field_that_it_does_not_declare(world, row, operation):
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    answers = [answer for status, answer in operation["responses"].items() if status < "300"]
    refused = (POWERS | properties(answers)) - properties(body)

    response = world.call(world.browser("D"), row, "D", more=dict.fromkeys(refused, "1"))

    assert response.status_code == 400
    assert {error["pointer"] for error in response.json()["errors"]} >= {
        f"/{name}" for name in refused
    }
    assert digest_of_rows() == world.digest


def powers() -> list[object]:
    """Who may do what, and what is who's."""
    fields = ("email", "password", "is_staff", "is_superuser", "is_active", "public_id")
    return [
        *User.objects.order_by("pk").values_list(*fields),
        *Membership.objects.order_by("pk").values_list("user__email", "role", "group__name"),
        *ApiToken.objects.order_by("pk").values_list("user__email", "scopes"),
    ]


@pytest.mark.parametrize(
    "row",
    [row for row in ROWS if not row.is_api and row.method == "POST" and row.cell("D") < "400"],
    ids=str,
)
def test_a_form_gives_nobody_what_it_does_not_ask_for(world, row):
    with transaction.atomic():
        world.call(world.browser("D"), row, "D")
        asked = powers()
        transaction.set_rollback(True)
    more = dict.fromkeys(POWERS - set(row.body or {}), "1")

    world.call(world.browser("D"), row, "D", more=more)

    assert powers() == asked


# These hold a new secret or the time, each time that they are shown.
VARY = {"export.file", "group.create", "mfa.totp"}
SHOWN = [
    row
    for row in ROWS
    if row.method == "GET" and not row.path.startswith("/api/") and row.id not in VARY
]


@pytest.mark.usefixtures("one_moment")
@pytest.mark.parametrize("row", SHOWN, ids=str)
def test_a_quick_page_says_what_django_says(world, row, monkeypatch):
    quick = world.call(world.client("L", row), row, "L")
    monkeypatch.setattr(QuickNodes, "is_stock", True)
    stock = world.call(world.client("L", row), row, "L")

    assert comparable(quick, "\0") == comparable(stock, "\0")


def test_most_pages_are_quick(world):
    """Else the test above would compare Django with itself."""
    names = ["base.html", "tracker/today.html", "tracker/roadmap.html", "tracker/topic_detail.html"]

    for name in names:
        nodes = Engine.get_default().get_template(name).nodelist
        assert isinstance(nodes, QuickNodes)
        assert not nodes.is_stock
