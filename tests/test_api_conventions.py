"""What holds for every call of the API: problem documents, strict bodies, headers."""

import json
from unittest.mock import patch

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import resolve

from mlmath.rest.problems import KINDS
from tests.api import OPERATIONS, address_of
from tracker.models import TopicProgress

pytestmark = pytest.mark.django_db
JSON = "application/json"
VECTORS = "/api/v1/me/topics/vectors/"
STRICT = "default-src 'none'; frame-ancestors 'none'; sandbox"


def assert_problem(response, status, slug, *, instance=None):
    """`response` is a whole problem document, with the headers that all of them have."""
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Security-Policy"] == STRICT
    document = response.json()
    assert document["type"] == f"/problems/{slug}/"
    assert document["title"] == KINDS[slug].title
    assert document["status"] == status
    assert document["detail"]
    assert document["instance"] == (instance or response.wsgi_request.path)
    known = {"type", "title", "status", "code", "detail", "instance"}
    assert set(document) == known | ({"errors"} if slug == "invalid-request" else set())
    return document


def put(client, body, content_type=JSON, path=VECTORS, **headers):
    return client.generic("PUT", path, body, content_type, headers=headers)


@pytest.mark.parametrize(
    ("path", "instance"),
    [
        ("/api/", None),
        ("/api/v1/nope/", None),
        ("/api/v1/nope", None),
        ("/api/v2/topics/", None),
        ("/api/v1/me/nope/", None),
        ("/api/v1/topics/ü/", "/api/v1/topics/%C3%BC/"),
        ("/api/v1/topics/%00/", "/api/v1/topics/%00/"),
    ],
)
def test_an_unknown_address_is_a_404_problem_with_any_method(ada_api, path, instance):
    for client in (Client(enforce_csrf_checks=True), ada_api):
        for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
            assert_problem(client.generic(method, path), 404, "not-found", instance=instance)


def test_an_address_without_its_slash_leads_to_the_one_with_it(ada_api):
    for method in ("GET", "PUT"):
        response = ada_api.generic(method, "/api/v1/me/topics/vectors?x=1")
        assert (response.status_code, response["Location"]) == (308, f"{VECTORS}?x=1")
        assert response.content == b""
        assert response["Content-Security-Policy"] == STRICT


@pytest.mark.parametrize("path", sorted({path for _, path, _ in OPERATIONS}))
def test_an_unknown_method_is_a_405_that_lists_the_known_ones(path, ada_api):
    known = {method for method, other, _ in OPERATIONS if other == path}
    allowed = known | {"OPTIONS"} | ({"HEAD"} if "GET" in known else set())

    for client in (Client(), ada_api):
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} - known:
            response = client.generic(method, address_of(path))
            assert_problem(response, 405, "method-not-allowed")
            assert set(response["Allow"].split(", ")) == allowed
        answer = client.options(address_of(path))
        assert (answer.status_code, answer.content) == (204, b"")
        assert set(answer["Allow"].split(", ")) == allowed
        assert not answer.has_header("Access-Control-Allow-Origin")


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 200),
        ("application/*", 200),
        ("application/json", 200),
        ("application/problem+json", 200),
        ("application/json; q=0.5, text/html", 200),
        ("text/html,application/xhtml+xml,*/*;q=0.8", 200),
        ("text/html", 406),
        ("image/*", 406),
        ("application/json;q=0", 406),
    ],
)
def test_who_accepts_no_json_gets_a_406(ada_api, accept, status):
    for path in ("/api/v1/topics/", "/api/v1/me/"):
        response = ada_api.get(path, headers={"Accept": accept})
        if status == 406:
            assert_problem(response, 406, "not-acceptable")
        else:
            assert (response.status_code, response["Content-Type"]) == (200, JSON)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"state=done",
        b"{",
        b"[]",
        b'"done"',
        b"null",
        b"1",
        b"true",
        b'[{"state": "done"}]',
        b'{"state": "done"} x',
        b"{'state': 'done'}",
        b'{"state": "done",}',
        b'{"state": "done", "state": "todo"}',
        b'{"state": NaN}',
        b'{"state": Infinity}',
        b'{"state": -Infinity}',
        b'{"state": 1e999}',
        b'{"state": ' + b"9" * 5000 + b"}",
        b'{"state": "a\\u0000"}',
        b'{"state": "\\ud800"}',
        b'{"\\u0000": "done"}',
        b'{"\\udc00": "done"}',
        b'{"state": "\x00"}',
        b'{"state": "\xff"}',
        '{"state": "done"}'.encode("utf-16"),
        b"\xef\xbb\xbf" + b'{"state": "done"}',
        b'{"state": ' + b"[" * 20 + b"]" * 20 + b"}",
        b'{"state": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a": ' * 100_000 + b"1" + b"}" * 100_000,
    ],
    ids=range(30),
)
def test_a_body_that_is_no_plain_json_object_is_refused(ada_api, body):
    document = assert_problem(put(ada_api, body), 400, "invalid-request")

    assert document["errors"]
    assert not TopicProgress.objects.exists()


@pytest.mark.parametrize(
    ("method", "path"),
    [("PATCH", "/api/v1/me/"), ("PATCH", "/api/v1/me/topics/"), ("PUT", VECTORS)],
)
def test_a_missing_body_is_not_taken_for_an_empty_object(ada_api, method, path):
    document = assert_problem(ada_api.generic(method, path), 400, "invalid-request")

    assert document["errors"] == [
        {"pointer": "", "code": "required", "detail": "Send a JSON object as the body."}
    ]


def test_an_emoji_is_a_character_like_any_other(ada_api):
    response = ada_api.patch("/api/v1/me/", '{"name": "\\ud83d\\ude00 é"}', content_type=JSON)

    assert response.json()["name"] == "😀 é"


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "text/json", "application/x-www-form-urlencoded", "multipart/form-data", "x",
     "application/json; charset=latin-1", "application/problem+json"],
)  # fmt: skip
def test_a_body_of_another_type_is_a_415(ada_api, content_type):
    response = put(ada_api, b'{"state": "done"}', content_type)

    assert_problem(response, 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", 'Application/JSON; charset="UTF-8"']
)
def test_the_type_of_a_body_may_name_its_encoding(ada_api, content_type):
    assert put(ada_api, b'{"state": "done"}', content_type).status_code == 200


def test_a_body_of_more_than_a_mebibyte_is_a_413(ada_api):
    fitting = json.dumps({"state": "x" * (1024 * 1024 - 13)}).encode()
    assert len(fitting) == 1024 * 1024

    assert put(ada_api, fitting).status_code == 400
    assert_problem(put(ada_api, fitting + b" "), 413, "too-large")


def test_a_body_of_unknown_length_is_not_taken_for_an_empty_one(ada_api):
    response = ada_api.generic(
        "PATCH", "/api/v1/me/", b"", JSON, headers={"Transfer-Encoding": "chunked"}
    )

    document = assert_problem(response, 400, "invalid-request")
    assert document["errors"][0]["code"] == "length_required"


def test_a_foreign_host_is_a_400():
    response = Client().get("/api/v1/topics/", headers={"Host": "evil.example"})

    assert_problem(response, 400, "invalid-request")


def test_our_own_mistake_is_a_500_that_tells_nothing(ada):
    client = Client(raise_request_exception=False)
    with patch("catalog.api.search.search", side_effect=RuntimeError("SELECT secret")):
        response = client.get("/api/v1/search/?q=svd")

    document = assert_problem(response, 500, "server-error")
    assert "secret" not in json.dumps(document)


def test_a_database_that_does_not_answer_is_a_503(ada_api):
    with patch("tracker.api.progress.person_states", side_effect=OperationalError("at 10.0.0.1")):
        response = ada_api.get("/api/v1/me/topics/")

    document = assert_problem(response, 503, "unavailable")
    assert response["Retry-After"] == "2"
    assert "10.0.0.1" not in json.dumps(document)


def test_no_answer_names_another_origin(ada_api):
    response = ada_api.get("/api/v1/me/", headers={"Origin": "https://evil.example"})

    assert not response.has_header("Access-Control-Allow-Origin")


@pytest.mark.parametrize("slug", KINDS)
def test_the_type_of_a_problem_leads_to_a_page_that_explains_it(slug):
    response = Client().get(KINDS[slug].type)

    assert response.status_code == 200
    assert KINDS[slug].title in response.content.decode().replace("&#x27;", "'")


def test_the_problems_are_listed_and_no_others_are_known():
    page = Client().get("/problems/").content.decode()

    assert all(kind.type in page for kind in KINDS.values())
    assert Client().get("/problems/nonsense/").status_code == 404


def test_the_catch_all_catches_nothing_that_is_there():
    for _, path, _ in OPERATIONS:
        assert resolve(address_of(path)).url_name != "api-unknown"
