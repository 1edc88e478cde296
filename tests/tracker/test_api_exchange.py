"""Everything of mine out and in over REST."""

import json

import pytest
from django.test import Client

from tests.factories import make_token, make_user
from tracker.actions.import_checks import MAXIMUM_BYTES, check_document
from tracker.actions.notes import write_note
from tracker.actions.sessions import log_session
from tracker.models import KeptAnswer, TopicNote, TopicProgress

pytestmark = pytest.mark.django_db
JSON = "application/json"
EXPORT, IMPORT = "/api/v1/me/export/", "/api/v1/me/import/"


def post(client, body, path=IMPORT, **headers):
    return client.post(path, body, content_type=JSON, headers=headers)


def errors(response):
    assert response.status_code == 400
    return [(error["pointer"], error["code"]) for error in response.json()["errors"]]


@pytest.fixture
def bob_api(db):
    return Client(headers={"Authorization": f"Bearer {make_token(make_user()).secret}"})


def test_the_export_is_the_documented_document(ada, ada_api, catalog):
    log_session(user=ada, minutes=30, topic=catalog.topic_by_slug["vectors"])

    response = ada_api.get(EXPORT)

    document = response.json()
    assert response.status_code == 200
    assert check_document(document)
    assert response["Content-Type"] == JSON
    assert response["Cache-Control"] == "no-store"
    day = document["exported_at"][:10]
    assert response["Content-Disposition"] == f'attachment; filename="mlmath-{day}.json"'
    assert document["person"]["email"] == "ada@example.org"
    assert len(document["sessions"]) == 1


def test_an_export_comes_in_again_elsewhere(ada, ada_api, bob_api, catalog):
    write_note(user=ada, topic=catalog.topic_by_slug["vectors"], body="arrows")
    ada_api.put("/api/v1/me/topics/vectors/", {"state": "done"}, content_type=JSON)
    document = ada_api.get(EXPORT).json()

    dry = post(bob_api, document, f"{IMPORT}?dry_run=true").json()
    assert TopicNote.objects.count() == 1
    real = post(bob_api, document).json()

    assert dry == real | {"dry_run": True}
    assert real["dry_run"] is False
    assert {"kind": "topics", "names": ["vectors"]} in real["added"]
    assert {"kind": "notes", "names": ["vectors"]} in real["added"]
    assert real["unknown"] == []
    exported = bob_api.get(EXPORT).json()
    assert [exported[part] for part in ("topics", "notes")] == [
        document[part] for part in ("topics", "notes")
    ]
    again = post(bob_api, document).json()
    assert (again["added"], again["changed"]) == ([], [])


def test_a_list_ticks_the_topics_that_it_names(ada_api, catalog):
    titles = [catalog.topic_by_slug[slug].title for slug in ("vectors", "derivatives")]
    body = {"list": f"vectors\n- [x] {titles[1]}\n- [ ] stochastic-gradient-descent\nweaving"}

    response = post(ada_api, body)

    assert response.status_code == 200
    assert response.json() == {
        "dry_run": False,
        "added": [{"kind": "topics", "names": titles}],
        "changed": [],
        "unknown": ["weaving"],
        "kept": 0,
    }
    assert TopicProgress.objects.count() == 2


def test_what_is_no_export_is_refused_by_pointer(ada, ada_api, catalog):
    document = ada_api.get(EXPORT).json()
    document["topics"] = [{"topic": "vectors"}]

    found = errors(post(ada_api, document))

    assert found
    assert all(pointer.startswith("/topics/0") for pointer, _ in found)
    assert {code for _, code in found} == {"import_faulty"}
    assert errors(post(ada_api, {"lists": "x"}))
    assert errors(post(ada_api, {"list": "x", "more": 1})) == [("/more", "unknown_field")]
    assert errors(post(ada_api, {"list": 1})) == [("/list", "invalid")]
    assert errors(post(ada_api, {"list": "x\n" * 1001})) == [("", "import_faulty")]
    assert errors(post(ada_api, {"list": "x"}, f"{IMPORT}?dry_run=maybe")) == [
        ("/dry_run", "invalid")
    ]
    assert errors(ada_api.generic("POST", IMPORT)) == [("", "required")]


def test_an_import_may_be_larger_than_other_bodies(ada_api, catalog):
    def padded(size):
        body = json.dumps({"list": "vectors"})
        return body + " " * (size - len(body))

    assert post(ada_api, padded(MAXIMUM_BYTES)).status_code == 200
    refused = post(ada_api, padded(MAXIMUM_BYTES + 1))
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")


def test_an_import_with_its_key_happens_once(ada_api, catalog):
    first = post(ada_api, {"list": "vectors"}, **{"Idempotency-Key": "k"})
    again = post(ada_api, {"list": "vectors"}, **{"Idempotency-Key": "k"})

    assert again.content == first.content
    assert again["Idempotency-Replayed"] == "true"
    dry = post(ada_api, {"list": "vectors"}, f"{IMPORT}?dry_run=true", **{"Idempotency-Key": "k"})
    assert dry.status_code == 422


def test_a_refused_import_leaves_nothing_behind(ada_api, catalog):
    assert post(ada_api, {"list": "x\n" * 1001}, **{"Idempotency-Key": "k"}).status_code == 400

    assert not KeptAnswer.objects.exists()
