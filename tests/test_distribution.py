"""The tables can be spread over several machines, by person and by group (docs/scaling.md).

A machine can keep a unique constraint only over the rows that it has itself, so each has to hold
the key by which rows are spread. And a query that names the key asks one machine instead of all.
"""

import re

import pytest
from django.apps import apps
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.factories import make_assignment, make_group, make_question, make_user
from tracker import models as tracker

# By person: what somebody does and has alone.
BY_PERSON = {
    tracker.Activity, tracker.ApiToken, tracker.CallCount, tracker.Inactivity, tracker.KeptAnswer,
    tracker.KnownBrowser, tracker.MailSettings, tracker.Notice, tracker.ReviewAnswer,
    tracker.StudySession, tracker.TopicNote, tracker.TopicProgress, tracker.TopicReview,
    tracker.UnitProgress,
}  # fmt: skip
# By group; where a table has no column for the group, its parent has, and the parent's key leads.
BY_GROUP = {
    tracker.Answer: {"question"},
    tracker.Assignment: {"group"},
    tracker.AssignmentProgress: {"assignment"},
    tracker.Ban: {"group"},
    tracker.Delivery: {"webhook"},
    tracker.EarlierText: {"question", "answer"},
    tracker.Invitation: {"group"},
    tracker.JoinRequest: {"group"},
    tracker.LeaderAct: {"group"},
    tracker.Meeting: {"group"},
    tracker.MeetingDate: {"meeting"},
    tracker.Membership: {"group"},
    tracker.Mention: {"question", "answer"},
    tracker.Nudge: {"group"},
    tracker.Presenter: {"assignment"},
    tracker.Question: {"group"},
    tracker.Reader: {"question"},
    tracker.Recipient: {"assignment"},
    tracker.Rsvp: {"meeting"},
    tracker.Webhook: {"group"},
}
# Small, or read by everybody, or a queue: whole on one machine, or whole on each of them.
WHOLE = {
    tracker.Deletion, tracker.JobRun, tracker.Outgoing, tracker.Silence, tracker.StaffLook,
    tracker.StudyGroup, tracker.User,
}  # fmt: skip
# Chance alone keeps these apart: nobody has to look for a second one.
RANDOM = {"public_id", "digest"}
# The answer that is accepted stands in its question's group, and is accepted once because of it.
FINE = {(tracker.Question, ("accepted",))}
# Set to null when the mail goes, so it need not be a constraint.
LOOSE = {(tracker.Notice, "mail")}


def keys_of(model: type[models.Model]) -> set[str]:
    return {"user"} if model in BY_PERSON else BY_GROUP[model]


def unique_sets(model: type[models.Model]) -> set[tuple[str, ...]]:
    """The fields of every unique constraint; the bare `id` is no more than a number."""
    alone = {
        (field.name,)
        for field in model._meta.concrete_fields
        if field.unique and field.name != "id"
    }
    constraints = {
        tuple(one.fields)
        for one in model._meta.constraints
        if isinstance(one, models.UniqueConstraint)
    }
    return alone | constraints | set(model._meta.unique_together)


SPREAD = sorted(BY_PERSON | set(BY_GROUP), key=lambda model: model.__name__)


def test_every_table_is_known():
    known = BY_PERSON | set(BY_GROUP) | WHOLE
    assert set(apps.get_app_config("tracker").get_models()) == known
    assert len(BY_PERSON) + len(BY_GROUP) + len(WHOLE) == len(known)


@pytest.mark.parametrize("model", SPREAD, ids=lambda model: model.__name__)
def test_what_is_unique_is_so_within_a_person_or_a_group(model):
    crossing = {
        fields
        for fields in unique_sets(model)
        if not keys_of(model) & set(fields)
        and not set(fields) <= RANDOM
        and (model, fields) not in FINE
    }
    assert crossing == set()


@pytest.mark.parametrize("model", SPREAD, ids=lambda model: model.__name__)
def test_nothing_points_from_one_kind_of_table_into_the_rows_of_the_other(model):
    """A foreign key needs both rows on one machine, or the other table on every one of them."""
    pointed_at = {
        field.related_model
        for field in model._meta.concrete_fields
        if field.is_relation and (model, field.name) not in LOOSE
    }
    others = set(BY_GROUP) if model in BY_PERSON else BY_PERSON
    assert pointed_at & others == set()
    assert tracker.Outgoing not in pointed_at


def test_the_rules_see_what_they_forbid():
    """Two people with one address could not be told apart on two machines."""
    assert ("email",) in unique_sets(tracker.User)
    assert unasked('SELECT 1 FROM "tracker_topicprogress" WHERE "state" = 1') == {
        "tracker_topicprogress"
    }


# --- Queries --------------------------------------------------------------------------------------

_COLUMNS = {
    # One row by its own number, or by what chance has made: every machine is asked, briefly.
    model._meta.db_table: {f"{key}_id" for key in keys_of(model)} | {"id", *RANDOM}
    for model in SPREAD
}


_NAMED = re.compile(
    r'(?:FROM|JOIN|UPDATE) ("tracker_\w+")'
    r"(?: (?!ON|WHERE|SET|INNER|LEFT|ORDER|GROUP|LIMIT|FOR)(\w+))?"
)


def unasked(sql: str) -> set[str]:
    """The tables of which a query reads or changes rows without naming a key, or joining by one."""
    found = set()
    for table, alias in _NAMED.findall(sql):
        keys = "|".join(_COLUMNS.get(table.strip('"'), ()))
        column = rf'{alias or table}\."({keys})"'
        if keys and not re.search(rf"{column} (=|IN)|= \(?{column}", sql):
            found.add(table.strip('"'))
    return found


@pytest.fixture
def addresses(ada):
    """What people look at most, with something to see on it, by session and by token."""
    group = make_group(leader=ada, members=[make_user(), make_user()])
    make_assignment(group, 1)
    make_question(group, ada)
    here, there = f"/groups/{group.public_id}/", f"/api/v1/groups/{group.public_id}/"
    return [
        "/today/", "/roadmap/data-scientist/", "/topics/vectors/", "/library/", "/review/", "/log/",
        "/notifications/", "/groups/", here, f"{here}progress/", f"{here}schedule/",
        f"{here}questions/", f"{here}meetings/", f"{here}members/",
        "/api/v1/me/", "/api/v1/me/topics/", "/api/v1/me/units/", "/api/v1/me/plan/",
        "/api/v1/me/sessions/", "/api/v1/me/activity/", "/api/v1/groups/", there,
        f"{there}assignments/", f"{there}questions/", f"{there}members/",
    ]  # fmt: skip


def test_what_people_do_all_day_names_the_person_or_the_group(
    ada, ada_browser, ada_htmx, ada_api, addresses
):
    with CaptureQueriesContext(connection) as captured:
        for address in addresses:
            client: Client = ada_api if address.startswith("/api/") else ada_browser
            assert client.get(address).status_code == 200, address
        assert ada_htmx.post("/topics/vectors/mark/", {"state": "done"}).status_code == 200
        body = {"state": "done"}
        ticked = ada_api.put("/api/v1/me/topics/derivatives/", body, "application/json")
        assert ticked.status_code == 200

    queries = [query["sql"] for query in captured.captured_queries]
    assert len(queries) > 100
    assert {(table, sql) for sql in queries for table in unasked(sql)} == set()
