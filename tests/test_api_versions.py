"""ETag, If-Match and other forms than JSON, as every call that declares them has them."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier

import pytest
from django.db import connection
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.test import Client
from django.urls import path
from rest_framework.response import Response

from mlmath.errors import Changed
from mlmath.rest.answers import Answer
from mlmath.rest.fields import Input, Text
from mlmath.rest.operations import operation
from mlmath.rest.versions import send_version, wanted_version
from mlmath.rest.views import ApiView
from tests.factories import make_group, make_token
from tests.test_api_conventions import assert_problem
from tracker.actions.versions import write_version
from tracker.models import StudyGroup

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
JSON = "application/json"


@dataclass(frozen=True, kw_only=True, slots=True)
class NameOutput(Answer):
    """A name, and who reads it."""

    name: str
    reader: str


class NameInput(Input):
    name = Text()


class Name(ApiView):
    """The name of a group, which everybody may change."""

    tag = "about"

    @operation(id="x", summary="x", scope="read", has_etag=True, also={"text/csv": "name\r\nx\r\n"})
    def get(self, request, group):
        group = get_object_or_404(StudyGroup, public_id=group)
        if request.accepted_renderer.media_type == "text/csv":
            return HttpResponse(f"name\r\n{group.name}\r\n", content_type="text/csv")
        return send_version(request, group, NameOutput(name=group.name, reader=request.user.name))

    @operation(
        id="x", summary="x", scope="write", body=NameInput, has_etag=True, takes_if_match=True
    )
    def patch(self, request, group):
        group = get_object_or_404(StudyGroup, public_id=group)
        data = self.read_body(request)
        write_version(group, version=wanted_version(request, group), **data)
        return send_version(request, group, NameOutput(name=group.name, reader=request.user.name))

    @operation(id="x", summary="x", scope="groups", status=204, takes_if_match=True)
    def delete(self, request, group):
        group = get_object_or_404(StudyGroup, public_id=group)
        write_version(group, version=wanted_version(request, group), name="deleted")
        return Response(status=204)


urlpatterns = [path("api/names/<slug:group>/", Name.as_view())]


@pytest.fixture
def group(db):
    return make_group("Linear algebra")


@pytest.fixture
def address(group):
    return f"/api/names/{group.public_id}/"


def rename(client, address, name="Calculus", **headers):
    return client.patch(address, {"name": name}, content_type=JSON, headers=headers)


def test_what_is_read_carries_a_strong_etag_and_is_nobody_elses_to_keep(ada_api, address):
    response = ada_api.get(address)

    assert response.json() == {"name": "Linear algebra", "reader": "Ada Lovelace"}
    assert response["Content-Type"] == JSON
    assert response["ETag"].startswith('"')
    assert response["ETag"] == ada_api.get(address)["ETag"]
    assert response["Cache-Control"] == "no-store"


def test_who_has_read_just_that_gets_a_304(ada_api, address):
    etag = ada_api.get(address)["ETag"]

    for header in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        response = ada_api.get(address, headers={"If-None-Match": header})
        assert (response.status_code, response.content) == (304, b"")
        assert response["ETag"] == etag
        assert response.has_header("RateLimit")
    assert ada_api.get(address, headers={"If-None-Match": '"other"'}).status_code == 200


def test_what_is_shown_beside_the_row_makes_another_etag_of_the_same_version(ada, ada_api, address):
    etag = ada_api.get(address)["ETag"]
    ada.name = "Countess of Lovelace"
    ada.save()

    response = ada_api.get(address, headers={"If-None-Match": etag})

    assert response.status_code == 200
    assert response["ETag"] != etag
    assert rename(ada_api, address, **{"If-Match": etag}).status_code == 200


def test_the_answer_to_a_change_carries_the_etag_for_the_next(ada_api, address):
    etag = ada_api.get(address)["ETag"]

    for name in ("Calculus", "Statistics"):
        response = rename(ada_api, address, name, **{"If-Match": etag})
        assert response.status_code == 200
        assert response["ETag"] != etag
        etag = response["ETag"]
    assert ada_api.get(address)["ETag"] == etag


def test_a_change_to_what_another_has_changed_is_a_412_and_changes_nothing(ada_api, address, group):
    etag = ada_api.get(address)["ETag"]
    rename(ada_api, address)

    for method in ("PATCH", "DELETE"):
        response = ada_api.generic(
            method, address, b'{"name": "Mine"}', JSON, headers={"If-Match": etag}
        )
        document = assert_problem(response, 412, "precondition-failed")
        assert document["code"] == "precondition_failed"
    group.refresh_from_db()
    assert (group.name, group.version) == ("Calculus", 2)


def test_naming_what_is_there_already_makes_no_new_version(ada_api, address, group):
    etag = ada_api.get(address)["ETag"]

    response = rename(ada_api, address, "Linear algebra", **{"If-Match": etag})

    assert (response.status_code, response["ETag"]) == (200, etag)
    group.refresh_from_db()
    assert group.version == 1


def test_a_stale_etag_is_a_412_also_where_nothing_would_change(ada_api, address):
    etag = ada_api.get(address)["ETag"]
    rename(ada_api, address)

    assert rename(ada_api, address, "Calculus", **{"If-Match": etag}).status_code == 412


def test_without_if_match_the_last_one_wins(ada_api, address, group):
    rename(ada_api, address, "Calculus")

    assert rename(ada_api, address, "Statistics").status_code == 200
    group.refresh_from_db()
    assert (group.name, group.version) == ("Statistics", 3)


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("{etag}", 200),
        ("*", 200),
        (" * ", 200),
        ('"other", {etag}', 200),
        ('{etag},"other" ,, "a,b"', 200),
        ("W/{etag}", 412),
        ('"other"', 412),
        ('""', 412),
        ('W/"other", "a,b"', 412),
        ("", 400),
        (",", 400),
        ("other", 400),
        ("{bare}", 400),
        ('"other', 400),
        ('"a" "b"', 400),
        ("{etag}, *", 400),
        ('w/"other"', 400),
    ],
)
def test_if_match_is_a_list_of_strong_tags_or_a_star(ada_api, address, header, status):
    etag = ada_api.get(address)["ETag"]
    header = header.format(etag=etag, bare=etag.strip('"'))

    response = rename(ada_api, address, **{"If-Match": header})

    assert response.status_code == status
    if status == 400:
        assert response.json()["errors"] == [
            {
                "pointer": "/If-Match",
                "code": "invalid",
                "detail": "“If-Match” takes ETags in double quotes, parted by commas, or *.",
            }
        ]


def test_the_etag_of_another_thing_does_not_match(ada_api, address):
    etag = ada_api.get(f"/api/names/{make_group().public_id}/")["ETag"]

    assert rename(ada_api, address, **{"If-Match": etag}).status_code == 412


def test_every_other_refusal_comes_before_the_412(ada, ada_api, address):
    stale = {"If-Match": '"stale"'}
    reader = Client(headers={"Authorization": f"Bearer {make_token(ada, scopes=[]).secret}"})

    assert rename(Client(), address, **stale).status_code == 401
    assert rename(reader, address, **stale).status_code == 403
    assert rename(ada_api, "/api/names/nobodys/", **stale).status_code == 404
    assert rename(ada_api, address, 7, **stale).status_code == 400
    assert rename(ada_api, f"{address}?x=1", **stale).status_code == 400
    assert rename(ada_api, address, **stale).status_code == 412


# --- Other forms -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("*/*", JSON),
        ("application/json, text/csv", JSON),
        ("text/csv", "text/csv"),
        ("text/csv;q=0.9, application/json;q=0.1", "text/csv"),
        ("text/*", "text/csv"),
        ("application/problem+json", JSON),
    ],
)
def test_a_call_answers_in_the_form_that_is_asked_for(ada_api, address, accept, content_type):
    response = ada_api.get(address, headers={"Accept": accept})

    assert (response.status_code, response["Content-Type"]) == (200, content_type)


def test_a_form_that_another_method_offers_is_a_406(ada_api, address):
    assert_problem(rename(ada_api, address, Accept="text/csv"), 406, "not-acceptable")


def test_whoever_asks_for_csv_gets_problems_as_problem_documents(ada_api):
    response = ada_api.get("/api/names/nobodys/", headers={"Accept": "text/csv"})

    assert_problem(response, 404, "not-found")


# --- At the same time --------------------------------------------------------------------------


def fifty_at_once(address, ada, headers):
    secret, start = make_token(ada).secret, Barrier(50)

    def patch(number):
        client = Client(headers={"Authorization": f"Bearer {secret}"})
        start.wait(timeout=60)
        try:
            return rename(client, address, f"Name {number}", **headers).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(50) as pool:
        return list(pool.map(patch, range(50)))


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_fifty_changes_at_once_with_one_etag_exactly_one_is_made(ada, ada_api, address, group):
    etag = ada_api.get(address)["ETag"]

    answers = fifty_at_once(address, ada, {"If-Match": etag})

    assert sorted(answers) == [200] + [412] * 49
    group.refresh_from_db()
    assert group.version == 2


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_the_fifty_all_get_through_where_the_update_does_not_compare(
    ada, address, group, monkeypatch
):
    """The control: without the comparison in the UPDATE the test above would fail."""

    def looks_before_it_writes(row, *, version, **changes):
        if version not in {None, row.version}:
            raise Changed
        # Long enough for others to look as well.
        time.sleep(0.3)
        return compares(row, version=None, **changes)

    compares = write_version
    etag = Client(headers={"Authorization": f"Bearer {make_token(ada).secret}"}).get(address)[
        "ETag"
    ]
    monkeypatch.setitem(globals(), "write_version", looks_before_it_writes)

    answers = fifty_at_once(address, ada, {"If-Match": etag})

    assert answers.count(200) > 1
