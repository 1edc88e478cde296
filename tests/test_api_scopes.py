"""Every operation of the schema with every scope, without any, and from a browser."""

import json
import re
from urllib.parse import urlencode

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.api import OPERATIONS, address_of
from tests.factories import make_token
from tests.filled import make_examples
from tracker.models import Scope

pytestmark = pytest.mark.django_db
JSON = "application/json"
# What somebody does for themselves, outside of groups and inside.
OWN_PART = re.compile(
    r"/api/v1/(me/.*|join/|groups/\{id\}/(questions/(?!.*(pinned|locked)/).*|.*/(mine|rsvp|presenter)/))"
)
# One's own membership, or that of others: tests/tracker/test_api_members.py knows which.
BY_WHOM = {"changeMember", "removeMember"}
SESSION_ONLY = {"createMyToken", "deleteMe", "listMyTokens", "revokeMyToken"}
PERSONAL = [
    pytest.param(method, path, operation, id=operation["operationId"])
    for method, path, operation in OPERATIONS
    if {"session": []} in operation["security"]
]


def call(client, method, path, operation):
    """The call as the examples of the schema make it."""
    required = {
        parameter["name"]: parameter["example"]
        for parameter in operation["parameters"]
        if parameter["in"] == "query" and parameter["required"]
    }
    address = f"{address_of(path)}?{urlencode(required)}" if required else address_of(path)
    if "requestBody" not in operation:
        return client.generic(method, address)
    body = operation["requestBody"]["content"][JSON]["example"]
    return client.generic(method, address, json.dumps(body), JSON)


def scope_of(operation):
    scopes = [one["token"][0] for one in operation["security"] if "token" in one]
    return scopes[0] if scopes else None


def with_one_scope():
    return [one.values for one in PERSONAL if one.values[2]["operationId"] not in BY_WHOM]


def writes(queries):
    """The statements that change more than the count of calls and the last use of a token."""
    return [
        query["sql"]
        for query in queries
        if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))
        and "callcount" not in query["sql"]
        and "last_used_at" not in query["sql"]
    ]


@pytest.mark.parametrize(("method", "path", "operation"), PERSONAL)
def test_the_scope_is_the_one_that_the_contract_says(method, path, operation):
    name = operation["operationId"]

    if name in SESSION_ONLY:
        assert scope_of(operation) is None
    elif method == "GET":
        assert scope_of(operation) == "read"
    elif OWN_PART.fullmatch(path) or name in BY_WHOM:
        assert scope_of(operation) == "write"
    else:
        assert scope_of(operation) == "groups"


@pytest.fixture
def ada_studies(ada, catalog):
    """Ada has made what the examples are about."""
    make_examples(ada)
    return ada


def with_scope(user, scope):
    return Client(headers={"Authorization": f"Bearer {make_token(user, scopes=[scope]).secret}"})


def test_a_token_with_another_scope_is_told_which_one_is_missing(ada_studies):
    clients = {scope: with_scope(ada_studies, scope) for scope in Scope}
    for method, path, operation in with_one_scope():
        needed = scope_of(operation)
        for scope in set(Scope) - {needed}:
            with CaptureQueriesContext(connection) as queries:
                refused = call(clients[scope], method, path, operation)

            assert refused.status_code == 403, (method, path)
            assert writes(queries) == []
            if needed is None:
                assert refused.json()["code"] == "session_only"
            else:
                assert refused.json()["code"] == "insufficient_scope"
                assert f"“{needed}”" in refused.json()["detail"]
                assert refused["WWW-Authenticate"] == (
                    f'Bearer realm="mlmath", error="insufficient_scope", scope="{needed}"'
                )


def test_a_token_with_just_its_scope_may_make_every_call(ada_studies):
    clients = {scope: with_scope(ada_studies, scope) for scope in Scope}
    for method, path, operation in with_one_scope():
        needed = scope_of(operation)
        if needed:
            with transaction.atomic():
                response = call(clients[needed], method, path, operation)
                transaction.set_rollback(True)
            assert response.status_code in {200, 201, 204}, (method, path, response.content)


@pytest.mark.parametrize(("method", "path", "operation"), PERSONAL)
def test_nobody_in_particular_is_a_401_that_says_how_to_sign_in(method, path, operation):
    response = call(Client(), method, path, operation)

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="mlmath"'


@pytest.mark.parametrize(
    ("method", "path", "operation"), [one for one in PERSONAL if one.values[0] != "GET"]
)
def test_a_session_needs_the_csrf_token_to_change_anything(ada, method, path, operation):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)

    with CaptureQueriesContext(connection) as queries:
        response = call(client, method, path, operation)

    assert response.status_code == 403
    assert response.json()["type"] == "/problems/csrf-failed/"
    assert writes(queries) == []
