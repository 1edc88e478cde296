"""The pages that take data out and bring it in, and the one that ends the account."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.factories import PASSWORD, make_user
from tracker.actions.deletions import erase_deleted
from tracker.actions.notes import write_note
from tracker.actions.progress import Mark, mark_topics
from tracker.models import Source, TopicNote, TopicProgress, TopicState, User


@pytest.fixture
def reader(ada, catalog):
    topic = catalog.topic_by_slug["vectors"]
    mark_topics(user=ada, marks=[Mark(topic=topic, state=TopicState.DONE)], source=Source.MANUAL)
    write_note(user=ada, topic=topic, body="Arrows")
    return ada


def upload(content, name="mlmath.json"):
    content = content if isinstance(content, bytes) else json.dumps(content).encode()
    return {"file": SimpleUploadedFile(name, content)}


def ticket(response):
    return response.context["ticket"]


@pytest.mark.parametrize(
    ("kind", "name", "part"),
    [
        ("json", "mlmath.json", '"body": "Arrows"'),
        ("csv", "mlmath-topics.csv", "vectors,Vectors and vector arithmetic,"),
        ("md", "mlmath-topics.md", "- [x] Vectors and vector arithmetic"),
    ],
)
def test_an_export_is_a_download(reader, ada_browser, kind, name, part):
    assert f"/settings/export/{kind}/" in ada_browser.get("/settings/export/").content.decode()

    response = ada_browser.get(f"/settings/export/{kind}/")

    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "no-store" in response["Cache-Control"]
    assert part in response.content.decode()
    assert ada_browser.get("/settings/export/xml/").status_code == 404


def test_the_schema_is_open_to_all(client, db):
    response = client.get("/schemas/export-1.json")

    assert response["Content-Type"] == "application/schema+json"
    assert json.loads(response.content)["title"].startswith("Everything that mlmath keeps")


def test_a_file_is_shown_first_and_imported_then(reader, ada_browser, client):
    document = ada_browser.get("/settings/export/json/").json()
    other = make_user("grace@example.org")
    client.force_login(other)

    response = client.post("/settings/import/", upload(document))

    assert response.status_code == 200
    page = response.content.decode()
    assert 'Topics: <span class="number">1</span> new' in page
    assert 'Notes: <span class="number">1</span> new' in page
    assert not TopicProgress.objects.filter(user=other).exists()
    client.post("/settings/import/run/", {"ticket": ticket(response)})
    assert TopicProgress.objects.get(user=other).state == "done"
    assert TopicNote.objects.get(user=other).body == "Arrows"
    again = client.post("/settings/import/", upload(document)).content.decode()
    assert "Nothing: all of it is here already." in again


def test_a_file_without_topics_is_not_called_known_already(ada_browser, catalog):
    page = ada_browser.post("/settings/import/", upload(b"a,b\n1,2\n")).content.decode()

    assert "Nothing: it holds nothing that can be taken over." in page
    assert "Not recognised, and left out:</strong> a,b, 1,2." in page


def test_a_pasted_list_names_what_it_does_not_know(ada, ada_browser, catalog):
    response = ada_browser.post("/settings/import/", {"text": "Vectors\nvectors\nBasket weaving"})

    assert "Basket weaving" in response.content.decode()
    ada_browser.post("/settings/import/run/", {"ticket": ticket(response)})
    assert TopicProgress.objects.get(user=ada).source == "import"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "Choose a file, or paste a list, and not both."),
        ({"text": "Vectors", **upload({})}, "Choose a file, or paste a list, and not both."),
        (upload(b"{not json"), "it is no JSON in UTF-8"),
        (upload(b"\x89PNG\r\n\x1a\n\xff"), "neither an mlmath export nor a text in UTF-8"),
        (upload({"format": "other"}), "<code>/format</code>: this is no mlmath export"),
        (upload({"name": "Ada"}), "<li>this is no mlmath export"),
    ],
)
def test_what_cannot_be_imported_says_why(ada_browser, catalog, data, sentence):
    response = ada_browser.post("/settings/import/", data)

    assert response.status_code == 422
    assert sentence in response.content.decode()


def test_nobody_imports_by_the_ticket_of_another(ada, ada_browser, client, catalog):
    response = ada_browser.post("/settings/import/", {"text": "vectors"})
    client.force_login(make_user())

    for wrong in (ticket(response), "", "x y", "é" * 400):
        client.post("/settings/import/run/", {"ticket": wrong})

    assert not TopicProgress.objects.exists()


def test_the_account_goes_with_the_password_only(reader, ada_browser):
    assert ada_browser.post("/settings/delete/").status_code == 422
    wrong = ada_browser.post("/settings/delete/", {"password": "wrong"})
    assert "This is not your password." in wrong.content.decode()
    assert User.objects.filter(pk=reader.pk).exists()

    response = ada_browser.post("/settings/delete/", {"password": PASSWORD})
    erase_deleted()

    assert "erased within a day." in response.content.decode()
    assert response["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert not User.objects.filter(pk=reader.pk).exists()
    assert not TopicProgress.objects.exists()
    assert ada_browser.get("/today/").status_code == 302


def test_somebody_who_has_no_password_is_not_asked_for_one(ada, ada_browser):
    ada.set_unusable_password()
    ada.save()
    ada_browser.force_login(ada)
    assert 'name="password"' not in ada_browser.get("/settings/delete/").content.decode()

    ada_browser.post("/settings/delete/")

    assert not User.objects.filter(email=ada.email).exists()
    erase_deleted()
    assert not User.objects.filter(pk=ada.pk).exists()
