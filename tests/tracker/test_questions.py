"""Asking, answering, accepting, editing and deleting in a group: what the rules say."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from mlmath.errors import Changed, NotFound, PermissionDenied
from tests.factories import make_answer, make_group, make_question, make_user
from tracker.actions.answers import QuestionLocked, answer_question, delete_answer, edit_answer
from tracker.actions.locking import GroupArchived
from tracker.actions.posts import TooManyPosts
from tracker.actions.questions import (
    accept_answer,
    ask_question,
    close_question,
    delete_question,
    edit_question,
    pin_question,
)
from tracker.actions.readers import hear_of_questions, mark_all_read, mark_read, subscribe
from tracker.models import (
    EarlierText,
    Membership,
    Mention,
    Notice,
    Question,
    Reader,
)

NINE = datetime(2026, 10, 1, 9, tzinfo=UTC)
TEN = NINE + timedelta(hours=1)


@pytest.fixture
def grace(db):
    return make_user(name="Grace Hopper")


@pytest.fixture
def emmy(db):
    return make_user(name="Emmy Noether")


@pytest.fixture
def group(ada, grace, emmy):
    """Grace leads; Ada and Emmy are members."""
    return make_group("Tuesday Readers", leader=grace, members=[ada, emmy])


@pytest.fixture
def question(group, ada):
    return make_question(group, ada, "Why is it so?")


def told(user):
    """What the bell of `user` says, oldest first."""
    return [notice.text for notice in Notice.objects.filter(user=user).order_by("pk")]


def seen(question, user):
    """The question as `user` finds it, None where they do not."""
    joined_at = Membership.objects.get(group=question.group, user=user).joined_at
    found = Question.objects.for_reader(user=user, joined_at=joined_at)
    return found.filter(pk=question.pk).first()


def test_a_question_is_kept_with_its_html_and_the_leaders_hear_of_it(group, ada, grace, emmy):
    question = ask_question(user=ada, group=group, title=" Why? ", body="Is $x^2$\r\n**big**?")

    assert (question.title, question.body) == ("Why?", "Is $x^2$\n**big**?")
    assert "<msup>" in question.body_html
    assert "<strong>big</strong>" in question.body_html
    assert told(grace) == ["Ada Lovelace asks in Tuesday Readers: “Why?”"]
    assert told(ada) == told(emmy) == []
    assert Notice.objects.get().address == (
        f"/groups/{group.public_id}/questions/{question.public_id}/"
    )


@pytest.mark.parametrize(
    ("title", "body", "field"),
    [
        ("", "Text", "title"),
        (" ", "Text", "title"),
        ("a" * 201, "Text", "title"),
        ("two\nlines", "Text", "title"),
        ("nul\0", "Text", "title"),
        ("Why?", "", "body"),
        ("Why?", " \n ", "body"),
        ("Why?", "a" * 10_001, "body"),
        ("Why?", "nul\0", "body"),
        ("Why?", "half \ud800", "body"),
    ],
)
def test_a_text_that_does_not_fit_is_refused_by_field(group, ada, title, body, field):
    with pytest.raises(ValidationError) as refusal:
        ask_question(user=ada, group=group, title=title, body=body)

    assert list(refusal.value.message_dict) == [field]
    assert not Question.objects.exists()


def test_the_longest_texts_are_taken(group, ada):
    question = ask_question(user=ada, group=group, title="é" * 200, body="é" * 10_000)

    assert (len(question.title), len(question.body)) == (200, 10_000)


def test_an_answer_is_told_to_those_who_asked_and_answered(question, ada, grace, emmy):
    make_answer(question, emmy)
    make_answer(question, grace)

    assert told(ada) == [
        "Emmy Noether answers “Why is it so?”.",
        "Grace Hopper answers “Why is it so?”.",
    ]
    assert told(emmy) == ["Grace Hopper answers “Why is it so?”."]


def test_who_unsubscribes_hears_no_more_until_they_write(question, ada, emmy):
    subscribe(user=ada, question=question, is_subscribed=False)
    make_answer(question, emmy)
    assert told(ada) == []

    make_answer(question, ada)
    make_answer(question, emmy)

    assert told(ada) == ["Emmy Noether answers “Why is it so?”."]


def test_whoever_wants_to_hears_of_every_question_and_a_leader_may_not_want_to(
    group, ada, grace, emmy
):
    hear_of_questions(user=emmy, group=group, wants=True)
    hear_of_questions(user=grace, group=group, wants=False)

    make_question(group, ada)

    assert len(told(emmy)) == 1
    assert told(grace) == []


def test_who_has_left_hears_nothing_and_keeps_their_name(group, question, ada, emmy):
    answer = make_answer(question, emmy)
    Membership.objects.filter(user=emmy).delete()

    make_answer(question, ada)
    accept_answer(user=ada, question=question, answer=answer)

    assert told(emmy) == []
    answer.refresh_from_db()
    assert answer.author == emmy


def test_the_post_of_a_deleted_person_stays_without_them(question, ada):
    ada.delete()

    question.refresh_from_db()
    assert (question.author, question.title) == (None, "Why is it so?")


def test_a_mention_is_kept_and_told_and_not_doubled_by_other_news(group, ada, grace, emmy):
    question = make_question(group, ada, body="@Grace Hopper, @emmy noether and @Nobody?")
    make_answer(question, emmy, "Ask @Ada Lovelace")

    assert told(grace) == ["Ada Lovelace mentions you in “Why is it so?”."]
    assert told(emmy) == ["Ada Lovelace mentions you in “Why is it so?”."]
    assert told(ada) == ["Emmy Noether mentions you in “Why is it so?”."]
    assert question.mentions.count() == 2
    assert '<strong class="mention">@emmy noether</strong>' in question.body_html


def test_two_of_one_name_are_both_mentioned_and_nobody_outside(group, ada):
    twins = [make_user(name="Sam"), make_user(name="sam ")]
    make_user(name="Sam")
    for twin in twins:
        Membership.objects.create(group=group, user=twin, role="member", joined_at=NINE)

    make_question(group, ada, body="@Sam")

    assert {mention.user for mention in Mention.objects.all()} == set(twins)


def test_an_edit_tells_only_those_whom_it_newly_mentions(group, ada, grace, emmy):
    question = make_question(group, ada, body="@Emmy Noether")

    for body in ("@Emmy Noether @Grace Hopper", "@Grace Hopper", "@Emmy Noether"):
        edit_question(
            user=ada, question=question, title=question.title, body=body, unit=None, topic=None
        )

    assert len(told(emmy)) == 1
    assert told(grace)[1:] == ["Ada Lovelace mentions you in “Why is it so?”."]
    assert [mention.user for mention in question.mentions.all()] == [emmy]


def test_an_edit_keeps_what_was_there_before(question, ada, catalog):
    topic = catalog.topics[0]

    edited = edit_question(
        user=ada, question=question, title="How?", body="New", unit=None, topic=topic, at=TEN
    )

    assert (edited.title, edited.body, edited.version) == ("How?", "New", 2)
    assert (edited.edited_at, edited.topic_id) == (TEN, topic.id)
    earlier = EarlierText.objects.get()
    assert (earlier.title, earlier.body) == ("Why is it so?", "I do not see it.")
    assert earlier.written_at == NINE


def test_an_answer_is_edited_with_its_history(question, emmy):
    answer = make_answer(question, emmy, "First", at=NINE)

    edit_answer(user=emmy, answer=answer, body="Second", version=1, at=TEN)
    edit_answer(user=emmy, answer=answer, body="Third", version=2, at=TEN + timedelta(hours=1))

    answer.refresh_from_db()
    assert (answer.body, answer.version) == ("Third", 3)
    assert [(one.body, one.written_at) for one in answer.earlier.all()] == [
        ("Second", TEN),
        ("First", NINE),
    ]


def test_saving_what_it_says_already_changes_nothing(question, ada):
    edit_question(
        user=ada,
        question=question,
        title=question.title,
        body=question.body,
        unit=None,
        topic=None,
        version=7,
    )

    question.refresh_from_db()
    assert (question.version, question.edited_at) == (1, None)
    assert not EarlierText.objects.exists()


def test_of_two_edits_of_one_version_the_second_is_refused(question, ada, emmy):
    answer = make_answer(question, emmy)
    edit_answer(user=emmy, answer=answer, body="First tab", version=1)

    def save(body):
        edit_question(
            user=ada, question=question, title="T", body=body, unit=None, topic=None, version=1
        )

    save("First tab")

    with pytest.raises(Changed):
        edit_answer(user=emmy, answer=answer, body="Second tab", version=1)
    with pytest.raises(Changed):
        save("Second tab")

    answer.refresh_from_db()
    question.refresh_from_db()
    assert answer.body == question.body == "First tab"


@pytest.mark.parametrize("name", ["grace", "emmy"])
def test_nobody_edits_the_words_of_another_leaders_neither(request, question, ada, name):
    other = request.getfixturevalue(name)
    answer = make_answer(question, ada)

    with pytest.raises(PermissionDenied):
        edit_question(
            user=other, question=question, title="Mine", body="Mine", unit=None, topic=None
        )
    with pytest.raises(PermissionDenied):
        edit_answer(user=other, answer=answer, body="Mine")


def test_of_a_deleted_answer_nothing_is_left(question, ada, grace, emmy):
    answer = make_answer(question, emmy, "Secret @Grace Hopper")
    edit_answer(user=emmy, answer=answer, body="Secret again @Grace Hopper")
    accept_answer(user=ada, question=question, answer=answer)
    before = told(grace)[:1]

    delete_answer(user=emmy, answer=answer)
    delete_answer(user=emmy, answer=answer)

    answer.refresh_from_db()
    question.refresh_from_db()
    assert (answer.body, answer.body_html) == ("", "")
    assert answer.deleted_at
    assert question.accepted is None
    assert question.last_post_at == NINE
    assert not EarlierText.objects.exists()
    assert not Mention.objects.exists()
    assert told(grace) == before
    assert told(ada) == told(emmy) == []


def test_of_a_deleted_question_nothing_is_left_nor_of_its_answers(question, ada, grace, emmy):
    answer = make_answer(question, emmy, "@Ada Lovelace, so")
    edit_question(
        user=ada, question=question, title="Why", body="@Emmy Noether", unit=None, topic=None
    )
    edit_answer(user=emmy, answer=answer, body="@Ada Lovelace, thus")
    accept_answer(user=ada, question=question, answer=answer)

    delete_question(user=grace, question=question)
    delete_question(user=grace, question=question)

    question.refresh_from_db()
    answer.refresh_from_db()
    assert (question.title, question.body, question.body_html, question.accepted) == (
        ("", "", "", None)
    )
    assert (answer.body, answer.body_html) == ("", "")
    assert not EarlierText.objects.exists()
    assert not Mention.objects.exists()
    assert not Notice.objects.exists()
    assert seen(question, ada) is None


def test_deleting_takes_its_author_or_a_leader(question, ada, emmy, grace):
    answer = make_answer(question, ada)
    for delete in (
        lambda who: delete_question(user=who, question=question),
        lambda who: delete_answer(user=who, answer=answer),
    ):
        with pytest.raises(PermissionDenied):
            delete(emmy)
    delete_answer(user=grace, answer=answer)
    delete_question(user=ada, question=question)


def test_what_is_deleted_takes_no_answer_edit_or_acceptance(question, ada, emmy):
    answer = make_answer(question, emmy)
    delete_answer(user=emmy, answer=answer)
    with pytest.raises(NotFound):
        accept_answer(user=ada, question=question, answer=answer)
    with pytest.raises(NotFound):
        edit_answer(user=emmy, answer=answer, body="Back")

    delete_question(user=ada, question=question)
    with pytest.raises(NotFound):
        answer_question(user=emmy, question=question, body="Too late")
    with pytest.raises(NotFound):
        pin_question(
            user=question.group.memberships.get(role="leader").user,
            question=question,
            is_pinned=True,
        )


def test_the_asker_and_leaders_accept_one_answer(question, ada, grace, emmy):
    first, second = make_answer(question, emmy), make_answer(question, grace)

    accept_answer(user=ada, question=question, answer=first)
    accept_answer(user=ada, question=question, answer=first)
    assert told(emmy)[-1] == "Your answer to “Why is it so?” was accepted."
    accept_answer(user=grace, question=question, answer=second)

    question.refresh_from_db()
    assert (question.accepted, question.version) == (second, 3)
    assert "was accepted" not in "".join(told(emmy))
    with pytest.raises(PermissionDenied):
        accept_answer(user=emmy, question=question, answer=first)
    accept_answer(user=ada, question=question, answer=None)
    question.refresh_from_db()
    assert question.accepted is None


def test_an_answer_to_another_question_is_not_accepted(group, question, ada):
    other = make_answer(make_question(group, ada), ada)

    with pytest.raises(NotFound):
        accept_answer(user=ada, question=question, answer=other)


def test_a_locked_question_takes_answers_of_leaders_only(question, ada, grace, emmy):
    close_question(user=grace, question=question, is_locked=True)

    with pytest.raises(QuestionLocked, match="locked"):
        answer_question(user=emmy, question=question, body="But")
    answer_question(user=grace, question=question, body="The last word")

    close_question(user=grace, question=question, is_locked=False)
    answer_question(user=emmy, question=question, body="But")
    assert question.answers.count() == 2


def test_pinning_and_locking_take_a_leader_and_may_be_repeated(question, ada, grace):
    for _ in range(2):
        pinned = pin_question(user=grace, question=question, is_pinned=True)
        locked = close_question(user=grace, question=question, is_locked=True)

    assert (pinned.is_pinned, locked.is_locked, locked.version) == (True, True, 3)
    with pytest.raises(PermissionDenied):
        pin_question(user=ada, question=question, is_pinned=False)
    with pytest.raises(PermissionDenied):
        close_question(user=ada, question=question, is_locked=False)
    with pytest.raises(Changed):
        pin_question(user=grace, question=question, is_pinned=False, version=1)


def test_observers_write_nothing_and_may_subscribe(group, question, ada):
    watcher = make_user(name="Watcher")
    Membership.objects.create(group=group, user=watcher, role="observer", joined_at=NINE)

    with pytest.raises(PermissionDenied):
        ask_question(user=watcher, group=group, title="Why?", body="Text")
    with pytest.raises(PermissionDenied):
        answer_question(user=watcher, question=question, body="Text")
    subscribe(user=watcher, question=question, is_subscribed=True)
    make_answer(question, ada)

    assert told(watcher) == ["Ada Lovelace answers “Why is it so?”."]


def test_nobody_outside_and_nobody_in_an_archived_group_writes(group, question, ada):
    with pytest.raises(NotFound):
        ask_question(user=make_user(), group=group, title="Why?", body="Text")
    group.archived_at = NINE
    group.save()
    with pytest.raises(GroupArchived):
        answer_question(user=ada, question=question, body="Text")


def test_the_31st_post_of_an_hour_is_refused_for_that_person_and_group(group, ada, emmy):
    question = make_question(group, ada, at=NINE)
    for minute in range(29):
        make_answer(question, ada, at=NINE + timedelta(minutes=minute))
    late = NINE + timedelta(minutes=59)

    with pytest.raises(TooManyPosts, match="30 posts"):
        make_answer(question, ada, at=late)
    with pytest.raises(TooManyPosts):
        make_question(group, ada, at=late)
    make_answer(question, emmy, at=late)
    make_question(make_group(leader=ada), ada, at=late)
    make_answer(question, ada, at=TEN)


def test_what_others_write_is_unread_until_it_is_read(question, ada, emmy):
    assert not seen(question, ada).is_unread
    assert seen(question, emmy).is_unread

    mark_read(user=emmy, question=question, at=NINE)
    assert not seen(question, emmy).is_unread
    make_answer(question, emmy, at=TEN)

    assert seen(question, ada).is_unread
    assert not seen(question, emmy).is_unread


def test_reading_leaves_a_subscription_as_it_is(question, ada, emmy):
    mark_read(user=ada, question=question)
    mark_read(user=emmy, question=question)

    assert Reader.objects.get(user=ada).is_subscribed
    assert not Reader.objects.get(user=emmy).is_subscribed


def test_writing_counts_as_activity_in_the_group(group, ada, emmy):
    make_answer(make_question(group, ada, at=NINE), emmy, at=NINE + timedelta(days=1))

    days = {one.user: one.last_active_on for one in group.memberships.all()}
    assert (days[ada], days[emmy]) == (NINE.date(), NINE.date() + timedelta(days=1))


def test_a_newcomer_has_no_old_news(group, question):
    newcomer = make_user()
    Membership.objects.create(group=group, user=newcomer, role="member", joined_at=TEN)

    assert not seen(question, newcomer).is_unread


def test_everything_is_marked_read_at_once(group, question, ada, emmy, count_queries):
    make_question(group, ada, "Another?")

    with count_queries() as queries:
        mark_all_read(user=emmy, group=group)

    assert not seen(question, emmy).is_unread
    assert len(queries) == 3


def test_words_are_found_in_title_text_and_answers_but_not_in_deleted_ones(
    group, question, ada, emmy
):
    answer = make_answer(question, emmy, "Because of the Hessian")

    assert Question.objects.all().with_words(["WHY", "hessian"]).get() == question
    assert not Question.objects.all().with_words(["why", "gradient"]).exists()
    delete_answer(user=emmy, answer=answer)
    assert not Question.objects.all().with_words(["hessian"]).exists()


def test_mine_is_what_i_asked_answered_or_am_mentioned_in(group, question, ada, emmy, grace):
    mentioned = make_question(group, ada, "B", body="@Emmy Noether")
    answered = make_question(group, ada, "C")
    gone = make_answer(question, emmy)
    delete_answer(user=emmy, answer=gone)
    make_answer(answered, emmy)
    in_answer = make_question(group, ada, "D")
    make_answer(in_answer, grace, "@Emmy Noether")

    assert set(Question.objects.all().concerning(emmy)) == {mentioned, answered, in_answer}
    assert set(Question.objects.all().concerning(ada)) == {question, mentioned, answered, in_answer}
