"""What the contract says of many calls at once, tried on each of them that the schema lists."""

import json

import pytest
from django.db import transaction
from django.test import Client

from tests.api import OPERATIONS, address_of
from tests.factories import make_token
from tests.filled import make_examples
from tests.test_api_schema import resolved
from tests.test_api_scopes import SESSION_ONLY, call

pytestmark = pytest.mark.django_db
ALL = [one for one in OPERATIONS if one[2]["operationId"] not in SESSION_ONLY]


@pytest.fixture
def secret(ada, catalog):
    """Ada's token; she has made what the examples are about."""
    make_examples(ada)
    return make_token(ada).secret


def client_with(secret, **headers):
    return Client(headers={"Authorization": f"Bearer {secret}", **headers})


def headers_of(operation):
    return {one["name"] for one in operation["parameters"] if one["in"] == "header"}


def success_of(operation):
    return next(answer for status, answer in operation["responses"].items() if status[0] == "2")


def test_a_stale_if_match_is_a_412_wherever_it_is_taken(secret):
    taking = [one for one in ALL if "If-Match" in headers_of(one[2])]
    for method, path, operation in taking:
        for tag, statuses in (('"stale"', {412}), ("*", {200, 204})):
            with transaction.atomic():
                response = call(client_with(secret, **{"If-Match": tag}), method, path, operation)
                transaction.set_rollback(True)
            assert response.status_code in statuses, (method, path, tag, response.content)
    assert len(taking) > 10


def test_what_can_be_changed_with_if_match_is_read_with_an_etag(secret):
    addresses = {
        path: methods for path, methods in _methods().items() if "If-Match" in str(methods)
    }
    for path, methods in addresses.items():
        if "GET" in methods:
            assert "ETag" in success_of(methods["GET"])["headers"], path
            client = client_with(secret)
            etag = call(client, "GET", path, methods["GET"])["ETag"]
            again = call(
                client_with(secret, **{"If-None-Match": etag}), "GET", path, methods["GET"]
            )
            assert (again.status_code, again["ETag"]) == (304, etag), path
    assert len(addresses) > 5


def _methods():
    found: dict = {}
    for method, path, operation in ALL:
        found.setdefault(path, {})[method] = operation
    return found


def test_whatever_creates_does_it_once_for_each_key(secret):
    creating = [one for one in ALL if "201" in one[2]["responses"]]
    for method, path, operation in creating:
        assert "Idempotency-Key" in headers_of(operation), path
        client = client_with(secret, **{"Idempotency-Key": "the-same"})
        with transaction.atomic():
            first = call(client, method, path, operation)
            again = call(client, method, path, operation)
            transaction.set_rollback(True)
        assert first.status_code == 201, (path, first.content)
        if again.status_code == 409:
            assert again.json()["code"] == "already_shown", path
        else:
            assert (again.status_code, again.content) == (201, first.content), path
            assert again["Idempotency-Replayed"] == "true"
            assert again.headers.get("Location") == first.headers.get("Location")
    assert len(creating) > 5


def test_every_list_is_cut_into_pages():
    lists = 0
    for method, path, operation in ALL:
        fields = _fields(operation) if method == "GET" else set()
        query = {one["name"] for one in operation["parameters"] if one["in"] == "query"}
        if {"next", "results"} <= set(fields):
            lists += 1
            assert set(fields) >= {"count", "previous"} or "cursor" in query, path
            assert "page_size" in query, path
            assert ("page" in query) != ("cursor" in query), path
    assert lists > 15


def test_an_unknown_parameter_and_an_unknown_field_are_named_everywhere(secret):
    client = client_with(secret)
    for method, path, operation in ALL:
        with transaction.atomic():
            response = client.generic(method, f"{address_of(path)}?colour=red")
            transaction.set_rollback(True)
        assert response.status_code == 400, (method, path)
        assert "/colour" in [one["pointer"] for one in response.json()["errors"]], path
        if "requestBody" in operation:
            body = operation["requestBody"]["content"]["application/json"]["example"]
            with transaction.atomic():
                response = client.generic(
                    method, address_of(path), json.dumps({**body, "colour": 1}), "application/json"
                )
                transaction.set_rollback(True)
            assert response.status_code == 400, (method, path)
            assert "/colour" in [one["pointer"] for one in response.json()["errors"]], path


def test_the_index_leads_to_every_list_that_needs_no_name():
    index = Client().get("/api/v1/").json()
    listed = {
        path
        for method, path, operation in OPERATIONS
        if method == "GET" and "{" not in path and "results" in _fields(operation)
    }

    assert {f"http://testserver{path}" for path in listed} <= set(index.values())


def _fields(operation):
    content = success_of(operation).get("content", {}).get("application/json")
    return resolved(content["schema"]).get("properties", {}) if content else {}
