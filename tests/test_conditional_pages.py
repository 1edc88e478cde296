"""A visitor may keep a page of the catalog, and asks whether it still holds."""

import pytest
from django.test import Client

from catalog.graph import forget_graph
from catalog.models import CatalogVersion, Topic

pytestmark = pytest.mark.django_db
PAGES = ["/", "/roles/", "/library/", "/topics/vectors/", "/roadmap/data-scientist/"]


@pytest.fixture
def visitor(catalog):
    """Has been here before, and so has the cookie of the forms."""
    client = Client()
    client.get("/roles/")
    return client


def ask_again(visitor, path):
    tag = visitor.get(path)["ETag"]
    return visitor.get(path, headers={"If-None-Match": tag})


@pytest.mark.parametrize("path", PAGES)
def test_a_page_that_holds_is_not_sent_again(visitor, path):
    answer = ask_again(visitor, path)

    assert (answer.status_code, answer.content) == (304, b"")
    assert answer["Cache-Control"] == "private, no-cache"
    assert "Cookie" in answer["Vary"]


def test_a_page_that_has_changed_is_sent(visitor):
    tag = visitor.get("/topics/vectors/")["ETag"]
    Topic.objects.filter(slug="vectors").update(title="Arrows")
    CatalogVersion.objects.update(number=CatalogVersion.objects.current_number() + 1)
    forget_graph()

    answer = visitor.get("/topics/vectors/", headers={"If-None-Match": tag})

    assert answer.status_code == 200
    assert "Arrows" in answer.content.decode()


def test_the_forms_of_a_kept_page_still_work(visitor):
    client = Client(enforce_csrf_checks=True)
    client.cookies = visitor.cookies
    page = client.get("/topics/vectors/")
    token = page.content.decode().split('name="csrfmiddlewaretoken" value="')[1][:64]
    assert ask_again(client, "/topics/vectors/").status_code == 304

    form = {"state": "done", "csrfmiddlewaretoken": token}
    answer = client.post("/topics/vectors/mark/", form)

    assert answer.status_code == 302


def test_another_cookie_of_the_forms_needs_another_page(visitor):
    tag = visitor.get("/topics/vectors/")["ETag"]
    other = Client()
    other.get("/roles/")

    answer = other.get("/topics/vectors/", headers={"If-None-Match": tag})

    assert answer.status_code == 200


def test_who_has_ticked_keeps_nothing(visitor):
    visitor.post("/topics/vectors/mark/", {"state": "done"})

    assert not visitor.get("/topics/vectors/").has_header("ETag")


def test_the_signed_in_keep_nothing(ada_browser, catalog):
    page = ada_browser.get("/topics/vectors/")

    assert not page.has_header("ETag")
    assert "no-store" in page["Cache-Control"]


@pytest.mark.parametrize("path", ["/accounts/login/", "/topics/no-such-topic/", "/today/"])
def test_other_answers_are_left_alone(visitor, path):
    answer = visitor.get(path)

    assert not answer.has_header("ETag")
