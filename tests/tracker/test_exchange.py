"""Data out and in: the export, its schema, imports of all kinds, CSV and Markdown."""

import csv
import io
import json
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta

import jsonschema
import pytest

from catalog.graph import current_graph, forget_graph
from catalog.models import AliasKind, Resource, Topic, TopicAlias
from tests.factories import (
    make_answer,
    make_assignment,
    make_group,
    make_meeting,
    make_question,
    make_topic,
    make_user,
)
from tracker.actions.answers import delete_answer
from tracker.actions.assignment_progress import mark_mine, set_personal_date
from tracker.actions.history import UndoOutdated, undo
from tracker.actions.import_checks import (
    LATER_PARTS,
    MAXIMUM_BYTES,
    SCHEMA_FILE,
    ImportFaulty,
    check_document,
    read_document,
)
from tracker.actions.imports import import_document, import_list
from tracker.actions.meetings import answer_rsvp, choose_presenter
from tracker.actions.notes import write_note
from tracker.actions.people import update_profile
from tracker.actions.progress import Mark, mark_topics
from tracker.actions.reviews import grade_review, postpone_review
from tracker.actions.sessions import log_session
from tracker.actions.units import mark_unit
from tracker.models import (
    Activity,
    Answer,
    AnswerToAssignment,
    Assignment,
    Grade,
    Question,
    ReviewAnswer,
    RsvpAnswer,
    Source,
    StudySession,
    TopicNote,
    TopicProgress,
    TopicReview,
    TopicState,
    UnitProgress,
    User,
)
from tracker.summaries.export import export_of, topics_csv, topics_markdown
from tracker.summaries.people import person_states

START = datetime(2027, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
NOW = datetime(2027, 4, 1, 12, tzinfo=UTC)
ROWS = [Activity, ReviewAnswer, StudySession, TopicNote, TopicProgress, TopicReview, UnitProgress]


IN_GROUPS = ("questions", "answers", "memberships", "assignments", "rsvps", "presenting")


def after(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def mark(user, topic, state=TopicState.DONE, at=START, **fields):
    marks = [Mark(topic=topic, state=state, **fields)]
    return mark_topics(user=user, marks=marks, source=Source.MANUAL, at=at).batch


def live(user, graph):
    """A little of everything that somebody can do."""
    topics, units = graph.topics, graph.covering
    update_profile(
        user=user,
        name="Ada Lovelace",
        minutes_per_day=45,
        study_days=["mon", "wed", "fri"],
        time_zone="Europe/Berlin",
        show_dates=False,
        days_off=[date(2027, 12, 24), date(2027, 12, 31)],
    )
    user.role_id = graph.roles["deep-learning-engineer"].id
    user.reviews_per_day = 3
    user.save()
    mark(user, topics[0])
    mark(user, topics[1], TopicState.LEARNING, is_stuck=True, stuck_note="Why “commutative”?")
    mark(user, topics[2], TopicState.SKIPPED, at=after(1))
    mark(user, topics[3], at=after(2))
    undo(user=user, batch=mark(user, topics[3], TopicState.TODO, at=after(3)), at=after(4))
    mark(user, topics[4], at=after(5))
    mark_unit(user=user, unit=units[0][0], is_done=True, at=after(6))
    mark_unit(user=user, unit=units[1][0], is_done=True, at=after(7))
    mark_unit(user=user, unit=units[1][0], is_done=False, at=after(8))
    log_session(user=user, minutes=30, topic=topics[1], unit=units[1][0], at=after(9))
    for _ in range(2):  # at the same time, and both are right
        log_session(user=user, minutes=25, started_at=after(10), is_confirmed=True, at=after(11))
    grade_review(user=user, topic=topics[0], grade=Grade.GOOD, at=after(200))
    grade_review(user=user, topic=topics[0], grade=Grade.HARD, at=after(300))
    postpone_review(user=user, topic=topics[3], days=9, at=after(300))
    write_note(user=user, topic=topics[5], body="Says $a + b$\n\nüber “𝕊” 😀", at=after(20))
    group = make_group(leader=user)
    meeting = make_meeting(group, starts_on=START.date())
    answer_rsvp(
        user=user, meeting=meeting, day=meeting.starts_on, answer=RsvpAnswer.MAYBE, at=START
    )
    chapter = make_assignment(group, units[0][0].id)
    mark_mine(user=user, assignment=chapter, answer=AnswerToAssignment.IN, at=after(21))
    choose_presenter(user=user, assignment=chapter, presenter=user, at=after(21))
    question = make_question(
        group, user, "Why 😀?", unit=units[0][0], topic=topics[0], at=after(21)
    )
    make_answer(question, user, "Because\n\n*so*.", at=after(22))


def document_of(user):
    """As it travels: through text."""
    return json.loads(json.dumps(export_of(user=User.objects.get(pk=user.pk), at=NOW)))


@pytest.fixture
def document(ada, catalog):
    live(ada, catalog)
    return document_of(ada)


def rows():
    return {model: list(model._default_manager.order_by("pk").values()) for model in ROWS}


def test_the_export_fits_its_own_schema(document):
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))

    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)
    assert all(document[kind] for kind in schema["required"])


def test_the_export_of_day_one_fits_as_well(ada):
    check_document(document_of(ada))


def test_my_posts_are_in_the_export_wherever_i_am_by_now_and_deleted_ones_are_not(ada, catalog):
    emmy = make_user()
    group = make_group(members=[ada, emmy])
    question = make_question(group, ada, "Why?", body="**So**?", at=START)
    make_question(group, emmy, "Not mine")
    answer = make_answer(question, ada, "So.", at=START)
    delete_answer(user=ada, answer=make_answer(question, ada, "Gone", at=START))
    group.memberships.filter(user=ada).delete()

    document = document_of(ada)

    written_at = "2027-03-01T12:00:00.123456Z"
    assert document["questions"] == [
        {
            "id": question.public_id,
            "group": group.public_id,
            "title": "Why?",
            "body": "**So**?",
            "unit": None,
            "topic": None,
            "written_at": written_at,
            "edited_at": None,
        }
    ]
    assert document["answers"] == [
        {
            "id": answer.public_id,
            "group": group.public_id,
            "question": question.public_id,
            "body": "So.",
            "written_at": written_at,
            "edited_at": None,
        }
    ]
    check_document(document)


def test_the_groups_i_am_in_are_in_the_export_and_an_import_joins_none(ada, catalog):
    group = make_group("Readers", members=[ada])
    make_group(members=[ada], deleted_at=START)
    make_group()

    document = document_of(ada)

    assert document["memberships"] == [
        {
            "group": group.public_id,
            "name": "Readers",
            "role": "member",
            "joined_at": "2026-09-01T00:00:00Z",
            "shares_readiness": False,
            "seen_by_observers": False,
        }
    ]
    check_document(document)
    other = make_user()
    import_document(user=other, document=document)
    assert not other.memberships.exists()


def test_whether_i_come_and_what_i_present_is_in_the_export(ada, document):
    meeting, assignment = ada.rsvps.get().meeting, Assignment.objects.get()

    assert document["rsvps"] == [
        {
            "group": meeting.group.public_id,
            "meeting": meeting.public_id,
            "day": "2027-03-01",
            "answer": "maybe",
            "answered_at": "2027-03-01T12:00:00.123456Z",
        }
    ]
    assert document["presenting"] == [
        {
            "group": meeting.group.public_id,
            "assignment": assignment.public_id,
            "chosen_at": "2027-03-02T09:00:00.123456Z",
        }
    ]


def test_what_i_said_about_chapters_is_in_the_export_and_an_import_says_nothing(ada, catalog):
    unit = catalog.covering[0][0]
    emmy = make_user()
    group = make_group(leader=emmy, members=[ada])
    chapter = make_assignment(group, unit.id, due_on=date(2027, 3, 8))
    mark_mine(user=ada, assignment=chapter, answer=AnswerToAssignment.MORE_TIME, at=START)
    mark_mine(user=emmy, assignment=chapter, answer=AnswerToAssignment.OUT, at=START)
    later = datetime(2027, 3, 20, 12, tzinfo=UTC)
    set_personal_date(user=emmy, assignment=chapter, member=ada, due=later, at=after(1))
    group.memberships.filter(user=ada).delete()

    document = document_of(ada)

    assert document["assignments"] == [
        {
            "group": group.public_id,
            "assignment": chapter.public_id,
            "unit": f"{unit.resource}/{unit.slug}",
            "reading": False,
            "answer": "more_time",
            "due_at": "2027-03-20T12:00:00Z",
            "changed_at": "2027-03-01T13:00:00.123456Z",
        }
    ]
    check_document(document)
    other = make_user()
    import_document(user=other, document=document)
    assert not other.assignment_progress.exists()


def test_an_import_posts_nothing(ada, document):
    other = make_user()

    import_document(user=other, document=document)

    assert (Question.objects.count(), Answer.objects.count()) == (1, 1)


def test_the_export_fits_whatever_the_days_off(ada):
    update_profile(user=ada, days_off=[date.min, date.max])

    check_document(document_of(ada))


def test_the_export_says_what_was_done(document):
    assert document["person"]["days_off"] == ["2027-12-24", "2027-12-31"]
    assert document["person"]["role"] == "deep-learning-engineer"
    slug = current_graph().topics[1].slug
    assert next(row for row in document["topics"] if row["topic"] == slug) == {
        "topic": slug,
        "state": "learning",
        "stuck": True,
        "stuck_note": "Why “commutative”?",
        "source": "manual",
        "changed_at": "2027-03-01T12:00:00.123456Z",
    }
    assert document["sessions"][0]["minutes"] == 30
    assert [answer["grade"] for answer in document["review_answers"]] == ["good", "hard"]
    assert document["notes"][0]["body"] == "Says $a + b$\n\nüber “𝕊” 😀"


def test_nothing_of_others_is_in_the_export(document, ada, catalog):
    live(make_user(), catalog)

    assert document_of(ada) == document


def test_export_delete_sign_up_import_gives_the_same(document, ada):
    ada.delete()
    again = make_user("ada@example.org", joined_at=ada.joined_at)

    report = import_document(user=again, document=document, at=NOW)

    after_import = document_of(again)
    brought = [row for row in after_import["activity"] if row["source"] == "import"]
    after_import["activity"] = [r for r in after_import["activity"] if r["source"] != "import"]
    # What was written in groups stays there, under no name; the account is another one.
    mine = {"account": after_import["account"]}
    assert after_import == document | {kind: [] for kind in IN_GROUPS} | mine
    assert report.unknown == []
    # The import itself is history too: one batch.
    assert len({row["batch"] for row in brought}) == 1
    assert len(brought) == len(document["topics"]) + len(document["units"])


def test_a_restored_note_has_its_html(document, ada):
    ada.delete()

    import_document(user=make_user(), document=document)

    assert "<mi>a</mi>" in TopicNote.objects.get().body_html


def test_a_restored_history_can_be_undone(document, ada, catalog):
    batch = Activity.objects.filter(topic_id=catalog.topics[1].id).get().batch
    ada.delete()
    again = make_user()
    import_document(user=again, document=document)

    undo(user=again, batch=batch)

    assert not TopicProgress.objects.filter(topic_id=catalog.topics[1].id).exists()


def test_importing_twice_changes_nothing_the_second_time(document):
    other = make_user()
    import_document(user=other, document=document)
    before = rows()

    report = import_document(user=other, document=document)

    assert not report.has_changes
    assert rows() == before


def test_importing_ones_own_export_changes_nothing(document, ada):
    before = rows()

    report = import_document(user=ada, document=document)

    assert (report.has_changes, report.unknown) == (False, [])
    assert rows() == before


def test_a_dry_run_tells_the_same_and_writes_nothing(document):
    other = make_user(name="Grace", minutes_per_day=10)
    before = rows()

    tried = import_document(user=other, document=document, is_dry_run=True)

    assert rows() == before
    assert (other.name, other.minutes_per_day) == ("Grace", 10)
    assert document_of(other)["person"]["name"] == "Grace"
    done = import_document(user=other, document=document)
    assert (tried.added, tried.changed, tried.kept) == (done.added, done.changed, done.kept)
    assert tried.changed["settings"] == [
        "role", "show_dates", "name", "minutes_per_day", "time_zone", "study_days", "days_off",
        "reviews_per_day",
    ]  # fmt: skip


def test_an_import_leaves_other_people_alone(document, ada):
    before = document_of(ada)

    import_document(user=make_user(), document=document)

    assert document_of(ada) == before


def test_an_import_takes_no_address(document, ada):
    other = make_user("grace@example.org")

    import_document(user=other, document=document)

    assert User.objects.get(pk=other.pk).email == "grace@example.org"


def test_what_is_newer_here_stays_and_what_is_older_gives_way(document, catalog):
    other = make_user()
    mark(other, catalog.topics[0], TopicState.SKIPPED, at=after(999))
    mark(other, catalog.topics[4], TopicState.SKIPPED, at=after(-999))
    write_note(user=other, topic=catalog.topics[5], body="Mine is newer", at=after(999))

    report = import_document(user=other, document=document)

    states = person_states(user=other, graph=catalog).current
    assert (states[0].state, states[4].state) == ("skipped", "done")
    assert TopicNote.objects.get(user=other).body == "Mine is newer"
    assert report.changed["topics"] == [catalog.topics[4].slug]


def test_an_import_can_be_undone_in_one_go(document, catalog):
    other = make_user()
    mark(other, catalog.topics[4], TopicState.SKIPPED, at=after(-999))
    before = list(TopicProgress.objects.filter(user=other).values())
    import_document(user=other, document=document, at=NOW)

    undo(user=other, batch=other.activity.filter(source="import")[0].batch)

    after_undo = list(TopicProgress.objects.filter(user=other).values())
    assert [row | {"id": 0} for row in after_undo] == [row | {"id": 0} for row in before]
    assert not UnitProgress.objects.filter(user=other).exists()


def test_undoing_an_own_change_after_an_import_does_not_lose_the_import(document, catalog):
    other = make_user()
    batch = mark(other, catalog.topics[4], TopicState.SKIPPED, at=after(-999))
    import_document(user=other, document=document)

    with pytest.raises(UndoOutdated):
        undo(user=other, batch=batch)


def test_what_the_document_leaves_empty_in_the_profile_stays(ada, catalog):
    empty = document_of(ada)
    empty["person"] |= {"name": "", "role": None, "minutes_per_day": None}
    other = make_user(name="Grace", role="data-scientist", minutes_per_day=20)

    report = import_document(user=other, document=empty)

    other.refresh_from_db()
    assert (other.name, other.minutes_per_day) == ("Grace", 20)
    assert other.role_id == current_graph().roles["data-scientist"].id
    assert not report.has_changes


def test_entries_given_twice_count_once_and_the_newest_wins(document, catalog):
    twice = deepcopy(document)
    slug = catalog.topics[0].slug
    for changed_at, state in [("2028-01-01", "skipped"), ("2027-01-01", "learning")]:
        row = next(row for row in document["topics"] if row["topic"] == slug)
        twice["topics"].append(row | {"state": state, "changed_at": f"{changed_at}T00:00:00Z"})
    twice["units"] *= 2
    twice["reviews"] *= 2
    twice["review_answers"] *= 2
    twice["notes"].append(twice["notes"][0] | {"body": "Old", "changed_at": "2020-01-01T00:00:00Z"})
    twice["activity"] *= 2
    other = make_user()

    import_document(user=other, document=twice)

    assert other.topic_progress.get(topic__slug=slug).state == "skipped"
    assert other.unit_progress.count() == len(document["units"])
    assert other.topic_reviews.count() == len(document["reviews"])
    assert other.review_answers.count() == len(document["review_answers"])
    assert other.topic_notes.get().body.startswith("Says")
    assert not import_document(user=other, document=twice).has_changes


def test_a_done_topic_brings_no_stuck_flag_along(document):
    document["topics"][0] |= {"state": "done", "stuck": True, "stuck_note": "Why?"}
    other = make_user()

    import_document(user=other, document=document)

    row = other.topic_progress.get(topic__slug=document["topics"][0]["topic"])
    assert (row.is_stuck, row.stuck_note) == (False, "")


def test_what_the_catalog_does_not_know_is_named_once_and_the_rest_comes(document):
    document["topics"].append(document["topics"][0] | {"topic": "astrology"})
    document["notes"].append(document["notes"][0] | {"topic": "astrology"})
    document["units"].append(document["units"][0] | {"unit": "no-book/chapter-1"})
    document["sessions"].append(document["sessions"][0] | {"unit": "no-book/chapter-1"})
    document["person"] |= {"role": "wizard", "time_zone": "Mars/Olympus"}
    other = make_user()

    report = import_document(user=other, document=document)

    assert report.unknown == ["Mars/Olympus", "wizard", "astrology", "no-book/chapter-1"]
    assert other.study_sessions.count() == len(document["sessions"])
    assert other.topic_progress.count() == len(document["topics"]) - 1


def test_old_names_of_topics_and_resources_are_understood(document, catalog):
    resource, _, unit = document["units"][0]["unit"].partition("/")
    row = Resource.objects.get(slug=resource)
    row.slug, row.former_slugs = "a-new-name", [resource]
    row.save()
    old = document["topics"][0]["topic"]
    topic = Topic.objects.get(slug=old)
    topic.slug = "a-new-topic-name"
    topic.save()
    TopicAlias.objects.create(slug=old, topic=topic, kind=AliasKind.RENAMED)
    forget_graph()
    other = make_user()

    report = import_document(user=other, document=document)

    assert report.unknown == []
    assert other.unit_progress.get().unit.slug == unit
    assert other.topic_progress.filter(topic=topic).exists()


def test_a_tick_from_before_a_split_goes_to_all_parts_and_stays(document, catalog):
    slug = next(row["topic"] for row in document["topics"] if row["state"] == "done")
    old = Topic.objects.get(slug=slug)
    parts = [make_topic("Part one"), make_topic("Part two")]
    old.is_retired = True
    old.save()
    for part in parts:
        TopicAlias.objects.create(slug=slug, topic=part, kind=AliasKind.SPLIT)
    forget_graph()
    other = make_user()

    import_document(user=other, document=document)

    for topic in (old, *parts):
        assert other.topic_progress.get(topic=topic).state == "done"
    assert not import_document(user=other, document=document).has_changes


def test_retired_topics_and_units_keep_what_people_did(document, ada, catalog):
    topic = Topic.objects.get(slug=document["sessions"][0]["topic"])
    topic.is_retired = True
    topic.save()
    Resource.objects.update(is_retired=True)
    forget_graph()
    ada.delete()
    other = make_user()

    report = import_document(user=other, document=document)

    assert report.unknown == []
    assert other.study_sessions.filter(topic=topic).exists()
    assert other.unit_progress.count() == len(document["units"])


# --- Faulty documents ------------------------------------------------------------------------


def changed(document, path, value):
    """A copy with `value` at `path`; the whole document for an empty path."""
    if not path:
        return value
    copy = deepcopy(document)
    inner = copy
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    return copy


def nested(depth):
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


BIG = 10**400
FAULTS = [
    ((), None, ""),
    ((), [], ""),
    ((), "text", ""),
    ((), {}, ""),
    ((), {"format": "mlmath"}, ""),
    (("format",), "other", "/format"),
    (("version",), 2, "/version"),
    (("version",), True, "/version"),
    (("version",), BIG, "/version"),
    (("extra",), 1, ""),
    (("extra/~name",), "\0", "/extra~1~0name"),
    (("exported_at",), "yesterday", "/exported_at"),
    (("person",), [], "/person"),
    (("person", "name"), ["Ada"], "/person/name"),
    (("person", "name"), "a\0b", "/person/name"),
    (("person", "name"), "two\nlines", "/person/name"),
    (("person", "name"), "a last line break\n", "/person/name"),
    (("person", "name"), "half \ud83d", "/person/name"),
    (("person", "name"), "x" * 201, "/person/name"),
    (("person", "minutes_per_day"), 0, "/person/minutes_per_day"),
    (("person", "minutes_per_day"), 1441, "/person/minutes_per_day"),
    (("person", "minutes_per_day"), 30.5, "/person/minutes_per_day"),
    (("person", "minutes_per_day"), "30", "/person/minutes_per_day"),
    (("person", "minutes_per_day"), True, "/person/minutes_per_day"),
    (("person", "minutes_per_day"), float("nan"), "/person/minutes_per_day"),
    (("person", "minutes_per_day"), float("inf"), "/person/minutes_per_day"),
    (("person", "minutes_per_day"), BIG, "/person/minutes_per_day"),
    (("person", "study_days"), "mon", "/person/study_days"),
    (("person", "study_days"), ["monday"], "/person/study_days/0"),
    (("person", "study_days"), ["mon"] * 8, "/person/study_days"),
    (("person", "days_off"), ["2027-02-30"], "/person/days_off/0"),
    (("person", "days_off"), ["2027-02-03\n"], "/person/days_off/0"),
    (("person", "days_off"), ["2027-02-03"] * 367, "/person/days_off"),
    (("person", "days_off"), {"0": "2027-02-03"}, "/person/days_off"),
    (("person", "time_zone"), 1, "/person/time_zone"),
    (("person", "time_zone"), "../../etc/passwd\0", "/person/time_zone"),
    (("person", "show_dates"), 1, "/person/show_dates"),
    (("person", "reviews_per_day"), 101, "/person/reviews_per_day"),
    (("person", "role"), "No Slug", "/person/role"),
    (("person", "role"), {}, "/person/role"),
    (("person", "password"), "secret", "/person"),
    (("topics",), {}, "/topics"),
    (("topics",), None, "/topics"),
    (("topics", 0), "vectors", "/topics/0"),
    (("topics", 0, "topic"), ["vectors"], "/topics/0/topic"),
    (("topics", 0, "topic"), None, "/topics/0/topic"),
    (("topics", 0, "topic"), "vectors\n", "/topics/0/topic"),
    (("topics", 0, "state"), "finished", "/topics/0/state"),
    (("topics", 0, "state"), ["done"], "/topics/0/state"),
    (("topics", 0, "stuck"), "yes", "/topics/0/stuck"),
    (("topics", 0, "stuck_note"), "x" * 301, "/topics/0/stuck_note"),
    (("topics", 0, "stuck_note"), "a\0b", "/topics/0/stuck_note"),
    (("topics", 0, "source"), "", "/topics/0/source"),
    (("topics", 0, "changed_at"), "2027-03-01T12:00:00", "/topics/0/changed_at"),
    (("topics", 0, "changed_at"), "2027-03-01", "/topics/0/changed_at"),
    (("topics", 0, "changed_at"), "2027-02-30T12:00:00Z", "/topics/0/changed_at"),
    (("topics", 0, "changed_at"), "0001-01-01T00:00:00+14:00", "/topics/0/changed_at"),
    (("topics", 0, "changed_at"), "9999-12-31T23:59:59-12:00", "/topics/0/changed_at"),
    (("topics", 0, "changed_at"), "2027-03-01T12:00:00+99:99", "/topics/0/changed_at"),
    (("topics", 0, "changed_at"), "2027-03-01T25:00:00Z", "/topics/0/changed_at"),
    (("topics", 0, "changed_at"), "2027-03-01T12:00:00Z\n", "/topics/0/changed_at"),
    (("topics", 0, "changed_at"), 1_800_000_000, "/topics/0/changed_at"),
    (("topics", 0, "note"), "x", "/topics/0"),
    (("units", 0, "unit"), "no-slash", "/units/0/unit"),
    (("units", 0, "done_at"), None, "/units/0/done_at"),
    (("sessions", 0, "minutes"), 0, "/sessions/0/minutes"),
    (("sessions", 0, "minutes"), 1e300, "/sessions/0/minutes"),
    (("sessions", 0, "minutes"), -BIG, "/sessions/0/minutes"),
    (("sessions", 0, "day"), "2027-03-09", "/sessions/0/day"),
    (("sessions", 0, "day"), "0001-01-01", "/sessions/0/day"),
    (("sessions", 0, "started_at"), "1969-12-31T23:59:59Z", "/sessions/0/started_at"),
    (("sessions", 0, "topic"), 7, "/sessions/0/topic"),
    (("reviews", 0, "stability"), 0, "/reviews/0/stability"),
    (("reviews", 0, "stability"), float("nan"), "/reviews/0/stability"),
    (("reviews", 0, "stability"), 1e300, "/reviews/0/stability"),
    (("reviews", 0, "stability"), None, "/reviews/0/stability"),
    (("reviews", 0, "difficulty"), None, "/reviews/0/difficulty"),
    (("reviews", 0, "difficulty"), 11, "/reviews/0/difficulty"),
    (("reviews", 0, "reviewed_at"), None, "/reviews/0/stability"),
    (("review_answers", 0, "grade"), "perfect", "/review_answers/0/grade"),
    (("notes", 0, "body"), "", "/notes/0/body"),
    (("notes", 0, "body"), "x" * 20_001, "/notes/0/body"),
    (("notes", 0, "body"), "a\0b", "/notes/0/body"),
    (("notes", 0, "body"), ["text"], "/notes/0/body"),
    (("activity", 0, "batch"), "", "/activity/0/batch"),
    (("activity", 0, "batch"), "x" * 21, "/activity/0/batch"),
    (("activity", 0, "topic"), None, "/activity/0"),
    (("activity", 0, "unit"), "a/b", "/activity/0"),
    (("activity", 0, "before"), [], "/activity/0/before"),
    (("activity", 0, "before", "source"), "x", "/activity/0/before/source"),
    (("activity", 0, "after", "state"), None, "/activity/0/after/state"),
    (("notes",), nested(400), ""),
    (("notes",), nested(20), ""),
]


@pytest.mark.parametrize(
    ("path", "value", "pointer"), FAULTS, ids=[str(number) for number in range(len(FAULTS))]
)
def test_a_faulty_document_is_refused_with_a_pointer_and_nothing_written(
    document, path, value, pointer
):
    other = make_user()
    before = rows()

    with pytest.raises(ImportFaulty) as refusal:
        import_document(user=other, document=changed(document, path, value))

    faults = refusal.value.faults
    assert faults[0].pointer == pointer
    assert all(0 < len(fault.detail) <= 200 for fault in faults)
    assert rows() == before


@pytest.mark.parametrize("missing", ["format", "person", "topics", "activity"])
def test_a_missing_part_is_named(document, missing):
    del document[missing]

    with pytest.raises(ImportFaulty, match=f"'{missing}' is a required property"):
        check_document(document)


@pytest.mark.parametrize("later", sorted(LATER_PARTS))
def test_an_export_from_before_there_were_groups_still_fits(document, later):
    del document[later]

    check_document(document)


def test_twenty_faults_are_told_at_most(document):
    document["topics"] = ["x"] * 900

    with pytest.raises(ImportFaulty) as refusal:
        check_document(document)

    assert len(refusal.value.faults) == 20
    assert refusal.value.faults[7].pointer == "/topics/7"


def test_what_is_shown_of_a_long_value_is_short(document):
    document["person"]["days_off"] = "x" * 100_000

    with pytest.raises(ImportFaulty) as refusal:
        check_document(document)

    assert refusal.value.faults[0].detail.endswith("… is not of type 'array'")


def test_lists_of_all_kinds_of_things_are_refused_in_no_time(document):
    document["person"]["days_off"] = [[n] if n % 2 else str(n) for n in range(50_000)]

    with pytest.raises(ImportFaulty):
        check_document(document)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe{}",
        b"{",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b"[" * 100_000,
        b"1" * 5000,
        b" " * (MAXIMUM_BYTES + 1),
    ],
    ids=["empty", "utf-16", "cut off", "nan", "infinity", "deep", "huge number", "too large"],
)
def test_a_file_that_is_no_json_is_refused(content):
    with pytest.raises(ImportFaulty) as refusal:
        read_document(content)

    assert refusal.value.faults[0].pointer == ""


def test_a_file_may_begin_with_a_byte_order_mark():
    assert read_document(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


def test_an_export_comes_back_from_its_file(document):
    check_document(read_document(json.dumps(document, indent=1).encode()))


def test_exporting_costs_the_same_however_much_there_is(ada, catalog, count_queries):
    live(ada, catalog)
    with count_queries() as few:
        export_of(user=User.objects.get(), at=NOW)
    for number in range(10, 40):
        mark(ada, catalog.topics[number])
        log_session(user=ada, minutes=5, at=after(50 + number), topic=catalog.topics[number])
        write_note(user=ada, topic=catalog.topics[number], body="x")
    with count_queries() as many:
        export_of(user=User.objects.get(), at=NOW)

    # One of them reads the person.
    assert len(few) == len(many) == 33


# --- Lists -----------------------------------------------------------------------------------


def done_slugs(user):
    return set(user.topic_progress.filter(state="done").values_list("topic__slug", flat=True))


def test_a_list_of_slugs_titles_and_other_names_ticks_topics(ada, catalog):
    one, two, three = catalog.topics[:3]
    other_name = next(topic for topic in catalog.topics if topic.also_called)
    text = "\n".join(
        [
            "# My list",
            one.slug,
            f"- [x] {two.title.upper()}",
            f"* [X] {three.title}",
            f"12. {other_name.also_called[0]}",
            f"- [ ] {catalog.topics[40].title}",
            "",
            "Astrology\0",
        ]
    )

    report = import_list(user=ada, text=f"\ufeff{text}")

    assert done_slugs(ada) == {one.slug, two.slug, three.slug, other_name.slug}
    assert report.added == {
        "topics": list(dict.fromkeys([one.title, two.title, three.title, other_name.title]))
    }
    assert report.unknown == ["Astrology\0"]
    assert set(ada.activity.values_list("source", flat=True)) == {"import"}


def test_a_list_keeps_what_is_done_or_skipped(ada, catalog):
    done, skipped, learning = catalog.topics[:3]
    mark(ada, done)
    mark(ada, skipped, TopicState.SKIPPED)
    mark(ada, learning, TopicState.LEARNING)

    report = import_list(user=ada, text=f"{done.slug}\n{skipped.slug}\n{learning.slug}", at=NOW)

    states = person_states(user=ada, graph=catalog).current
    assert [states[i].state for i in range(3)] == ["done", "skipped", "done"]
    assert states[0].changed_at == START
    assert (report.added, report.changed) == ({}, {"topics": [learning.title]})
    assert report.kept == 2


def test_a_list_read_twice_changes_nothing(ada, catalog):
    text = "\n".join(topic.title for topic in catalog.topics)
    import_list(user=ada, text=text)
    before = rows()

    assert not import_list(user=ada, text=text).has_changes
    assert rows() == before


def test_a_dry_run_of_a_list_writes_nothing(ada, catalog):
    report = import_list(user=ada, text=catalog.topics[0].slug, is_dry_run=True)

    assert report.added == {"topics": [catalog.topics[0].title]}
    assert not TopicProgress.objects.exists()


def test_a_list_has_a_thousand_lines_at_most(ada):
    with pytest.raises(ImportFaulty, match="1000 lines"):
        import_list(user=ada, text="x\n" * 1001)


# --- CSV and Markdown ------------------------------------------------------------------------


def read_csv(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_the_csv_has_every_topic_with_state_and_role(ada, catalog):
    mark(ada, catalog.topics[1])
    mark(ada, catalog.topics[5], TopicState.LEARNING, is_stuck=True, stuck_note="=1+1")
    role = catalog.roles["data-scientist"]
    states = person_states(user=ada, graph=catalog)

    lines = read_csv(topics_csv(catalog, states, role))

    assert [line["slug"] for line in lines] == [topic.slug for topic in catalog.topics]
    first = lines[1]
    assert (first["state"], first["source"], first["implied"]) == ("done", "manual", "no")
    assert first["changed_at"] == "2027-03-01T12:00:00.123456Z"
    assert (lines[5]["stuck"], lines[5]["stuck_note"]) == ("yes", "'=1+1")
    asked = {line["slug"] for line in lines if line["requirement"]}
    assert asked == {catalog.topics[entry.index].slug for entry in role.entries}
    entry = role.entries[-1]
    assert float(lines[entry.index]["hours"]) == entry.hours.likely
    assert lines[entry.index]["depth"] == entry.depth.title


@pytest.mark.parametrize("note", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(ada, catalog, note):
    mark(ada, catalog.topics[5], TopicState.LEARNING, is_stuck=True)
    TopicProgress.objects.update(stuck_note=note)

    lines = read_csv(topics_csv(catalog, person_states(user=ada, graph=catalog), None))

    assert lines[5]["stuck_note"] == f"'{note}"


def test_the_csv_without_role_or_ticks_is_the_catalog(ada, catalog):
    lines = read_csv(topics_csv(catalog, person_states(user=ada, graph=catalog), None))

    assert len(lines) == len(catalog.topics)
    assert {line["state"] for line in lines} == {"todo"}
    assert {line["requirement"] + line["depth"] + line["changed_at"] for line in lines} == {""}


def test_the_checklist_is_by_subject_and_ticks_what_is_done(ada, catalog):
    role = catalog.roles["data-scientist"]
    done = catalog.topics[role.entries[0].index]
    mark(ada, done)

    text = topics_markdown(catalog, person_states(user=ada, graph=catalog), role)

    lines = text.splitlines()
    assert lines[0] == f"# {role.title}"
    assert lines[2] == f"## {done.subject.title}"
    assert f"- [x] {done.title}" in lines
    assert text.count("- [x] ") == 1
    assert text.count("- [") == len(role.entries)


def test_the_checklist_comes_back_as_a_list(ada, catalog):
    for topic in catalog.topics[::3]:
        mark(ada, topic)
    text = topics_markdown(catalog, person_states(user=ada, graph=catalog), None)
    other = make_user()

    report = import_list(user=other, text=text)

    assert report.unknown == []
    assert done_slugs(other) == done_slugs(ada)
