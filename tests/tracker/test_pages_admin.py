"""People in the admin: found and deactivated, their ticks and tokens only looked at."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.test import Client

from tests.factories import make_group, make_token, make_user
from tracker.actions.invitations import create_invitation
from tracker.models import Ban, JoinRequest, TopicProgress, User


@pytest.fixture
def superuser(catalog):
    client = Client()
    client.force_login(make_user("root@example.org", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def curator(catalog):
    person = make_user("curator@example.org", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(content_type__app_label="tracker"))
    client = Client()
    client.force_login(person)
    return client


def test_people_are_found_by_their_address(superuser, ada):
    make_user("bob@example.org")

    page = superuser.get("/admin/tracker/user/", {"q": "ada@"}).content.decode()

    assert "ada@example.org" in page
    assert "bob@example.org" not in page


def test_deactivated_people_are_signed_out_at_their_next_click(superuser, ada, ada_browser):
    superuser.post("/admin/tracker/user/", {"action": "deactivate", "_selected_action": [ada.pk]})

    assert ada_browser.get("/today/")["Location"].startswith("/accounts/login/")


def test_nobody_deactivates_themselves(superuser):
    root = User.objects.get(email="root@example.org")

    superuser.post("/admin/tracker/user/", {"action": "deactivate", "_selected_action": [root.pk]})

    root.refresh_from_db()
    assert root.is_active


def test_staff_cannot_give_themselves_more_power(curator):
    person = User.objects.get(email="curator@example.org")

    curator.post(
        f"/admin/tracker/user/{person.pk}/change/", {"is_active": "on", "is_superuser": "on"}
    )

    person.refresh_from_db()
    assert not person.is_superuser


def test_staff_leave_superusers_alone(curator):
    root = make_user("root@example.org", is_superuser=True)

    curator.post("/admin/tracker/user/", {"action": "deactivate", "_selected_action": [root.pk]})
    curator.post(f"/admin/tracker/user/{root.pk}/change/", {})

    root.refresh_from_db()
    assert root.is_active


def test_people_are_not_made_or_deleted_in_the_admin(superuser, ada):
    assert superuser.get("/admin/tracker/user/add/").status_code == 403
    assert superuser.post(f"/admin/tracker/user/{ada.pk}/delete/").status_code == 403


def test_tokens_show_no_secret(superuser, ada):
    new = make_token(ada)

    page = superuser.get(f"/admin/tracker/apitoken/{new.token.pk}/change/").content.decode()

    assert new.token.prefix in page
    assert new.secret not in page
    assert new.token.digest not in page


@pytest.mark.parametrize("model", ["apitoken", "topicprogress", "activity"])
def test_what_people_did_is_only_looked_at(superuser, ada, ada_browser, model):
    make_token(ada)
    ada_browser.post("/topics/vectors/mark/", {"state": "done"})

    assert superuser.get(f"/admin/tracker/{model}/").status_code == 200
    assert superuser.get(f"/admin/tracker/{model}/add/").status_code == 403
    row = {"apitoken": ada.api_tokens, "activity": ada.activity}.get(model, ada.topic_progress)
    path = f"/admin/tracker/{model}/{row.get().pk}"
    assert superuser.post(f"{path}/change/", {"state": "todo"}).status_code == 403
    assert superuser.post(f"{path}/delete/", {"post": "yes"}).status_code == 403
    assert TopicProgress.objects.get().state == "done"


@pytest.mark.parametrize("name", ["studygroup", "membership", "ban", "joinrequest", "invitation"])
def test_groups_are_looked_at_only(curator, ada, name):
    group = make_group(leader=ada)
    create_invitation(user=ada, group=group)
    Ban.objects.create(group=group, user=make_user(), banned_at=group.created_at)
    JoinRequest.objects.create(group=group, user=make_user(), asked_at=group.created_at)
    row = apps.get_model("tracker", name).objects.get()
    address = f"/admin/tracker/{name}/{row.pk}/change/"

    assert curator.get(f"/admin/tracker/{name}/").status_code == 200
    assert curator.get(address).status_code == 200
    assert [
        curator.post(address, {}).status_code,
        curator.get(f"/admin/tracker/{name}/add/").status_code,
    ] == [403, 403]
