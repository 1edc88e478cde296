"""Two workers with a real mail server, on PostgreSQL: each mail leaves once, whoever dies."""

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.db.models import Count
from django.utils import timezone

from tests.postgres import address_of_test_database
from tests.smtp import smtp_server
from tracker.actions.jobs import take_slot
from tracker.actions.mail import claim_mail, mail_about_account
from tracker.mail.delivery import deliver
from tracker.models import Outgoing
from tracker.summaries.mail import waiting_mail

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).resolve().parents[2]
MAILS = 300
PATIENCE = 180


def write(count):
    for number in range(count):
        mail_about_account(
            address=f"reader-{number}@example.org", subject=f"{number}", text="Hi", user=None
        )


def start_worker(port, folder):
    environment = os.environ | {
        "DATABASE_URL": address_of_test_database(),
        "EMAIL_URL": f"smtp://127.0.0.1:{port}",
        "MLMATH_VAR": str(folder),
        "DJANGO_SETTINGS_MODULE": "mlmath.settings",
    }
    return subprocess.Popen([sys.executable, "manage.py", "work"], cwd=ROOT, env=environment)


def wait_until(is_so):
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, "nothing moves"
        time.sleep(0.05)


def test_two_workers_of_which_one_is_killed_send_each_mail_once(tmp_path):
    write(MAILS)
    with smtp_server() as mailbox:
        workers = [start_worker(mailbox.port, tmp_path) for _ in range(2)]
        try:
            wait_until(lambda: len(mailbox.taken) > MAILS // 4)
            workers[0].kill()
            # All but what it had in hand, which is taken over ten minutes later.
            left = Outgoing.objects.filter(ended_at=None)
            wait_until(lambda: left.count() <= 1)
            left.update(claimed_at=timezone.now() - timedelta(minutes=11))
            wait_until(lambda: not Outgoing.objects.filter(ended_at=None).exists())
            workers[1].terminate()
            assert workers[1].wait(timeout=PATIENCE) == 0
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()

    seen = Counter(message["Message-ID"] for message in mailbox.taken)
    assert len(seen) == MAILS
    assert sum(seen.values()) <= MAILS + 1
    outcomes = Outgoing.objects.values_list("outcome").annotate(Count("pk"))
    assert dict(outcomes) == {"sent": MAILS}


def together(work):
    """What `work` returns in eight threads that start at once."""
    start, found = threading.Barrier(8), []

    def run():
        try:
            connection.ensure_connection()
            start.wait(timeout=60)
            found.append(work())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return found


def test_of_eight_workers_one_takes_a_slot():
    now = timezone.now()

    assert sorted(together(lambda: take_slot(name="a", slot=now))) == [False] * 7 + [True]


def test_of_eight_workers_one_claims_a_mail():
    write(1)
    key, now = Outgoing.objects.get().pk, timezone.now()

    found = together(lambda: claim_mail(key=key, at=now))

    assert len([mail for mail in found if mail]) == 1
    assert Outgoing.objects.get().tries == 1


def test_without_the_comparison_several_would_claim_it():
    """The control: if this fails, the race above proves nothing."""
    write(1)
    key, now = Outgoing.objects.get().pk, timezone.now()

    all_have_looked = threading.Barrier(8)

    def careless():
        seen = waiting_mail(now).filter(pk=key).first()
        all_have_looked.wait(timeout=60)
        Outgoing.objects.filter(pk=key).update(claimed_at=now)
        return seen

    assert len([mail for mail in together(careless) if mail]) == 8


def test_eight_workers_at_once_send_each_of_forty_mails_once(settings):
    write(40)
    with smtp_server() as mailbox:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mailbox.port
        together(lambda: deliver(seconds=60))

    assert len(mailbox.taken) == 40
    assert len(set(mailbox.recipients)) == 40
