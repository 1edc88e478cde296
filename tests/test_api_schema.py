"""The OpenAPI document: valid, complete, honest, and the one in docs/."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import pytest
import yaml
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from mlmath.rest import schema_views
from mlmath.rest.schema_views import openapi_document as document
from mlmath.rest.schema_views import openapi_yaml
from tests.api import OPERATIONS, address_of
from tests.factories import make_user
from tests.filled import make_examples
from tracker.models import User

pytestmark = pytest.mark.django_db
COMMITTED = Path(__file__).resolve().parent.parent / "docs" / "openapi.yaml"
PROBLEM = "application/problem+json"
NOT_JSON = {"getDocs"}


def validator(schema):
    whole = {**schema, "components": document()["components"]}
    return OAS31Validator(whole, format_checker=OAS31Validator.FORMAT_CHECKER)


def resolved(thing):
    while "$ref" in thing:
        found = document()
        for step in thing["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        thing = found
    return thing


def schemas():
    """Every schema object of the document, nested ones too, with where it stands."""

    def walk(thing, at):
        if isinstance(thing, dict):
            if "type" in thing and not isinstance(thing["type"], dict):
                yield at, thing
            for name, inner in thing.items():
                if name not in {"example", "examples"}:
                    yield from walk(inner, f"{at}/{name}")
        elif isinstance(thing, list):
            for index, inner in enumerate(thing):
                yield from walk(inner, f"{at}/{index}")

    yield from walk(document()["components"]["schemas"], "schemas")
    yield from walk(document()["paths"], "paths")


def test_the_document_is_valid_openapi_3_1():
    assert document()["openapi"].startswith("3.1.")
    validate(document())


def test_the_committed_document_is_the_present_one():
    """`manage.py spectacular --file docs/openapi.yaml` writes it anew."""
    assert COMMITTED.read_bytes() == openapi_yaml()


def test_every_route_is_described():
    def routes(patterns, prefix=""):
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from routes(pattern.url_patterns, route)
            elif isinstance(pattern, URLPattern) and route.startswith("api/"):
                yield "/" + route.replace("<slug:", "{").replace(">", "}"), pattern.callback

    described = {(method, path) for method, path, _ in OPERATIONS}
    served = {
        (method.upper(), path)
        for path, callback in routes(get_resolver().url_patterns)
        if hasattr(callback, "cls")
        for method in ("get", "post", "put", "patch", "delete")
        if hasattr(callback.cls, method)
    }
    assert described == served
    assert len(served) >= 50


def test_operation_ids_are_unique():
    ids = [operation["operationId"] for _, _, operation in OPERATIONS]

    assert len(set(ids)) == len(ids)


def test_every_object_is_closed_and_no_answer_leaves_a_field_out():
    for at, schema in schemas():
        is_map = isinstance(schema.get("additionalProperties"), dict)
        if schema["type"] == "object" and not is_map:
            assert schema["additionalProperties"] is False, at
            assert schema["properties"], at
            if not at.endswith("Request"):
                assert sorted(schema["required"]) == sorted(schema["properties"]), at


def test_every_parameter_and_every_body_has_an_example_that_fits():
    count = 0
    for _, path, operation in OPERATIONS:
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        answers = [resolved(answer) for answer in operation["responses"].values()]
        for parameter in operation["parameters"]:
            validator(parameter["schema"]).validate(parameter["example"])
        for body in [*bodies, *answers]:
            for media_type in body.get("content", {}).values():
                examples = media_type.get("examples", {"one": {"value": media_type.get("example")}})
                for example in examples.values():
                    assert example["value"] is not None, path
                    validator(media_type["schema"]).validate(example["value"])
                    count += 1
    assert count > 200


def test_a_blank_that_is_taken_fits_the_schema():
    requests = document()["components"]["schemas"]

    validator(requests["NoteRequest"]).validate({"body": ""})
    validator(requests["GroupChangeRequest"]).validate({"about": ""})


def test_every_operation_names_its_security_and_its_problems():
    for _, _, operation in OPERATIONS:
        assert operation["security"]
        assert {"400", "401", "405", "406", "500", "503"} <= set(operation["responses"])
        if "requestBody" in operation:
            assert {"413", "415"} <= set(operation["responses"])
        for status, answer in operation["responses"].items():
            if status >= "400":
                assert list(resolved(answer)["content"]) == [PROBLEM]


@pytest.fixture(scope="module")
def ada_studies(django_db_setup, django_db_blocker) -> Iterator[User]:
    """Ada has made what the examples are about. Made once: what a test does is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        ada = make_user("ada@example.org", name="Ada Lovelace")
        make_examples(ada)
        yield ada
        transaction.set_rollback(True)


@pytest.fixture
def ada(ada_studies, db) -> User:
    return User.objects.get(pk=ada_studies.pk)


def described_answer(operation, response):
    answer = resolved(operation["responses"][str(response.status_code)])
    return answer["content"][response["Content-Type"]]["schema"]


@pytest.mark.parametrize(
    ("path", "operation"),
    [
        pytest.param(path, operation, id=operation["operationId"])
        for method, path, operation in OPERATIONS
        if method == "GET" and operation["operationId"] not in NOT_JSON
    ],
)
def test_every_get_answers_as_described(path, operation, ada_api, ada_browser):
    ada_api.patch("/api/v1/me/", {"role": "data-scientist"}, content_type="application/json")
    client = ada_browser if "tokens" in path else ada_api
    required = {
        parameter["name"]: parameter["example"]
        for parameter in operation["parameters"]
        if parameter["in"] == "query" and parameter["required"]
    }
    all_of_it = {"page_size": 200} if "page_size" in str(operation["parameters"]) else {}

    response = client.get(f"{address_of(path)}?{urlencode(required | all_of_it)}")

    assert response.status_code == 200
    validator(described_answer(operation, response)).validate(response.json())
    for header in operation["responses"]["200"].get("headers", {}):
        assert response.has_header(header)


@pytest.mark.parametrize(
    ("path", "operation"),
    [
        pytest.param(path, operation, id=operation["operationId"])
        for method, path, operation in OPERATIONS
        if method == "GET"
    ],
)
def test_the_examples_of_all_parameters_together_are_a_good_request(
    path, operation, ada_api, ada_browser
):
    examples = {
        parameter["name"]: json.dumps(parameter["example"]).strip('"')
        for parameter in operation["parameters"]
        if parameter["in"] == "query"
    }
    client = ada_browser if "tokens" in path else ada_api

    assert client.get(f"{address_of(path)}?{urlencode(examples)}").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        pytest.param(method, path, operation, id=operation["operationId"])
        for method, path, operation in OPERATIONS
        if "requestBody" in operation and method != "DELETE"
    ],
)
def test_the_example_of_every_body_is_taken_and_answered_as_described(
    method, path, operation, ada_browser
):
    body = operation["requestBody"]["content"]["application/json"]["example"]

    response = ada_browser.generic(method, address_of(path), json.dumps(body), "application/json")

    assert response.status_code in {200, 201}
    validator(described_answer(operation, response)).validate(response.json())


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("application/vnd.oai.openapi+json", "application/vnd.oai.openapi+json"),
        ("application/vnd.oai.openapi", "application/vnd.oai.openapi"),
        ("application/yaml", "application/yaml"),
    ],
)
def test_the_document_is_served_as_json_or_yaml(accept, content_type):
    response = Client().get("/api/v1/schema/", headers={"Accept": accept})

    assert (response.status_code, response["Content-Type"]) == (200, content_type)
    text = response.content
    # The loader in Python takes ten times as long as the one in C.
    read = json.loads(text) if "json" in content_type else yaml.load(text, yaml.CSafeLoader)
    assert read["paths"].keys() == document()["paths"].keys()


def test_many_first_readers_at_once_make_the_document_once(monkeypatch):
    at_once, most_at_once = 0, 0

    def slowly():
        nonlocal at_once, most_at_once
        at_once += 1
        most_at_once = max(most_at_once, at_once)
        time.sleep(0.05)
        at_once -= 1
        return {}

    monkeypatch.setattr(schema_views, "_document", slowly)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: schema_views.openapi_document(), range(4)))

    assert most_at_once == 1


def test_the_docs_page_loads_nothing_from_elsewhere_and_alone_allows_inline_styles():
    response = Client().get("/api/v1/docs/")

    policy = response["Content-Security-Policy"]
    assert response.status_code == 200
    assert "style-src 'self' 'unsafe-inline'" in policy
    assert "img-src 'self' data:" in policy
    assert "script-src 'self';" in f"{policy};"
    assert "//" not in response.content.decode().replace("http://www.w3.org", "")
    assert "unsafe-inline" not in Client().get("/problems/")["Content-Security-Policy"]


def test_the_docs_page_is_html_only():
    response = Client().get("/api/v1/docs/", headers={"Accept": "application/json"})

    assert (response.status_code, response["Content-Type"]) == (406, PROBLEM)
