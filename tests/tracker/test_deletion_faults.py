"""Deleting an account beside writers, and killed in the middle, on PostgreSQL."""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from mlmath.errors import NotFound
from tests.factories import make_group, make_question, make_user
from tests.postgres import address_of_test_database
from tests.races import race
from tracker.actions import deletions, questions
from tracker.actions.answers import answer_question
from tracker.actions.deletions import erase_deleted
from tracker.actions.people import delete_account
from tracker.actions.progress import Mark, mark_topics
from tracker.actions.questions import ask_question
from tracker.models import (
    Activity,
    Answer,
    Deletion,
    DeletionState,
    Membership,
    Question,
    Source,
    TopicNote,
    TopicProgress,
    TopicState,
    User,
)

pytestmark = pytest.mark.postgresql

ROOT = Path(__file__).resolve().parent.parent.parent
ROUNDS = 5
# What a worker does whom we kill: it says how far it has come, and waits there for the signal.
WORK = """
import sys, time
import django
django.setup()
from django.db import connection
from tracker.actions import deletions, people
from tracker.models import Deletion, User
deletions.ROWS_AT_ONCE = 50
def wait_for_the_end():
    print("half", flush=True)
    time.sleep(60)
{what}
"""
IN_THE_REQUEST = """
real = deletions._empty
def half(user):
    real(user)
    wait_for_the_end()
deletions._empty = half
people.delete_account(user=User.objects.get(email="ada@example.org"))
"""
IN_A_STEP = """
steps, real = [], deletions.delete_some
def half(rows):
    found = real(rows)
    steps.append(found)
    if sum(steps) == 3:
        wait_for_the_end()
    return found
deletions.delete_some = half
deletions.erase_deleted()
"""
# The mutant: it writes down that all is done before it is.
DONE_BEFORE_IT_IS = "Deletion.objects.update(state='erased')\n" + IN_A_STEP


def kill_in_the_middle(what):
    """Run `what` in a process of its own and kill it where it says "half"."""
    worker = subprocess.Popen(
        [sys.executable, "-c", WORK.format(what=what)],
        cwd=ROOT,
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "mlmath.settings",
            "DATABASE_URL": address_of_test_database(),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert worker.stdout.readline() == "half\n"
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait(timeout=30)
        worker.stdout.close()


def left_of(ada):
    """What of the account is still there."""
    return {
        model.__name__: number
        for model in (Activity, TopicProgress, TopicNote)
        if (number := model.objects.filter(user_id=ada.pk).count())
    }


@pytest.fixture
def ada(transactional_db, catalog):
    """Somebody with so many rows that the worker needs several steps."""
    ada = make_user("ada@example.org", name="Ada Lovelace")
    topics = catalog.topics[:100]
    mark_topics(
        user=ada,
        marks=[Mark(topic=topic, state=TopicState.DONE) for topic in topics],
        source=Source.MANUAL,
    )
    return ada


def test_a_worker_that_is_killed_leaves_nothing_half_done_and_the_next_goes_on(ada):
    delete_account(user=ada)

    kill_in_the_middle(IN_A_STEP)

    assert Deletion.objects.get().state == DeletionState.ERASING
    assert sum(left_of(ada).values()) == 200 - 2 * 50  # the third step was rolled back
    erase_deleted()
    assert left_of(ada) == {}
    assert not User.objects.filter(pk=ada.pk).exists()


def test_a_request_that_is_killed_has_not_happened(ada):
    kill_in_the_middle(IN_THE_REQUEST)

    assert not Deletion.objects.exists()
    ada.refresh_from_db()
    assert (ada.email, ada.is_active) == ("ada@example.org", True)
    delete_account(user=ada)
    erase_deleted()
    assert left_of(ada) == {}


def test_a_worker_that_says_done_too_early_would_be_caught(ada):
    """The positive control."""
    delete_account(user=ada)

    kill_in_the_middle(DONE_BEFORE_IT_IS.replace("deletions.erase_deleted()", ERASE_ALL_THE_SAME))
    erase_deleted()

    assert left_of(ada) != {}


ERASE_ALL_THE_SAME = """
for name, path in deletions.owned(deletions.End.ERASED):
    rows = deletions._rows(name, path, User.objects.get(public_id=Deletion.objects.get().public_id))
    while path != "pk" and deletions.delete_some(rows):
        pass
"""


def test_what_is_written_while_an_account_ends_is_erased_as_well(ada, catalog):
    for number in range(ROUNDS):
        person = make_user(f"p{number}@example.org")
        group = make_group(members=[person])
        question = make_question(group, group.memberships.get(role="leader").user)

        raised = race(
            partial(tick_many, person, catalog.topics[:5]),
            partial(ask_question, user=person, group=group, title="Mine?", body="x"),
            partial(answer_question, user=person, question=question, body="x"),
            partial(delete_account, user=person),
        )
        assert set(raised) <= {NotFound, User.DoesNotExist}
        # Whatever was posted in time is nameless from the request on.
        for model in (Question, Answer):
            assert not model.objects.filter(author=person.pk).exists()
        erase_deleted()
        assert left_of(person) == {}
        assert not User.objects.filter(pk=person.pk).exists()


def tick_many(person, topics):
    for topic in topics:
        marks = [Mark(topic=topic, state=TopicState.DONE)]
        mark_topics(user=person, marks=marks, source=Source.MANUAL)


def test_a_post_that_does_not_wait_would_keep_its_author(ada, monkeypatch):
    """The positive control: without the lock on the membership a post slips through."""
    group = make_group(members=[ada])
    membership = Membership.objects.select_related("group").get(group=group, user=ada)

    def no_lock(**_):
        delete_account_elsewhere(ada)
        return membership

    monkeypatch.setattr(questions, "lock_membership", no_lock)
    monkeypatch.setattr(questions, "touch_membership", lambda *_, **__: None)
    ask_question(user=ada, group=group, title="Mine?", body="x")

    assert Question.objects.filter(author=ada.pk).exists()


def delete_account_elsewhere(user):
    race(lambda: delete_account(user=user))


def test_several_workers_erase_one_account_together(ada, monkeypatch):
    monkeypatch.setattr(deletions, "ROWS_AT_ONCE", 20)
    delete_account(user=ada)

    assert race(*[erase_deleted] * 4) == []

    assert left_of(ada) == {}
    assert Deletion.objects.get().state == DeletionState.ERASED
