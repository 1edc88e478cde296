"""Which mail I want, over REST."""

import pytest

from tests.factories import make_group
from tracker.models import MailSettings

MAIL = "/api/v1/me/mail/"
AT_FIRST = {
    "wanted": ["due", "digest", "nudge", "question", "mention"],
    "muted": [],
    "quiet_from": "22:00",
    "quiet_until": "07:00",
    "paused": False,
}


def patch(client, body):
    return client.patch(MAIL, body, content_type="application/json")


def errors(response):
    assert response.status_code == 400
    return [(one["pointer"], one["code"]) for one in response.json()["errors"]]


def test_at_first_there_is_what_comes_by_default(ada_api):
    assert ada_api.get(MAIL).json() == AT_FIRST
    assert not MailSettings.objects.exists()


def test_what_is_missing_stays_and_a_list_replaces_the_one_before(ada, ada_api):
    group = make_group(members=[ada])
    muted = [{"group": group.public_id, "categories": ["due", "meeting"]}]

    first = patch(ada_api, {"wanted": ["due", "meeting"], "muted": muted})
    second = patch(ada_api, {"quiet_until": "06:30"})
    third = patch(ada_api, {"wanted": [], "muted": []})

    assert first.json() == AT_FIRST | {"wanted": ["due", "meeting"], "muted": muted}
    assert second.json() == first.json() | {"quiet_until": "06:30"}
    assert ada_api.get(MAIL).json() == third.json()
    assert third.json() == second.json() | {"wanted": [], "muted": []}


def test_the_page_and_the_call_keep_the_same(ada, ada_api, ada_browser):
    group = make_group(members=[ada])
    body = {"wanted": ["due"], "muted": [{"group": group.public_id, "categories": ["due"]}]}
    patch(ada_api, body | {"quiet_from": "23:00"})
    by_call = MailSettings.objects.values().get()
    MailSettings.objects.all().delete()

    others = [name for name in by_call["choices"] if name != "due"]
    form = {"wanted": ["due"], "quiet_from": "23:00", "quiet_until": "07:00"}
    ada_browser.post("/settings/notifications/", form | {f"group-{group.public_id}": others})

    by_page = MailSettings.objects.values().get()
    assert by_page | {"id": 0} == by_call | {"id": 0}


def test_a_group_that_was_left_is_muted_no_longer(ada, ada_api):
    group = make_group(members=[ada])
    muted = [{"group": group.public_id, "categories": ["due"]}]
    patch(ada_api, {"muted": muted})
    group.memberships.filter(user=ada).delete()

    assert ada_api.get(MAIL).json()["muted"] == []
    assert errors(patch(ada_api, {"muted": muted})) == [("/muted/0/group", "unknown")]


def test_an_address_that_refused_mail_is_tried_again_after_a_change(ada, ada_api):
    MailSettings.objects.create(user=ada, refusals=3)

    assert ada_api.get(MAIL).json()["paused"]
    assert not patch(ada_api, {}).json()["paused"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"wanted": ["everything"]}, ("/wanted/0", "invalid_choice")),
        ({"wanted": None}, ("/wanted", "null")),
        ({"quiet_from": "24:00"}, ("/quiet_from", "invalid")),
        ({"quiet_from": "7:00"}, ("/quiet_from", "invalid")),
        ({"muted": [{"categories": []}]}, ("/muted/0/group", "required")),
        ({"paused": True}, ("/paused", "unknown_field")),
    ],
)
def test_what_does_not_fit_is_refused(ada_api, body, expected):
    assert errors(patch(ada_api, body)) == [expected]
