"""Choosing what comes by mail, and the way out at the foot of a mail."""

import pytest

from tests.factories import make_group, make_user
from tracker.actions.people import delete_account
from tracker.models import MailSettings
from tracker.summaries.mail import unsubscribe_token

PAGE = "/settings/notifications/"
QUIET = {"quiet_from": "22:00", "quiet_until": "07:00"}


def test_at_first_the_page_shows_what_comes_by_default(ada_browser):
    page = ada_browser.get(PAGE).content.decode()

    assert page.count("checked") == 5
    assert 'value="22:00"' in page
    assert "By group" not in page


def test_choices_are_kept_and_shown(ada, ada_browser):
    group = make_group("<i>Readers</i>", members=[ada])
    field = f"group-{group.public_id}"

    answer = ada_browser.post(
        PAGE, {"wanted": ["due", "meeting"], field: ["due"], "quiet_from": "23:30", **MORNING}
    )

    assert answer["Location"] == PAGE
    settings = MailSettings.objects.get()
    assert (settings.wants("due"), settings.wants("meeting"), settings.wants("digest")) == (
        True,
        True,
        False,
    )
    assert settings.wants("due", group.public_id)
    assert not settings.wants("meeting", group.public_id)
    page = ada_browser.get(PAGE).content.decode()
    assert page.count("checked") == 2 + 1
    assert 'value="23:30"' in page
    assert "&lt;i&gt;Readers&lt;/i&gt;" in page


MORNING = {"quiet_until": "07:00"}


@pytest.mark.parametrize(
    "change", [{"quiet_from": "25:00"}, {"quiet_until": ""}, {"wanted": ["everything"]}]
)
def test_what_does_not_fit_comes_back_with_the_form(ada_browser, change):
    answer = ada_browser.post(PAGE, {"wanted": ["due"], **QUIET, **change})

    assert answer.status_code == 422
    assert not MailSettings.objects.exists()


@pytest.mark.parametrize("count", [1, 12])
def test_the_page_costs_five_queries(ada, ada_browser, count_queries, count):
    for _ in range(count):
        make_group(members=[ada])

    with count_queries() as queries:
        ada_browser.get(PAGE)

    assert len(queries) == 5, queries


@pytest.fixture
def way_out(ada):
    return f"/unsubscribe/{unsubscribe_token(ada, ['question', 'digest'])}/"


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"List-Unsubscribe": "One-Click"}},
        {
            "data": "List-Unsubscribe=One-Click",
            "content_type": "application/x-www-form-urlencoded",
        },
        {},
    ],
    ids=["multipart", "form", "the button"],
)
def test_one_click_switches_off_at_once_and_may_be_repeated(ada, client, way_out, body):
    client.handler.enforce_csrf_checks = True

    assert client.post(way_out, **body).status_code == 200
    assert client.post(way_out, **body).status_code == 200

    settings = MailSettings.objects.get(user=ada)
    assert not settings.wants("question")
    assert not settings.wants("digest")
    assert settings.wants("nudge")


def test_looking_at_the_link_changes_nothing(client, way_out):
    page = client.get(way_out)

    assert "Stop this mail?" in page.content.decode()
    assert page["Referrer-Policy"] == "no-referrer"
    assert not MailSettings.objects.exists()


def test_a_forged_link_and_that_of_a_deleted_person_do_nothing(ada, client, way_out):
    other = make_user()
    forged = way_out.replace(ada.public_id, other.public_id)

    assert client.post(forged).status_code == 404
    assert client.post(way_out.replace("question", "nudge")).status_code == 404
    assert client.post("/unsubscribe/x/").status_code == 404
    delete_account(user=ada)
    assert client.post(way_out).status_code == 404
    assert not MailSettings.objects.exists()
