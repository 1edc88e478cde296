"""The pages of groups: mine, the directory, starting one, the card."""

import re

import pytest

from tests.factories import make_group, make_user
from tracker.models import StudyGroup

pytestmark = pytest.mark.django_db
NEW = {"name": "Tuesday Readers", "time_zone": "Europe/Lisbon", "visibility": "private"}


def form_key(page):
    return re.search(r'name="form_key" value="(\w+)"', page.content.decode())[1]


def test_a_group_is_started_by_a_form_that_leads_to_it(ada, ada_browser):
    response = ada_browser.post("/groups/new/", NEW | {"resource": "mml-book", "about": "*Hi*"})

    group = StudyGroup.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/groups/{group.public_id}/")
    assert (group.name, group.time_zone, group.resource.slug) == (
        "Tuesday Readers",
        "Europe/Lisbon",
        "mml-book",
    )
    page = ada_browser.get(response["Location"]).content.decode()
    assert "<h1>Tuesday Readers</h1>" in page
    assert "Reading <strong>Mathematics for Machine Learning" in page


def test_a_double_click_starts_one_group_and_leads_to_it_twice(ada_browser):
    typed = NEW | {"form_key": form_key(ada_browser.get("/groups/new/"))}

    first, second = (ada_browser.post("/groups/new/", typed) for _ in range(2))

    assert StudyGroup.objects.count() == 1
    assert first["Location"] == second["Location"]


def test_going_back_and_typing_another_name_starts_another_group(ada_browser):
    typed = NEW | {"form_key": form_key(ada_browser.get("/groups/new/"))}

    for name in ("One", "Two"):
        ada_browser.post("/groups/new/", typed | {"name": name})

    assert sorted(StudyGroup.objects.values_list("name", flat=True)) == ["One", "Two"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "a" * 201}, "at most 200 characters"),
        ({"name": "a\0b"}, "Null characters are not allowed."),
        ({"about": "a" * 5001}, "at most 5000 characters"),
        ({"resource": "no-such-book"}, "Select a valid choice."),
        ({"time_zone": "Mars/Olympus"}, "Select a valid choice."),
        ({"visibility": "x"}, "Select a valid choice."),
    ],
)
def test_a_form_that_does_not_fit_comes_back_with_the_reason(ada_browser, changes, sentence):
    response = ada_browser.post("/groups/new/", NEW | changes)

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not StudyGroup.objects.exists()


def test_somebody_who_leads_a_hundred_groups_is_told_so(ada, ada_browser):
    for _ in range(100):
        make_group(leader=ada)

    response = ada_browser.post("/groups/new/", NEW)

    assert response.status_code == 422
    assert "You lead 100 groups already." in response.content.decode()


def test_the_list_shows_my_groups_and_how_to_get_into_one(ada, ada_browser):
    assert "You are in no group yet" in ada_browser.get("/groups/").content.decode()
    group = make_group("Algebra & Tea", members=[ada])

    page = ada_browser.get("/groups/").content.decode()

    assert f'href="/groups/{group.public_id}/">Algebra &amp; Tea</a>' in page
    assert ">AT</span>" in page
    assert 'href="/groups/" aria-current="page"' in page


def test_the_directory_finds_public_groups_by_words(ada_browser):
    make_group("Bayes in Lisbon", visibility="public")
    make_group("Oslo", visibility="public")
    make_group("Hidden Bayes")

    def found(query):
        page = ada_browser.get("/groups/directory/", {"q": query}).content.decode()
        return [name for name in ("Bayes in Lisbon", "Oslo", "Hidden Bayes") if name in page]

    assert found("") == ["Bayes in Lisbon", "Oslo"]
    assert found("bayes") == ["Bayes in Lisbon"]
    assert found("nothing\0") == []


def test_the_directory_comes_in_pages(ada_browser):
    for _ in range(25):
        make_group(visibility="public")

    first, last = (ada_browser.get("/groups/directory/", {"page": page}) for page in (1, "99"))

    assert len(first.context["cards"]) == 24
    assert len(last.context["cards"]) == 1
    assert "Page 1 of 2" in first.content.decode()


def test_a_public_group_shows_its_card_to_those_outside(ada_browser):
    group = make_group("Oslo", visibility="public", about_html="<p>All of Bayes.</p>")

    page = ada_browser.get(f"/groups/{group.public_id}/").content.decode()

    assert "All of Bayes." in page
    assert "Views of the group" not in page


def test_the_page_of_a_private_group_cannot_be_told_from_none(ada_browser):
    hidden = make_group()

    def page(public_id):
        response = ada_browser.get(f"/groups/{public_id}/")
        text = response.content.decode().replace(public_id, "ID")
        return response.status_code, re.sub(r'"X-CSRFToken": "\w+"|value="\w{64}"', "", text)

    assert page(hidden.public_id)[0] == 404
    assert page(hidden.public_id) == page("x" * 20)


@pytest.mark.parametrize("size", [1, 20])
@pytest.mark.parametrize("path", ["/groups/", "/groups/directory/"])
def test_lists_of_groups_cost_the_same_however_long_they_are(
    ada, ada_browser, count_queries, path, size
):
    for _ in range(size):
        make_group(visibility="public", members=[ada, make_user()])
    ada_browser.get(path)

    with count_queries() as queries:
        ada_browser.get(path)

    assert len(queries) <= 4
