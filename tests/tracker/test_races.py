"""Eight tabs at once, on PostgreSQL: writers of one person's things take turns."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from tests.factories import make_user
from tracker.actions.history import undo
from tracker.actions.imports import import_document
from tracker.actions.notes import NoteChanged, write_note
from tracker.actions.progress import Mark, mark_topics
from tracker.actions.reviews import grade_review
from tracker.actions.sessions import NoTimer, SessionDoubtful, log_session, start_timer, stop_timer
from tracker.actions.units import mark_unit
from tracker.models import (
    Activity,
    Grade,
    ReviewAnswer,
    Source,
    StudySession,
    TopicNote,
    TopicProgress,
    TopicState,
    UnitProgress,
    User,
)
from tracker.summaries.export import export_of

pytestmark = pytest.mark.postgresql

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


def race(work):
    """Run `work(person, number)` in eight threads at once; returns the kinds of what they raise."""
    start = threading.Barrier(8)
    raised = []

    def run(number):
        try:
            person = User.objects.get(email="racer@example.org")
            start.wait(timeout=10)
            work(person, number)
        except Exception as error:  # noqa: BLE001  # the tests look at all of them
            raised.append(type(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return raised


@pytest.fixture
def racer(transactional_db, catalog):
    return make_user("racer@example.org")


def tick(user, topic):
    marks = [Mark(topic=topic, state=TopicState.DONE)]
    return mark_topics(user=user, marks=marks, source=Source.MANUAL, at=NOON).batch


def test_eight_tabs_stop_the_timer_once(racer):
    start_timer(user=racer, at=NOON)

    raised = race(lambda user, _: stop_timer(user=user, at=NOON + timedelta(minutes=30)))

    assert raised == [NoTimer] * 7
    assert StudySession.objects.get().minutes == 30


def test_eight_tabs_log_the_same_hour_once(racer):
    raised = race(lambda user, _: log_session(user=user, minutes=60, at=NOON))

    assert raised == [SessionDoubtful] * 7
    assert StudySession.objects.count() == 1


def test_eight_tabs_mark_a_unit_once(racer, catalog):
    unit = catalog.covering[0][0]

    raised = race(lambda user, _: mark_unit(user=user, unit=unit, is_done=True))

    assert raised == []
    assert (UnitProgress.objects.count(), Activity.objects.count()) == (1, 1)


def test_of_eight_first_notes_one_is_kept_and_seven_are_told(racer, catalog):
    raised = race(lambda user, n: write_note(user=user, topic=catalog.topics[0], body=f"Tab {n}"))

    assert raised == [NoteChanged] * 7
    assert TopicNote.objects.count() == 1


def test_eight_grades_count_once(racer, catalog):
    tick(racer, catalog.topics[0])

    raised = race(
        lambda user, _: grade_review(user=user, topic=catalog.topics[0], grade=Grade.GOOD)
    )

    assert raised == []
    assert ReviewAnswer.objects.count() == 1


def test_eight_undos_undo_once(racer, catalog):
    batch = tick(racer, catalog.topics[0])

    raised = race(lambda user, _: undo(user=user, batch=batch))

    assert raised == []
    assert not TopicProgress.objects.exists()
    assert Activity.objects.filter(undoes=batch).count() == 1


def test_eight_imports_of_one_document_bring_it_once(racer, catalog):
    other = make_user(minutes_per_day=30)
    tick(other, catalog.topics[0])
    log_session(user=other, minutes=30, at=NOON)
    mark_unit(user=other, unit=catalog.covering[0][0], is_done=True)
    write_note(user=other, topic=catalog.topics[0], body="Mine")
    document = export_of(user=other, at=NOON)

    raised = race(lambda user, _: import_document(user=user, document=document))

    assert raised == []
    assert racer.study_sessions.count() == 1
    assert racer.topic_notes.count() == 1
    # The two of the document's history, and the import's own two.
    assert racer.activity.count() == 4
