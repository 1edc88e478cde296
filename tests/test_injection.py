"""Text that is no text: every column of words holds markup, and every page shows it as words."""

import html
import re
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser

import pytest
from django.apps import apps
from django.db import models, transaction
from django.http.request import HttpHeaders

from catalog.graph import current_graph, forget_graph
from mlmath.markdown import to_html
from tests.permissions import ROWS, World, make_world
from tracker.actions.meetings import write_notes
from tracker.actions.notes import write_note
from tracker.actions.questions import edit_question
from tracker.models import Meeting, Question

pytestmark = pytest.mark.django_db
# Ends an attribute and a tag, opens others and leads astray; the number says whose it is.
ATTACK = (
    "\"'><x-y z={0}>"
    "<script>alert({0})</script><img src=x onerror=alert({0})> [x](javascript:alert({0}))"
    " </textarea></title> {{{{ 7|add:{0} }}}}"
)
# Keys, addresses and names of things, which are never free words.
NOT_WORDS = re.compile(
    r"(^|_)(slug|url|link|address|digest|key|batch|undoes|prefix|password|location|fingerprint|"
    r"time_zone|rrule|email|kind|evidence|message_id|public_id|secret)$|^sealed_"
)
# What people, leaders and curators write, and somebody else reads.
WRITTEN = {
    "User.name", "StudyGroup.name", "StudyGroup.about", "Question.title", "Question.body",
    "Answer.body", "EarlierText.body", "Assignment.note", "Meeting.title", "Meeting.place",
    "Meeting.agenda", "MeetingDate.notes", "JoinRequest.message", "Notice.text", "Webhook.name",
    "ApiToken.name", "TopicProgress.stuck_note", "TopicNote.body", "Topic.title", "Topic.summary",
    "Topic.body", "Prerequisite.reason", "Subject.title", "Resource.title", "Resource.note",
    "Provider.name", "Unit.title", "Role.title", "Role.summary", "Path.title", "PathStep.summary",
}  # fmt: skip


def columns() -> Iterator[models.Field]:
    for label in ("catalog", "tracker"):
        for model in apps.get_app_config(label).get_models():
            for field in model._meta.concrete_fields:
                is_text = isinstance(field, models.CharField | models.TextField)
                if is_text and not (field.choices or field.unique or NOT_WORDS.search(field.name)):
                    yield field


COLUMNS = {f"{one.model.__name__}.{one.name}": one for one in columns()}
NUMBERS = {name: number for number, name in enumerate(sorted(COLUMNS), start=1000)}


class Finder(HTMLParser):
    """What a browser would make of a page that no page of ours has."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        is_script = tag == "script" and "src" not in values
        is_code = is_script and values.get("type") != "application/json"
        leads_astray = any(
            re.match(r"\s*javascript:", value or "", re.IGNORECASE)
            for name, value in attrs
            if name in {"href", "src", "action", "formaction"}
        )
        acts = any(name.startswith("on") for name in values)
        if tag == "x-y" or "z" in values or is_code or leads_astray or acts:
            self.found.append(self.get_starttag_text() or tag)


def found_in(page: str) -> list[str]:
    finder = Finder()
    finder.feed(page)
    return finder.found


@pytest.fixture
def world(db) -> World:
    made = make_world()
    leader, values = made.people["D"], made.values[""]
    write_note(user=leader, topic=current_graph().topic_by_slug["vectors"], body="Arrows.")
    meeting = Meeting.objects.select_related("group").get(public_id=values["held"])
    day = date.fromisoformat(values["held_day"])
    write_notes(user=leader, meeting=meeting, day=day, notes="We met.")
    question = Question.objects.select_related("group").get(public_id=values["question"])
    asker = made.people["N"]
    edit_question(user=asker, question=question, title="Why?", body="!", unit=None, topic=None)
    for name, column in COLUMNS.items():
        text = ATTACK.format(NUMBERS[name])
        if name.endswith("_html"):
            source = name.removesuffix("_html")
            text = to_html(ATTACK.format(NUMBERS.get(source, NUMBERS[name])))
        rows = column.model._default_manager
        with transaction.atomic():
            rows.update(**{column.name: text[: column.max_length]})
    forget_graph()
    return made


def test_the_finder_sees_an_attack_that_is_not_escaped():
    """The control: if this fails, the test below proves nothing."""
    attack = ATTACK.format(1)

    assert len(found_in(f'<p title="{attack}">')) > 1
    assert found_in(f"<p>{attack}</p>")
    assert found_in('<a href=" JavaScript:alert(1)">x</a>')
    assert found_in(f"<p>{html.escape(attack)}</p>") == []


@pytest.fixture
def asked_for(monkeypatch) -> set[str]:
    """The headers of a request that somebody has looked for."""
    names, look_up = set(), HttpHeaders.__getitem__

    def note(headers, name):
        names.add(name.lower().replace("_", "-"))
        return look_up(headers, name)

    monkeypatch.setattr(HttpHeaders, "__getitem__", note)
    return names


def test_no_page_takes_anybodys_words_for_markup(world, asked_for):
    pages = [row for row in ROWS if not row.is_api and row.method in {"GET", "POST"}]
    shown, broken = set(), {}
    for actor in ("A", "L", "M", "B", "D", "S"):
        for row in pages:
            asked_for.clear()
            for is_htmx in (False, True):
                # Who does not look whether it is htmx that asks gives both the same answer.
                if is_htmx and "hx-request" not in asked_for:
                    continue
                client = world.browser(actor)
                if is_htmx:
                    client.defaults["HTTP_HX_REQUEST"] = "true"
                with transaction.atomic():
                    response = world.call(client, row, actor)
                    page = response.getvalue().decode()
                    transaction.set_rollback(True)
                if "text/html" not in response.get("Content-Type", ""):
                    continue
                shown |= {name for name in COLUMNS if str(NUMBERS[name]) in page}
                if found := found_in(page):
                    broken[f"{actor}: {row}"] = found

    assert broken == {}
    assert WRITTEN - shown == set()
