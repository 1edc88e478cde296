"""Eight tabs at once, on PostgreSQL: writers of one person's things take turns."""

import threading
import time
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import connection, transaction

from mlmath.errors import Changed, NotFound
from tests.factories import make_answer, make_group, make_question, make_user
from tests.races import race
from tracker.actions.answers import answer_question
from tracker.actions.history import undo
from tracker.actions.imports import import_document
from tracker.actions.notes import NoteChanged, write_note
from tracker.actions.posts import TooManyPosts
from tracker.actions.progress import Mark, mark_topics
from tracker.actions.questions import accept_answer, edit_question
from tracker.actions.reviews import grade_review
from tracker.actions.sessions import NoTimer, SessionDoubtful, log_session, start_timer, stop_timer
from tracker.actions.units import mark_unit
from tracker.models import (
    Activity,
    Answer,
    EarlierText,
    Grade,
    Membership,
    Notice,
    Question,
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


def tabs(work):
    """`work(person, number)` in eight tabs at once; the kinds of what they raise."""

    def tab(number):
        work(User.objects.get(email="racer@example.org"), number)

    return race(*(partial(tab, number) for number in range(8)))


@pytest.fixture
def racer(transactional_db, catalog):
    return make_user("racer@example.org")


def tick(user, topic):
    marks = [Mark(topic=topic, state=TopicState.DONE)]
    return mark_topics(user=user, marks=marks, source=Source.MANUAL, at=NOON).batch


def test_eight_tabs_stop_the_timer_once(racer):
    start_timer(user=racer, at=NOON)

    raised = tabs(lambda user, _: stop_timer(user=user, at=NOON + timedelta(minutes=30)))

    assert raised == [NoTimer] * 7
    assert StudySession.objects.get().minutes == 30


def test_eight_tabs_log_the_same_hour_once(racer):
    raised = tabs(lambda user, _: log_session(user=user, minutes=60, at=NOON))

    assert raised == [SessionDoubtful] * 7
    assert StudySession.objects.count() == 1


def test_eight_tabs_mark_a_unit_once(racer, catalog):
    unit = catalog.covering[0][0]

    raised = tabs(lambda user, _: mark_unit(user=user, unit=unit, is_done=True))

    assert raised == []
    assert (UnitProgress.objects.count(), Activity.objects.count()) == (1, 1)


def test_of_eight_first_notes_one_is_kept_and_seven_are_told(racer, catalog):
    raised = tabs(lambda user, n: write_note(user=user, topic=catalog.topics[0], body=f"Tab {n}"))

    assert raised == [NoteChanged] * 7
    assert TopicNote.objects.count() == 1


def test_eight_grades_count_once(racer, catalog):
    tick(racer, catalog.topics[0])

    raised = tabs(
        lambda user, _: grade_review(user=user, topic=catalog.topics[0], grade=Grade.GOOD)
    )

    assert raised == []
    assert ReviewAnswer.objects.count() == 1


def test_eight_undos_undo_once(racer, catalog):
    batch = tick(racer, catalog.topics[0])

    raised = tabs(lambda user, _: undo(user=user, batch=batch))

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

    raised = tabs(lambda user, _: import_document(user=user, document=document))

    assert raised == []
    assert racer.study_sessions.count() == 1
    assert racer.topic_notes.count() == 1
    # The two of the document's history, and the import's own two.
    assert racer.activity.count() == 4


@pytest.fixture
def racing_group(racer):
    """A group that somebody else leads, with a question by the racer."""
    leader = make_user("leader@example.org", name="Grace Hopper")
    group = make_group(leader=leader, members=[racer])
    return group, leader, make_question(group, racer)


def posts_and_removals(group, leader, racer, question, *, answer):
    """A hundred times, somebody is removed while they answer. Returns how many answers were
    committed after the removal, and how many were refused because of it."""
    late = refused = 0
    for _ in range(100):
        Answer.objects.all().delete()
        Membership.objects.get_or_create(
            group=group, user=racer, defaults={"role": "member", "joined_at": NOON}
        )
        start = threading.Barrier(2)
        outcome: dict[str, int] = {}

        def remove(start=start, outcome=outcome):
            try:
                start.wait(timeout=60)
                with transaction.atomic():
                    list(Membership.objects.select_for_update().filter(group=group, user=racer))
                    Membership.objects.filter(group=group, user=racer).delete()
                    # What is there by now was written before; whoever holds the place waits.
                    outcome["seen"] = Answer.objects.count()
            finally:
                connection.close()

        def post(start=start, outcome=outcome):
            try:
                start.wait(timeout=60)
                answer(racer, question)
            except NotFound:
                outcome["refused"] = True
            finally:
                connection.close()

        threads = [threading.Thread(target=one) for one in (remove, post)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=120)
        late += Answer.objects.count() > outcome["seen"]
        refused += outcome.get("refused", False)
    return late, refused


def test_nobody_posts_after_they_have_been_removed(racing_group, racer):
    group, leader, question = racing_group

    late, refused = posts_and_removals(
        group,
        leader,
        racer,
        question,
        answer=lambda user, question: answer_question(user=user, question=question, body="So."),
    )

    assert late == 0
    assert refused > 0


def test_the_race_with_a_removal_would_be_noticed(racing_group, racer, monkeypatch):
    """The control: who only looks whether they are in, and holds nothing, posts too late."""
    group, leader, question = racing_group

    def look(*, group, user, reads_only=False):
        found = Membership.objects.select_related("group").filter(group=group, user=user).first()
        if found is None:
            raise NotFound
        time.sleep(0.01)
        return found

    monkeypatch.setattr("tracker.actions.answers.lock_membership", look)
    # It writes to the membership, and would find it gone.
    monkeypatch.setattr("tracker.actions.answers.touch_membership", lambda *_, **__: None)
    late, _ = posts_and_removals(
        group,
        leader,
        racer,
        question,
        answer=lambda user, question: answer_question(user=user, question=question, body="So."),
    )

    assert late > 0


def test_of_eight_acceptances_at_once_one_counts(racing_group, racer):
    _, leader, question = racing_group
    answers = [make_answer(question, leader, f"Answer {number}") for number in range(8)]

    raised = tabs(
        lambda user, n: accept_answer(user=user, question=question, answer=answers[n], version=1)
    )

    question.refresh_from_db()
    assert raised == [Changed] * 7
    assert (question.accepted in answers, question.version) == (True, 2)


def test_eight_acceptances_that_take_what_comes_leave_one(racing_group, racer):
    _, leader, question = racing_group
    answers = [make_answer(question, leader, f"Answer {number}") for number in range(8)]

    raised = tabs(lambda user, n: accept_answer(user=user, question=question, answer=answers[n]))

    question.refresh_from_db()
    assert raised == []
    assert question.version == 9
    assert Question.objects.exclude(accepted=None).count() == 1
    accepted = Notice.objects.filter(user=leader, key__startswith="accepted:")
    assert [notice.key for notice in accepted] == [f"accepted:{question.accepted.public_id}"]


def test_of_eight_edits_of_one_version_one_is_kept(racing_group, racer):
    *_, question = racing_group

    raised = tabs(
        lambda user, n: edit_question(
            user=user,
            question=question,
            title="Why?",
            body=f"Tab {n}",
            unit=None,
            topic=None,
            version=1,
        )
    )

    assert raised == [Changed] * 7
    assert EarlierText.objects.count() == 1


def test_eight_tabs_keep_to_thirty_posts_an_hour(racing_group, racer):
    *_, question = racing_group
    for number in range(27):
        make_answer(question, racer, f"Answer {number}", at=NOON)
    Question.objects.update(written_at=NOON)

    raised = tabs(
        lambda user, _: answer_question(user=user, question=question, body="One more", at=NOON)
    )

    assert raised == [TooManyPosts] * 6
    assert Answer.objects.count() == 29
