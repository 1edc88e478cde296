"""Notes: writing, deleting, and two tabs at once."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError

from tests.factories import make_user
from tracker.actions.notes import NoteChanged, write_note
from tracker.models import TopicNote

FIRST = datetime(2027, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
LATER = datetime(2027, 3, 1, 13, tzinfo=UTC)


@pytest.fixture
def topic(catalog):
    return catalog.topics[7]


def test_a_note_is_kept_as_text_and_as_html(ada, topic):
    write_note(user=ada, topic=topic, body="So $x^2$ is **even**", at=FIRST)

    note = TopicNote.objects.get()
    assert (note.body, note.changed_at) == ("So $x^2$ is **even**", FIRST)
    assert "<msup>" in note.body_html
    assert "<strong>even</strong>" in note.body_html


def test_a_note_carries_no_script(ada, topic):
    write_note(user=ada, topic=topic, body="<script>alert(1)</script>[x](javascript:alert(1))")

    assert "<script" not in TopicNote.objects.get().body_html
    assert "href=" not in TopicNote.objects.get().body_html


def test_writing_the_same_again_keeps_the_first_time(ada, topic):
    write_note(user=ada, topic=topic, body="Once", at=FIRST)

    write_note(user=ada, topic=topic, body="Once", at=LATER)

    assert TopicNote.objects.get().changed_at == FIRST


def test_a_retried_save_finds_its_own_text_and_is_no_conflict(ada, topic):
    write_note(user=ada, topic=topic, body="One", at=FIRST)
    write_note(user=ada, topic=topic, body="Two", based_on=FIRST, at=LATER)

    write_note(user=ada, topic=topic, body="Two", based_on=FIRST, at=LATER)

    assert TopicNote.objects.get().body == "Two"


@pytest.mark.parametrize("body", ["", "  \n\t "])
def test_an_empty_text_deletes_the_note_and_may_be_repeated(ada, topic, body):
    write_note(user=ada, topic=topic, body="One", at=FIRST)

    assert write_note(user=ada, topic=topic, body=body, based_on=FIRST) is None
    assert write_note(user=ada, topic=topic, body=body, based_on=FIRST) is None
    assert not TopicNote.objects.exists()


def test_what_another_tab_wrote_is_not_lost(ada, topic):
    write_note(user=ada, topic=topic, body="One", at=FIRST)
    write_note(user=ada, topic=topic, body="Two", based_on=FIRST, at=LATER)

    with pytest.raises(NoteChanged):
        write_note(user=ada, topic=topic, body="Three", based_on=FIRST)
    with pytest.raises(NoteChanged):
        write_note(user=ada, topic=topic, body="", based_on=FIRST)

    assert TopicNote.objects.get().body == "Two"


def test_two_tabs_that_began_with_no_note_do_not_overwrite_each_other(ada, topic):
    write_note(user=ada, topic=topic, body="One")

    with pytest.raises(NoteChanged):
        write_note(user=ada, topic=topic, body="Two")


def test_whoever_insists_overwrites(ada, topic):
    write_note(user=ada, topic=topic, body="One")

    write_note(user=ada, topic=topic, body="Two", is_forced=True)

    assert TopicNote.objects.get().body == "Two"


def test_a_note_deleted_elsewhere_comes_back_with_what_was_typed(ada, topic):
    write_note(user=ada, topic=topic, body="Mine", based_on=FIRST)

    assert TopicNote.objects.get().body == "Mine"


@pytest.mark.parametrize("body", ["a\0b", "half \ud83d of a pair"])
def test_text_that_no_database_takes_is_refused(ada, topic, body):
    with pytest.raises(ValidationError) as refusal:
        write_note(user=ada, topic=topic, body=body)

    assert refusal.value.message_dict == {"body": ["Remove NUL and half characters from the text."]}


def test_a_note_has_20000_characters_at_most(ada, topic):
    write_note(user=ada, topic=topic, body="é" * 20_000)

    with pytest.raises(ValidationError, match="20,000 characters"):
        write_note(user=ada, topic=topic, body="é" * 20_001, is_forced=True)


def test_line_ends_of_forms_count_once(ada, topic):
    write_note(user=ada, topic=topic, body="One\r\nTwo", at=FIRST)
    write_note(user=ada, topic=topic, body="One\nTwo", at=LATER)

    note = TopicNote.objects.get()
    assert (note.body, note.changed_at) == ("One\nTwo", FIRST)


def test_notes_of_other_people_stay(ada, topic):
    other = make_user()
    write_note(user=other, topic=topic, body="Theirs")
    write_note(user=ada, topic=topic, body="Mine")

    write_note(user=ada, topic=topic, body="", is_forced=True)

    assert TopicNote.objects.get().body == "Theirs"
