"""Webhooks: managed by leaders, told what is committed, delivered as often as it takes."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from standardwebhooks import Webhook as Verifier

from mlmath.errors import NotFound, PermissionDenied
from mlmath.outbound import Answered, NoAnswer
from tests.factories import make_assignment, make_group, make_user
from tracker.actions import deliveries
from tracker.actions.announcements import announce
from tracker.actions.answers import answer_question
from tracker.actions.assignments import (
    assign_units,
    edit_assignment,
    move_assignment,
    remove_assignment,
    restore_assignment,
)
from tracker.actions.deliveries import deliver_due
from tracker.actions.questions import ask_question, delete_question
from tracker.actions.retention import purge
from tracker.actions.shifts import shift_assignments, undo_shift
from tracker.actions.webhooks import (
    TooManyWebhooks,
    WebhookDisabled,
    WebhookThere,
    create_webhook,
    emit,
    redeliver,
    remove_webhook,
    rotate_secret,
    try_webhook,
)
from tracker.jobs import tasks
from tracker.jobs.clock import tick
from tracker.models import (
    Delivery,
    GroupEvent,
    Notice,
    UnitProgress,
    Webhook,
    WebhookKind,
)
from tracker.summaries.webhooks import is_delivery_waiting

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 16, 12, tzinfo=UTC)
URL = "https://bot.example.org/hook?key=abc"


@pytest.fixture
def group(ada):
    return make_group("Tuesday Readers", leader=ada, time_zone="Europe/Berlin")


def make(group, user, *, url=URL, kind=WebhookKind.PROGRAM, events=tuple(GroupEvent)):
    return create_webhook(
        user=user, group=group, kind=kind, name="Bot", url=url, events=events, at=NOW
    )


class Sent:
    """What went out; `answers` say what comes back, 204 once they are used up."""

    def __init__(self):
        self.calls: list[tuple[str, str, dict[str, str]]] = []
        self.answers: list[int | Answered | BaseException] = []

    def post(self, url, body, headers):
        self.calls.append((url, body.decode(), dict(headers)))
        answer = self.answers.pop(0) if self.answers else 204
        if isinstance(answer, BaseException):
            raise answer
        return Answered(status=answer, retry_after=None) if isinstance(answer, int) else answer


@pytest.fixture
def sent(monkeypatch):
    made = Sent()
    monkeypatch.setattr(deliveries, "post", made.post)
    return made


def asked(group, key="q1", **data):
    emit(
        group=group,
        event=GroupEvent.QUESTION_ASKED,
        key=key,
        data={"id": key, "title": "Why?", "path": "/groups/x/", **data},
        at=NOW,
    )


def test_a_message_is_signed_as_standard_webhooks_say(ada, group, sent):
    made = make(group, ada)
    asked(group)

    assert deliver_due(at=timezone.now()) == 1

    [(url, body, headers)] = sent.calls
    event = Verifier(made.secret).verify(body, headers)
    assert url == URL
    assert event["type"] == "question.asked"
    assert event["timestamp"] == "2026-11-16T12:00:00Z"
    assert event["data"]["group"] == {"id": group.public_id, "name": "Tuesday Readers"}
    assert event["data"]["title"] == "Why?"


def test_after_a_new_secret_both_sign_for_a_day(ada, group, sent):
    old = make(group, ada).secret
    webhook = Webhook.objects.get()
    new = rotate_secret(user=ada, group=group, public_id=webhook.public_id).secret
    asked(group)
    deliver_due(at=timezone.now())

    [(_, body, headers)] = sent.calls
    assert new != old
    assert Verifier(new).verify(body, headers)
    assert Verifier(old).verify(body, headers)

    Webhook.objects.update(rotated_at=timezone.now() - timedelta(days=2), not_before=None)
    asked(group, "q2")
    deliver_due(at=timezone.now())
    assert sent.calls[1][2]["webhook-signature"].count("v1,") == 1


def test_neither_address_nor_secret_stand_in_the_database(ada, group):
    made = make(group, ada)

    row = str(Webhook.objects.values().get())

    assert URL not in row
    assert "abc" not in row
    assert made.secret.removeprefix("whsec_") not in row
    assert Webhook.objects.get().shown_url == "https://bot.example.org/hook…"


def test_what_is_rolled_back_is_never_told(ada, group):
    make(group, ada)

    with transaction.atomic():
        asked(group)
        transaction.set_rollback(True)

    assert not Delivery.objects.exists()


def test_the_same_event_is_told_once_and_only_to_those_who_want_it(ada, group):
    make(group, ada)
    make(group, ada, url="https://other.example.org/", events=[GroupEvent.ASSIGNMENT_MOVED])

    asked(group)
    asked(group)

    assert Delivery.objects.count() == 1


def test_a_failure_is_tried_again_later_and_later_for_about_a_day(ada, group, sent):
    make(group, ada)
    asked(group)
    sent.answers += [NoAnswer(), *[500] * 20]
    at, waits = NOW, []

    while Delivery.objects.get().state == "waiting":
        assert deliver_due(at=at) == 1
        due = Delivery.objects.get().due_at
        waits.append((due - at).total_seconds())
        at = max(due, at + timedelta(seconds=1))

    assert len(sent.calls) == 11
    assert Delivery.objects.get().state == "failed"
    assert waits[:9] == sorted(waits[:9])
    assert timedelta(hours=24) < at - NOW < timedelta(hours=30)
    assert len({headers["webhook-id"] for *_, headers in sent.calls}) == 1


def test_a_busy_receiver_rests_as_long_as_it_asks_to(ada, group, sent):
    make(group, ada)
    asked(group, "q1")
    asked(group, "q2")
    sent.answers.append(Answered(status=429, retry_after=300))

    deliver_due(at=NOW)
    assert deliver_due(at=NOW + timedelta(seconds=299)) == 0
    deliver_due(at=NOW + timedelta(seconds=301))
    deliver_due(at=NOW + timedelta(seconds=303))

    assert len(sent.calls) == 3
    assert not Delivery.objects.exclude(state="delivered").exists()


def test_one_receiver_hears_one_message_a_second(ada, group, sent):
    make(group, ada)
    for number in range(3):
        asked(group, f"q{number}")

    tries = [deliver_due(at=NOW + timedelta(seconds=seconds)) for seconds in (0, 0.5, 1, 2)]

    assert tries == [1, 0, 1, 1]


@pytest.mark.parametrize("status", [404, 410])
def test_an_address_that_is_gone_is_switched_off_and_the_leaders_hear_it(ada, group, sent, status):
    make(group, ada)
    asked(group, "q1")
    asked(group, "q2")
    sent.answers.append(status)

    deliver_due(at=NOW)
    deliver_due(at=NOW + timedelta(hours=1))

    webhook = Webhook.objects.get()
    assert len(sent.calls) == 1
    assert webhook.disabled_at == NOW
    assert "gone" in Notice.objects.get(user=ada).text
    with pytest.raises(WebhookDisabled):
        try_webhook(user=ada, group=group, public_id=webhook.public_id)


def test_after_three_days_of_failure_it_is_switched_off(ada, group, sent):
    make(group, ada)
    sent.answers += [500] * 3
    for days in (0, 2, 3):
        Delivery.objects.all().delete()
        asked(group, f"q{days}")
        deliver_due(at=NOW + timedelta(days=days, seconds=1))

    assert Webhook.objects.get().disabled_because == "Nothing has got through for three days."


def test_a_redirect_is_a_failure(ada, group, sent):
    make(group, ada)
    asked(group)
    sent.answers.append(302)

    deliver_due(at=NOW)

    assert (Delivery.objects.get().state, Delivery.objects.get().last_status) == ("waiting", 302)


def test_a_worker_that_died_lets_go_of_its_delivery_after_a_minute(ada, group, sent):
    make(group, ada)
    asked(group)
    sent.answers.append(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        deliver_due(at=NOW)

    assert deliver_due(at=NOW + timedelta(seconds=30)) == 0
    assert deliver_due(at=NOW + timedelta(seconds=61)) == 1
    assert Delivery.objects.get().state == "delivered"


def test_nothing_is_told_of_a_deleted_group_or_by_a_removed_webhook(ada, group, sent):
    made = make(group, ada)
    asked(group)
    group.deleted_at = NOW
    group.save()
    assert deliver_due(at=NOW) == 0
    group.deleted_at = None
    group.save()

    remove_webhook(user=ada, group=group, public_id=made.webhook.public_id)

    assert deliver_due(at=NOW) == 0
    assert not Delivery.objects.exists()


def test_a_message_sent_again_keeps_its_id(ada, group, sent):
    webhook = make(group, ada).webhook
    asked(group)
    deliver_due(at=NOW)

    again = redeliver(
        user=ada,
        group=group,
        public_id=webhook.public_id,
        delivery_id=Delivery.objects.get().public_id,
        at=NOW + timedelta(minutes=1),
    )
    deliver_due(at=NOW + timedelta(minutes=2))

    ids = [headers["webhook-id"] for *_, headers in sent.calls]
    assert ids == [again.message_id] * 2


def test_old_deliveries_are_forgotten(ada, group):
    make(group, ada)
    asked(group)

    purge(at=NOW + timedelta(days=29))
    assert Delivery.objects.count() == 1
    purge(at=NOW + timedelta(days=31))
    assert not Delivery.objects.exists()


SLACK = "https://hooks.slack.com/services/T0/B0/xyz"
DISCORD = "https://discord.com/api/webhooks/1/x-y_z"
NASTY = "<!channel> @everyone & *bold* [x](https://evil.example) <http://evil|ok>\r\nnext"


def test_slack_gets_text_that_can_neither_mention_nor_link(ada, group, sent, settings):
    settings.SITE_URL = "https://mlmath.example"
    make(group, ada, url=SLACK, kind=WebhookKind.SLACK)
    asked(group, title=NASTY)

    deliver_due(at=NOW)

    [(url, body, headers)] = sent.calls
    message = json.loads(body)
    assert url == SLACK
    assert "webhook-signature" not in headers
    assert "&lt;!channel&gt; @everyone &amp;" in message["text"]
    assert message["text"].endswith("<https://mlmath.example/groups/x/|Open>")
    assert re.findall(r"<[^>]*>", message["text"]) == ["<https://mlmath.example/groups/x/|Open>"]
    assert message["link_names"] is False


def test_discord_gets_text_that_mentions_nobody(ada, group, sent):
    make(group, ada, url=DISCORD, kind=WebhookKind.DISCORD)
    asked(group, title=NASTY + "x" * 5000)

    deliver_due(at=NOW)

    message = json.loads(sent.calls[0][1])
    assert message["allowed_mentions"] == {"parse": []}
    assert r"\[x\]\(https" in message["content"]
    assert len(message["content"]) <= 2000 + 4000


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        (WebhookKind.SLACK, "https://hooks.slack.com.evil.example/services/T0/B0/x"),
        (WebhookKind.SLACK, "https://hooks.slack.com@evil.example/services/T0/B0/x"),
        (WebhookKind.SLACK, "http://hooks.slack.com/services/T0/B0/x"),
        (WebhookKind.SLACK, "https://hooks.slack.com:444/services/T0/B0/x"),
        (WebhookKind.SLACK, "https://hooks.slack.com/services/T0/B0/x\n"),
        (WebhookKind.DISCORD, "https://discord.com.evil.example/api/webhooks/1/x"),
        (WebhookKind.DISCORD, SLACK),
        (WebhookKind.PROGRAM, "https://127.0.0.1/"),
        (WebhookKind.PROGRAM, "http://bot.example.org/"),
    ],
)
def test_an_address_that_does_not_fit_is_refused_with_a_sentence(ada, group, settings, kind, url):
    settings.OUTBOUND_MAY_BE_LOCAL = False

    with pytest.raises(ValidationError) as refused:
        make(group, ada, url=url, kind=kind)

    assert refused.value.message_dict["url"]
    assert not Webhook.objects.exists()


def test_members_cannot_and_outsiders_do_not_know(ada):
    group = make_group(members=[ada])

    with pytest.raises(PermissionDenied):
        make(group, ada)
    with pytest.raises(NotFound):
        make(group, make_user())


def test_an_address_is_there_once_and_there_are_ten_at_most(ada, group):
    make(group, ada)
    with pytest.raises(WebhookThere):
        make(group, ada)
    for number in range(9):
        make(group, ada, url=f"{URL}{number}")

    with pytest.raises(TooManyWebhooks):
        make(group, ada, url="https://one.more.example.org/")


def test_tomorrow_is_announced_in_the_groups_morning_once(ada, group, catalog):
    make(group, ada)
    unit = catalog.resources["mml-book"].units[0]
    make_assignment(group, unit.id, due_on=NOW.date() + timedelta(days=1))

    announce(at=NOW.replace(hour=7))
    assert not Delivery.objects.exists()
    for hour in (8, 9, 23):
        announce(at=NOW.replace(hour=hour))

    body = json.loads(Delivery.objects.get().body)
    assert body["type"] == "assignment.due_tomorrow"
    assert body["data"]["title"] == f"{unit.label}: {unit.title}"


def test_a_chapter_is_finished_once_everybody_has_done_it(ada, catalog):
    grace, watcher = make_user(), make_user()
    group = make_group(leader=ada, members=[grace], observers=[watcher])
    make(group, ada)
    unit = catalog.resources["mml-book"].units[0]
    make_assignment(group, unit.id, due_on=NOW.date() + timedelta(days=5))
    UnitProgress.objects.create(user=ada, unit_id=unit.id, done_at=NOW)
    announce(at=NOW)
    assert not Delivery.objects.exists()

    UnitProgress.objects.create(user=grace, unit_id=unit.id, done_at=NOW)
    announce(at=NOW)
    announce(at=NOW)

    assert Delivery.objects.get().event == "assignment.finished"


def test_leaders_manage_webhooks_over_rest(ada, group, ada_api):
    address = f"/api/v1/groups/{group.public_id}/webhooks/"
    made = ada_api.post(
        address,
        {"url": URL, "events": ["question.asked"]},
        content_type="application/json",
        headers={"Idempotency-Key": "one"},
    )
    repeated = ada_api.post(
        address,
        {"url": URL, "events": ["question.asked"]},
        content_type="application/json",
        headers={"Idempotency-Key": "one"},
    )
    one = made.json()
    listed = ada_api.get(address).json()["results"]
    tested = ada_api.post(f"{address}{one['id']}/test/")
    told = ada_api.get(f"{address}{one['id']}/deliveries/").json()
    again = ada_api.post(f"{address}{one['id']}/deliveries/{told['results'][0]['id']}/redeliver/")
    rotated = ada_api.post(f"{address}{one['id']}/secret/")
    removed = ada_api.delete(f"{address}{one['id']}/")

    assert (made.status_code, repeated.status_code) == (201, 409)
    assert one["secret"].startswith("whsec_")
    assert one["url"] == "https://bot.example.org/hook…"
    assert [row["id"] for row in listed] == [one["id"]]
    assert "secret" not in listed[0]
    assert (tested.status_code, again.status_code, removed.status_code) == (201, 200, 204)
    assert rotated.json()["secret"] not in {one["secret"], ""}
    assert told["results"][0]["event"] == "webhook.tested"
    assert ada_api.get(address).json()["count"] == 0


def test_a_disabled_webhook_is_enabled_over_rest(ada, group, ada_api):
    webhook = make(group, ada).webhook
    Webhook.objects.update(disabled_at=NOW, disabled_because="404 Not Found")
    address = f"/api/v1/groups/{group.public_id}/webhooks/{webhook.public_id}"
    assert ada_api.post(f"{address}/test/").status_code == 409

    answers = [ada_api.post(f"{address}/enable/") for _ in range(2)]

    for answer in answers:
        assert answer.status_code == 200
        assert (answer.json()["disabled"], answer.json()["disabled_because"]) == (False, "")
    assert ada_api.post(f"{address}/test/").status_code == 201


@pytest.mark.parametrize("page_size", ["0", "201", "x"])
def test_a_faulty_page_size_or_cursor_is_a_400(ada, group, ada_api, page_size):
    webhook = make(group, ada).webhook
    address = f"/api/v1/groups/{group.public_id}/webhooks/{webhook.public_id}/deliveries/"

    assert ada_api.get(f"{address}?page_size={page_size}").status_code == 400
    assert ada_api.get(f"{address}?cursor=abcdefgh").status_code == 400


def test_deliveries_come_page_by_page(ada, group, ada_api):
    webhook = make(group, ada).webhook
    for number in range(5):
        asked(group, f"q{number}")
    address = f"/api/v1/groups/{group.public_id}/webhooks/{webhook.public_id}/deliveries/"

    seen, following = [], f"{address}?page_size=2"
    while following:
        page = ada_api.get(following).json()
        seen += [row["id"] for row in page["results"]]
        following = page["next"]

    assert len(seen) == len(set(seen)) == 5


def test_the_pages_add_try_rotate_and_remove(ada, group, ada_browser):
    address = f"/groups/{group.public_id}/webhooks/"
    form = {"kind": "program", "name": "Bot", "url": URL, "events": ["question.asked"]}

    added = ada_browser.post(address, form)
    twice = ada_browser.post(address, form)
    webhook = Webhook.objects.get()
    page = f"{address}{webhook.public_id}/"
    tried = ada_browser.post(f"{page}change/", {"do": "try"}, follow=True).content.decode()
    delivery = Delivery.objects.get()
    Delivery.objects.update(state="delivered", tries=1, last_status=204)
    log = ada_browser.get(page).content.decode()
    again = ada_browser.post(f"{page}{delivery.public_id}/redeliver/")
    rotated = ada_browser.post(f"{page}change/", {"do": "rotate"}).content.decode()
    ada_browser.post(f"{page}change/", {"do": "remove"})

    assert "whsec_" in added.content.decode()
    assert twice.status_code == 422
    assert "already" in twice.content.decode()
    assert "on its way" in tried
    assert "answered 204" in log
    assert again.status_code == 302
    assert "whsec_" in rotated
    assert not Webhook.objects.exists()


def test_the_page_is_for_leaders(ada, ada_browser):
    group = make_group(members=[ada])

    assert ada_browser.get(f"/groups/{group.public_id}/webhooks/").status_code == 403
    assert ada_browser.get(f"/groups/{make_group().public_id}/webhooks/").status_code == 404


def told():
    return [
        (one.event, json.loads(one.body)["data"]["title"])
        for one in Delivery.objects.order_by("pk")
    ]


def test_a_plan_is_one_event_that_lists_every_chapter(ada, group, catalog):
    make(group, ada)
    units = catalog.resources["mml-book"].units[:3]
    soon = timezone.now() + timedelta(days=7)

    assign_units(
        user=ada,
        group=group,
        dates=[(unit, soon + number * timedelta(days=7)) for number, unit in enumerate(units)],
    )

    data = json.loads(Delivery.objects.get().body)["data"]
    first = f"{units[0].label}: {units[0].title}"
    assert told() == [("assignment.published", f"3 chapters from {first} on")]
    assert [row["unit"] for row in data["assignments"]] == [unit.slug for unit in units]


def test_drafts_are_told_when_they_are_published_and_moved_and_removed_ones_too(
    ada, group, catalog
):
    make(group, ada)
    unit = catalog.resources["mml-book"].units[0]
    soon = timezone.now() + timedelta(days=7)
    [row] = assign_units(user=ada, group=group, dates=[(unit, soon)], is_draft=True)
    edit_assignment(user=ada, assignment=row, due=soon + timedelta(days=1))
    assert told() == []

    edit_assignment(user=ada, assignment=row, is_draft=False)
    edit_assignment(user=ada, assignment=row, due=soon + timedelta(days=2))
    shift_assignments(user=ada, group=group, from_day=soon.date(), days=7)
    remove_assignment(user=ada, assignment=row)

    assert [event for event, _ in told()] == [
        "assignment.published", "assignment.moved", "assignment.moved", "assignment.removed",
    ]  # fmt: skip


def test_a_chapter_that_comes_back_is_told_as_assigned_and_a_draft_is_not(ada, group, catalog):
    make(group, ada)
    shown, draft = (
        make_assignment(group, unit.id, is_draft=is_draft)
        for unit, is_draft in zip(catalog.resources["mml-book"].units, (False, True), strict=False)
    )

    for row in (shown, draft):
        remove_assignment(user=ada, assignment=row)
        for _ in range(2):
            restore_assignment(user=ada, assignment=row)

    assert [event for event, _ in told()] == ["assignment.removed", "assignment.published"]


def test_a_chapter_that_becomes_a_draft_again_is_told_as_removed(ada, group, catalog):
    make(group, ada)
    row = make_assignment(group, catalog.resources["mml-book"].units[0].id)

    for is_draft in (True, True, False):
        edit_assignment(user=ada, assignment=row, is_draft=is_draft, at=row.created_at)

    assert [event for event, _ in told()] == ["assignment.removed", "assignment.published"]


def test_dates_that_are_traded_or_go_back_are_told_too(ada, group, catalog):
    make(group, ada)
    units = catalog.resources["mml-book"].units[:2]
    soon = timezone.now() + timedelta(days=7)
    dates = [(unit, soon + number * timedelta(days=7)) for number, unit in enumerate(units)]
    rows = assign_units(user=ada, group=group, dates=dates)

    move_assignment(user=ada, assignment=rows[0], is_up=False)
    shift = shift_assignments(user=ada, group=group, from_day=soon.date(), days=7)
    undo_shift(user=ada, group=group, batch=shift.batch)

    assert [event for event, _ in told()] == ["assignment.published"] + 3 * ["assignment.moved"]


def test_a_deleted_question_is_taken_back_with_its_answers(ada, group):
    make(group, ada)
    question = ask_question(user=ada, group=group, title="Secret?", body="x")
    answer_question(user=ada, question=question, body="y")
    assert told() == [("question.asked", "Secret?"), ("question.answered", "Secret?")]

    delete_question(user=ada, question=question)

    assert told() == []


def test_the_worker_calls_webhooks_as_soon_as_something_waits(ada, group, sent):
    make(group, ada)
    assert "call-webhooks" not in tick()
    asked(group)

    assert "call-webhooks" in tick(timezone.now() + timedelta(seconds=2))
    assert "call-webhooks" not in tick(timezone.now() + timedelta(seconds=4))
    tasks.call_webhooks.call()

    assert len(sent.calls) == 1
    assert not is_delivery_waiting(at=timezone.now() + timedelta(days=2))
