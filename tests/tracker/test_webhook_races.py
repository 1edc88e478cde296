"""Several workers and a real receiver, on PostgreSQL: each message arrives once."""

import json
import threading
import time
from collections import Counter
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import connection
from django.utils import timezone

from mlmath.sealing import seal
from tests.factories import make_group, make_user
from tracker.actions import deliveries
from tracker.actions.deliveries import deliver_due
from tracker.actions.webhooks import emit, new_webhook_secret
from tracker.models import Delivery, GroupEvent, Webhook, WebhookKind

pytestmark = pytest.mark.postgresql
WEBHOOKS, EVENTS, WORKERS = 8, 4, 6


class Receiver(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.heard: Counter[str] = Counter()
        self.lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        # Long enough for another worker to come by meanwhile.
        time.sleep(0.05)
        with self.server.lock:
            self.server.heard[self.headers["webhook-id"]] += 1
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def receiver():
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


@pytest.fixture
def told(transactional_db, receiver, monkeypatch):
    """Webhooks with events that wait to be told; nobody rests in between."""
    monkeypatch.setattr(deliveries, "REST_BETWEEN", timedelta(0))
    group = make_group(leader=make_user())
    for number in range(WEBHOOKS):
        Webhook.objects.create(
            group=group,
            kind=WebhookKind.PROGRAM,
            name="Bot",
            sealed_url=seal(f"http://127.0.0.1:{receiver.server_port}/{number}"),
            url_digest=str(number),
            shown_url="http://127.0.0.1/",
            sealed_secret=seal(new_webhook_secret()),
            events=list(GroupEvent.values),
            created_at=timezone.now(),
        )
    for number in range(EVENTS):
        emit(
            group=group,
            event=GroupEvent.QUESTION_ASKED,
            key=str(number),
            data={"title": "Why?", "path": "/"},
        )
    return receiver


def work_all_at_once():
    start = threading.Barrier(WORKERS)

    def work():
        try:
            start.wait(timeout=60)
            deliver_due()
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)


def test_six_workers_tell_each_message_once(told):
    work_all_at_once()

    assert sorted(told.heard.values()) == [1] * (WEBHOOKS * EVENTS)
    assert not Delivery.objects.exclude(state="delivered").exists()


def test_without_the_claim_messages_are_told_several_times(told, monkeypatch):
    """The control: were it not for the claim, the test above would fail."""

    def unclaimed(at):
        return (
            Delivery.objects.select_related("webhook__group")
            .filter(state="waiting", due_at__lte=timezone.now())
            .order_by("due_at", "pk")
            .first()
        )

    monkeypatch.setattr(deliveries, "_claim", unclaimed)

    work_all_at_once()

    assert max(told.heard.values()) > 1


def test_a_message_of_a_worker_that_died_is_told_by_another_under_the_same_id(told, monkeypatch):
    class Killed(BaseException):
        pass

    def dies(delivery, answered, at):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(deliveries, "_record", dies)
        with pytest.raises(Killed):
            deliver_due()
    [(message_id, times)] = told.heard.items()
    assert times == 1

    deliver_due(at=timezone.now() + timedelta(seconds=61))
    deliver_due(at=timezone.now() + timedelta(seconds=122))

    assert told.heard[message_id] == 2
    assert set(told.heard.values()) == {1, 2}
    assert json.loads(Delivery.objects.get(message_id=message_id).body)["type"] == "question.asked"
