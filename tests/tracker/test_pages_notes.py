"""The note on a topic's page, two tabs at once, and where somebody is stuck."""

import re

import pytest

from tests.factories import make_user
from tracker.actions.notes import write_note
from tracker.models import TopicNote, TopicProgress

TOPIC, NOTE, MARK = "/topics/vectors/", "/topics/vectors/note/", "/topics/vectors/mark/"


@pytest.fixture
def vectors(catalog):
    return catalog.topic_by_slug["vectors"]


def version(page):
    return re.search(r'name="based_on" value="([^"]*)"', page).group(1)


def test_a_note_is_saved_by_the_button_and_read_on_the_page(ada, ada_browser, vectors):
    response = ada_browser.post(NOTE, {"body": "So **long** $x^2$", "based_on": ""})

    assert response["Location"] == "/topics/vectors/#note"
    page = ada_browser.get(TOPIC).content.decode()
    assert "So **long** $x^2$</textarea>" in page
    assert "<strong>long</strong>" in page
    assert "<msup>" in page


def test_htmx_gets_the_status_and_the_version_and_the_field_is_left_alone(ada_htmx, vectors):
    text = ada_htmx.post(NOTE, {"body": "Arrows", "based_on": ""}).content.decode()

    assert ">saved</p>" in text
    assert "<textarea" not in text
    assert ada_htmx.post(NOTE, {"body": "Arrows!", "based_on": version(text)}).status_code == 200


@pytest.mark.parametrize(("door", "status"), [("ada_htmx", 422), ("ada_browser", 409)])
def test_a_note_of_another_tab_is_not_overwritten_unseen(request, ada, vectors, door, status):
    browser = request.getfixturevalue(door)
    write_note(user=ada, topic=vectors, body="From the other tab")

    response = browser.post(NOTE, {"body": "Mine", "based_on": ""})

    text = response.content.decode()
    assert response.status_code == status
    assert "From the other tab" in text
    assert TopicNote.objects.get().body == "From the other tab"
    browser.post(NOTE, {"body": "Both", "based_on": version(text)})
    assert TopicNote.objects.get().body == "Both"


def test_what_could_not_be_saved_stays_in_the_field(ada, ada_browser, vectors):
    write_note(user=ada, topic=vectors, body="Kept")

    page = ada_browser.post(NOTE, {"body": "Mine & yours", "based_on": ""}).content.decode()

    assert "Mine &amp; yours</textarea>" in page


def test_a_note_that_is_too_long_says_so(ada_htmx, ada_browser, vectors):
    long = {"body": "x" * 20_001, "based_on": ""}

    assert "Keep a note to 20,000 characters." in ada_htmx.post(NOTE, long).content.decode()
    assert ada_browser.post(NOTE, long).status_code == 422
    assert not TopicNote.objects.exists()


def test_a_note_is_private_and_needs_a_sign_in(ada_browser, client, vectors):
    write_note(user=make_user(), topic=vectors, body="Secret of somebody else")

    assert "Secret of somebody" not in ada_browser.get(TOPIC).content.decode()
    assert 'id="note"' not in client.get(TOPIC).content.decode()
    assert client.post(NOTE, {"body": "x"})["Location"].startswith("/accounts/login/")


def test_nonsense_is_refused(ada_browser, vectors):
    assert ada_browser.post(NOTE, {"body": "x", "based_on": "yesterday"}).status_code == 400
    assert ada_browser.post("/topics/no-such-topic/note/", {"body": "x"}).status_code == 404


def test_where_somebody_is_stuck_is_kept_with_the_flag(ada, ada_browser, vectors):
    assert 'id="stuck-note"' not in ada_browser.get(TOPIC).content.decode()
    ada_browser.post(MARK, {"stuck": "1"})
    ada_browser.post(MARK, {"stuck": "1", "stuck_note": "the norm"})

    assert TopicProgress.objects.get(user=ada).stuck_note == "the norm"
    assert 'name="stuck_note" value="the norm"' in ada_browser.get(TOPIC).content.decode()
    ada_browser.post(MARK, {"stuck": "0"})
    assert TopicProgress.objects.get(user=ada).stuck_note == ""


def test_a_tick_keeps_what_was_said(ada, ada_htmx, vectors):
    ada_htmx.post(MARK, {"stuck": "1", "stuck_note": "the norm"})

    text = ada_htmx.post(MARK, {"state": "learning", "next": TOPIC}).content.decode()

    assert 'value="the norm"' in text
    text = ada_htmx.post(
        MARK, {"stuck": "1", "stuck_note": "the angle", "next": TOPIC}
    ).content.decode()
    assert "Your note is saved." in text


def test_a_sentence_that_is_too_long_is_refused(ada_browser, vectors):
    response = ada_browser.post(MARK, {"stuck": "1", "stuck_note": "x" * 301})

    assert response.status_code == 400
    assert not TopicProgress.objects.exists()


def test_notes_are_found_again_by_their_words(ada, ada_browser, catalog, vectors):
    write_note(user=ada, topic=vectors, body="Arrows with a Length")
    write_note(user=ada, topic=catalog.topic_by_slug["derivatives"], body="Slopes")
    write_note(user=make_user(), topic=vectors, body="Length, by somebody else")

    assert "Slopes" in ada_browser.get("/notes/").content.decode()
    page = ada_browser.get("/notes/?q=length+arrows").content.decode()
    assert "Arrows with a Length" in page
    assert "Slopes" not in page
    assert "somebody else" not in page
    assert "No note has all of these words" in ada_browser.get("/notes/?q=%00x").content.decode()
    assert "/notes/?q=length" in ada_browser.get("/search/?q=length").content.decode()


@pytest.mark.parametrize("count", [1, 30])
def test_the_list_of_notes_costs_three_queries(ada, ada_browser, catalog, count_queries, count):
    for topic in catalog.topics[:count]:
        write_note(user=ada, topic=topic, body="Something")

    with count_queries() as queries:
        ada_browser.get("/notes/")

    assert len(queries) == 3
