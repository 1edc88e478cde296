"""Data out: the export and its schema, CSV and Markdown."""

import csv
import io
import json
from datetime import UTC, date, datetime

import jsonschema
import pytest

from catalog.graph import current_graph
from tests.exchange import NOW, START, after, document_of, live, mark
from tests.factories import make_answer, make_assignment, make_group, make_question, make_user
from tracker.actions.answers import delete_answer
from tracker.actions.assignment_progress import mark_mine, set_personal_date
from tracker.actions.import_checks import SCHEMA_FILE, check_document
from tracker.actions.imports import import_document
from tracker.actions.notes import write_note
from tracker.actions.people import update_profile
from tracker.actions.sessions import log_session
from tracker.models import AnswerToAssignment, Assignment, TopicProgress, TopicState, User
from tracker.summaries.export import export_of, topics_csv, topics_markdown
from tracker.summaries.people import person_states


@pytest.fixture
def document(ada, catalog):
    live(ada, catalog)
    return document_of(ada)


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
