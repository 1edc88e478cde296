"""The pages of a group's questions, with and without htmx."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import (
    make_answer,
    make_assignment,
    make_group,
    make_question,
    make_user,
)
from tests.test_markdown import LIVE, VECTORS
from tracker.actions.answers import delete_answer, edit_answer
from tracker.actions.questions import accept_answer, close_question, edit_question, pin_question
from tracker.models import Answer, Membership, Question, Reader

NINE = datetime(2026, 10, 1, 9, tzinfo=UTC)


def signed_in(user, **headers):
    client = Client(headers=headers)
    client.force_login(user)
    return client


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
def at(group):
    """The address of the group's questions."""
    return f"/groups/{group.public_id}/questions/"


@pytest.fixture
def question(group, ada):
    return make_question(group, ada, "Why is it so?")


@pytest.fixture
def page(at, question):
    return f"{at}{question.public_id}/"


def text(response):
    return response.content.decode()


def hidden(html, name):
    return re.search(rf'name="{name}" value="([^"]*)"', html)[1]


def test_a_question_is_asked_about_a_chapter_and_found_in_the_list(ada_browser, group, at, catalog):
    form = text(ada_browser.get(f"{at}ask/?unit=mml-book/chapter-02"))
    assert '<option value="mml-book/chapter-02" selected>' in form

    sent = ada_browser.post(
        f"{at}ask/",
        {
            "title": "Why $x$?",
            "body": "Since **when**?",
            "unit": "mml-book/chapter-02",
            "topic": "vectors",
            "form_key": hidden(form, "form_key"),
        },
    )

    question = Question.objects.get()
    assert (sent.status_code, sent["Location"]) == (302, f"{at}{question.public_id}/")
    page = text(ada_browser.get(sent["Location"]))
    assert "<strong>when</strong>" in page
    assert "/library/mml-book/#chapter-02" in page
    assert "/topics/vectors/" in page
    for address in (at, f"{at}?unit=mml-book/chapter-02", f"{at}?topic=vectors", f"{at}?q=WHEN"):
        assert "Why $x$?" in text(ada_browser.get(address))
    for address in (f"{at}?unit=mml-book/chapter-03", f"{at}?q=never", f"{at}?show=unread"):
        assert "Why $x$?" not in text(ada_browser.get(address))


def test_the_same_form_sent_twice_asks_once_and_answers_once(ada_browser, at, group):
    form = {"title": "Why?", "body": "So?", "form_key": "key-of-the-form"}
    first, second = (ada_browser.post(f"{at}ask/", form) for _ in "ab")
    assert first["Location"] == second["Location"]
    reply = {"body": "So.", "form_key": "another-key"}
    one, two = (ada_browser.post(f"{first['Location']}answer/", reply) for _ in "ab")

    assert one["Location"] == two["Location"]
    assert (Question.objects.count(), Answer.objects.count()) == (1, 1)


@pytest.mark.parametrize("title", ["", "a" * 201])
def test_what_does_not_fit_stays_in_the_form(ada_browser, at, title):
    response = ada_browser.post(f"{at}ask/", {"title": title, "body": "A <b> & long text"})

    assert response.status_code == 422
    assert "A &lt;b&gt; &amp; long text</textarea>" in text(response)
    assert not Question.objects.exists()


def test_line_breaks_of_a_browser_count_once(ada_browser, at):
    body = "a\r\n" * 5_000

    assert ada_browser.post(f"{at}ask/", {"title": "Long", "body": body}).status_code == 302
    assert ada_browser.post(f"{at}ask/", {"title": "L", "body": body + "b"}).status_code == 422


def test_a_preview_saves_nothing_and_keeps_what_was_typed(ada_browser, ada_htmx, at, page, ada):
    typed = {"title": "Why?", "body": "**So** @Emmy Noether?", "preview": "yes"}
    answer = make_answer(Question.objects.get(), ada)
    for address in (
        f"{at}ask/",
        f"{page}edit/",
        f"{page}answer/",
        f"{page}answers/{answer.public_id}/edit/",
    ):
        whole, piece = ada_browser.post(address, typed), ada_htmx.post(address, typed)

        assert whole.status_code == piece.status_code == 200
        assert "<strong>So</strong>" in text(whole)
        assert "**So** @Emmy Noether?</textarea>" in text(whole)
        assert text(piece).lstrip().startswith('<div id="preview"')
        assert '<strong class="mention">@Emmy Noether</strong>' in text(piece)
        assert "<textarea" not in text(piece)
    assert (Question.objects.count(), Answer.objects.count()) == (1, 1)
    assert not Question.objects.filter(version__gt=1).exists()


def test_an_answer_is_given_accepted_and_no_longer_accepted(ada_browser, emmy, page):
    sent = signed_in(emmy).post(f"{page}answer/", {"body": "Because."})
    answer = Answer.objects.get()
    assert sent["Location"] == f"{page}#answer-{answer.public_id}"

    ada_browser.post(f"{page}accept/", {"answer": answer.public_id})
    assert "✓ Accepted" in text(ada_browser.get(page))
    ada_browser.post(f"{page}accept/", {"answer": ""})
    assert "✓ Accepted" not in text(ada_browser.get(page))


def test_the_accepted_answer_stands_first(ada_browser, question, page, ada, emmy):
    make_answer(question, emmy, "The first one")
    later = make_answer(question, emmy, "The accepted one", at=NINE + timedelta(hours=5))
    accept_answer(user=ada, question=question, answer=later)

    html = text(ada_browser.get(page))

    assert html.index("The accepted one") < html.index("The first one")


def test_opening_a_question_reads_it_and_the_tab_counts(emmy, group, question, at, page):
    browser = signed_in(emmy)
    unread = '<span class="count">1<span class="visually-hidden"> unread</span></span>'
    assert unread in text(browser.get(at))
    assert "Why is it so?" in text(browser.get(f"{at}?show=unread"))

    browser.get(page)

    assert unread not in text(browser.get(at))
    make_answer(question, group.memberships.get(role="leader").user, at=datetime.now(UTC))
    html = text(browser.get(page))
    assert html.count(">New</span>") == 1
    assert ">New</span>" not in text(browser.get(page))


def test_a_question_is_kept_unread_for_later(emmy, question, at, page):
    browser = signed_in(emmy)
    browser.get(page)

    assert browser.post(f"{page}unread/")["Location"] == at
    assert "Why is it so?" in text(browser.get(f"{at}?show=unread"))


def test_everything_is_read_by_one_button(emmy, question, at):
    browser = signed_in(emmy)

    assert browser.post(f"{at}read/").status_code == 302
    assert "Nothing new" in text(browser.get(f"{at}?show=unread"))


def test_the_filters_show_what_they_say(ada_browser, group, at, ada, emmy):
    solved = make_question(group, emmy, "Solved one")
    accept_answer(user=emmy, question=solved, answer=make_answer(solved, ada))
    make_question(group, emmy, "Open one")

    def shown(show):
        html = text(ada_browser.get(f"{at}?show={show}"))
        return [title for title in ("Solved one", "Open one") if title in html]

    assert shown("open") == ["Open one"]
    assert shown("answered") == ["Solved one"]
    assert shown("mine") == ["Solved one"]
    assert shown("nonsense") == ["Solved one", "Open one"]


def test_pinned_questions_stand_first_and_pages_follow_each_other(
    ada_browser, group, at, ada, emmy, grace
):
    people = [ada, emmy]
    for number in range(41):
        make_question(
            group,
            people[number % 2],
            f"Question {number}.",
            at=NINE + timedelta(minutes=10 * number),
        )
    oldest = Question.objects.get(title="Question 0.")
    pin_question(user=grace, question=oldest, is_pinned=True)

    first, third = (text(ada_browser.get(f"{at}?show=open&page={n}")) for n in (1, 3))

    assert first.index("Question 0.") < first.index("Question 40.")
    assert "Page 1 of 3" in first
    assert 'href="?show=open&amp;page=2"' in first
    assert "Question 1." in third
    for strange in ("0", "99", "x", "9" * 30):
        assert ada_browser.get(f"{at}?page={strange}").status_code == 200


def test_leaders_pin_and_lock_and_members_see_no_such_buttons(ada_browser, grace, page, question):
    leader = signed_in(grace)
    for what in ("pin", "lock"):
        assert leader.post(f"{page}{what}/", {"wanted": "yes"}).status_code == 302
        assert ada_browser.post(f"{page}{what}/", {"wanted": "no"}).status_code == 403
    question.refresh_from_db()
    assert (question.is_pinned, question.is_locked) == (True, True)
    html = text(ada_browser.get(page))
    assert "/pin/" not in html
    assert "takes no more answers" in html
    assert "<textarea" not in html
    assert leader.post(f"{page}lock/", {"wanted": "toggle"}).status_code == 400


def test_an_answer_to_a_question_locked_meanwhile_is_given_back(emmy, grace, question, page):
    close_question(user=grace, question=question, is_locked=True)

    response = signed_in(emmy).post(f"{page}answer/", {"body": "My long answer"})

    assert response.status_code == 409
    assert "A leader has locked this question" in text(response)
    assert "My long answer</textarea>" in text(response)


@pytest.mark.parametrize("way", ["ask/", "{q}/answer/", "{q}/edit/"])
def test_somebody_removed_while_writing_gets_their_text_back(ada, ada_browser, question, at, way):
    Membership.objects.filter(user=ada).delete()
    typed = {"title": "My title", "body": "Long & dear"}

    response = ada_browser.post(at + way.format(q=question.public_id), typed)
    elsewhere = ada_browser.post("/groups/nothere/questions/ask/", typed)

    assert response.status_code == elsewhere.status_code == 404
    assert "Long &amp; dear</textarea>" in text(response)
    assert 'value="My title"' in text(response)
    assert Question.objects.count() == 1
    whole = re.compile(r'X-CSRFToken": "[^"]*|csrfmiddlewaretoken" value="[^"]*|/groups/[^"]*')
    assert whole.sub("", text(response)) == whole.sub("", text(elsewhere))


def test_of_two_tabs_that_edit_the_second_sees_both_texts(ada, ada_browser, question, page):
    first = text(ada_browser.get(f"{page}edit/"))
    edit_question(
        user=ada, question=question, title="From tab one", body="One", unit=None, topic=None
    )
    typed = {"title": "From tab two", "body": "Two", "version": hidden(first, "version")}

    conflict = ada_browser.post(f"{page}edit/", typed)

    html = text(conflict)
    assert conflict.status_code == 409
    assert "changed meanwhile" in html
    assert ">One</pre>" in html
    assert "Two</textarea>" in html
    assert Question.objects.get().body == "One"
    typed["version"] = hidden(html, "version")
    assert ada_browser.post(f"{page}edit/", typed).status_code == 302
    assert Question.objects.get().body == "Two"


def test_of_two_tabs_that_edit_an_answer_the_second_sees_both_texts(emmy, question, page):
    answer, browser = make_answer(question, emmy), signed_in(emmy)
    edit = f"{page}answers/{answer.public_id}/edit/"
    version = hidden(text(browser.get(edit)), "version")
    edit_answer(user=emmy, answer=answer, body="One")

    conflict = browser.post(edit, {"body": "Two", "version": version})

    html = text(conflict)
    assert conflict.status_code == 409
    assert ">One</pre>" in html
    assert "Two</textarea>" in html
    sent = browser.post(edit, {"body": "Two", "version": hidden(html, "version")})
    assert sent["Location"] == f"{page}#answer-{answer.public_id}"


@pytest.mark.parametrize("version", ["", "x", "0", "9" * 30])
def test_a_form_without_a_good_version_is_not_saved(ada_browser, page, version):
    typed = {"title": "T", "body": "B", "version": version}

    assert ada_browser.post(f"{page}edit/", typed).status_code in {409, 422}
    assert Question.objects.get().version == 1


def test_the_history_shows_every_version_to_the_group(ada, emmy, question, page):
    edit_question(user=ada, question=question, title="How?", body="Second", unit=None, topic=None)
    answer = make_answer(question, ada, "First answer")
    edit_answer(user=ada, answer=answer, body="Second answer")
    browser = signed_in(emmy)

    html = text(browser.get(f"{page}history/"))

    assert "edited" in text(browser.get(page))
    assert html.index("Second") < html.index("I do not see it.")
    assert "Why is it so?" in html
    html = text(browser.get(f"{page}answers/{answer.public_id}/history/"))
    assert html.index("Second answer") < html.index("First answer")


def test_deleting_asks_first_and_leaves_nothing(ada, emmy, grace, ada_browser, question, at, page):
    answer = make_answer(question, emmy, "Hapax")
    delete = f"{page}answers/{answer.public_id}/delete/"
    assert ada_browser.get(delete).status_code == 403
    assert ada_browser.post(delete).status_code == 403
    leader = signed_in(grace)
    assert "Hapax" in text(leader.get(delete))
    leader.post(delete)
    assert "Hapax" not in text(leader.get(page))
    assert ada_browser.get(f"{page}answers/{answer.public_id}/history/").status_code == 404

    assert "cannot be taken back" in text(ada_browser.get(f"{page}delete/"))
    assert ada_browser.post(f"{page}delete/")["Location"] == at
    assert ada_browser.get(page).status_code == 404
    assert "No questions yet" in text(ada_browser.get(at))


def test_nobody_opens_the_form_for_another_ones_text(grace, question, page, emmy):
    answer = make_answer(question, emmy)
    leader = signed_in(grace)

    assert leader.get(f"{page}edit/").status_code == 403
    assert leader.get(f"{page}answers/{answer.public_id}/edit/").status_code == 403


def test_an_observer_reads_and_is_offered_nothing_to_write(group, question, at, page):
    watcher = make_user()
    Membership.objects.create(group=group, user=watcher, role="observer", joined_at=NINE)
    browser = signed_in(watcher)

    html = text(browser.get(page)) + text(browser.get(at))

    assert "Why is it so?" in html
    assert "<textarea" not in html
    assert "/ask/" not in html
    assert browser.post(f"{page}answer/", {"body": "Text"}).status_code == 403
    assert browser.post(f"{page}subscribe/", {"wanted": "yes"}).status_code == 302
    assert Reader.objects.get(user=watcher).is_subscribed


@pytest.mark.parametrize("way", ["", "ask/", "{q}/", "{q}/edit/", "{q}/delete/", "{q}/history/"])
def test_nobody_outside_finds_anything(question, at, way):
    assert signed_in(make_user()).get(at + way.format(q=question.public_id)).status_code == 404


def test_a_question_is_not_found_in_another_group(ada, ada_browser, question):
    other = make_group(leader=ada)

    address = f"/groups/{other.public_id}/questions/{question.public_id}/"

    assert ada_browser.get(address).status_code == 404


def test_what_is_told_and_what_not_is_chosen_by_buttons(ada_browser, at, page, ada):
    assert "Unsubscribe" in text(ada_browser.get(page))
    ada_browser.post(f"{page}subscribe/", {"wanted": "no"})
    assert "Unsubscribe" not in text(ada_browser.get(page))
    assert "Tell me of every new one" in text(ada_browser.get(at))
    ada_browser.post(f"{at}hear/", {"wanted": "yes"})
    assert "Tell me no longer" in text(ada_browser.get(at))


@pytest.mark.parametrize("vector", VECTORS)
def test_nothing_that_runs_comes_out_of_any_text(ada, ada_browser, group, at, vector):
    line = " ".join(vector.split())[:200]
    ada.name = line
    ada.save()
    question = make_question(group, ada, line, body=f"{vector}\n\n@{line}")
    edit_question(user=ada, question=question, title=line, body=vector, unit=None, topic=None)
    answer = make_answer(question, ada, vector)
    edit_answer(user=ada, answer=answer, body=f"{vector} again")
    page = f"{at}{question.public_id}/"

    for address in (
        at,
        f"{at}?q={line}",
        page,
        f"{page}history/",
        f"{page}edit/",
        f"{page}delete/",
        f"{page}answers/{answer.public_id}/history/",
    ):
        html = text(ada_browser.get(address))
        for part in re.findall(r'<div class="prose post-body">.*?</div>', html, re.DOTALL):
            assert not LIVE.search(
                part.removeprefix('<div class="prose post-body">').removesuffix("</div>")
            )
        assert "<script>alert" not in html
        assert "<img" not in html.replace('<img src="/static', "")
        assert "<svg/onload" not in html
        assert "<iframe" not in html


@pytest.mark.parametrize("size", [3, 50])
def test_the_pages_cost_a_few_queries_however_much_there_is(
    size, group, at, page, question, grace, emmy, count_queries
):
    for number in range(size):
        person = make_user(name=f"Member {number}")
        Membership.objects.create(group=group, user=person, role="member", joined_at=NINE)
        make_answer(question, person, "@Ada Lovelace", at=NINE + timedelta(minutes=number))
        make_question(group, person, f"Another {number}")
    browser = signed_in(emmy)
    costs = {}
    for name, address in (("list", at), ("unread", page), ("read", page), ("ask", f"{at}ask/")):
        with count_queries() as queries:
            assert browser.get(address).status_code == 200
        costs[name] = len(queries)

    assert costs == {"list": 5, "unread": 7, "read": 6, "ask": 4}


def test_a_deleted_answer_is_in_no_page(ada_browser, question, at, page, emmy):
    answer = make_answer(question, emmy, "Hapax")
    delete_answer(user=emmy, answer=answer)

    for address in (at, f"{at}?q=hapax", page):
        assert "Hapax" not in text(ada_browser.get(address))
    assert "No answers yet" in text(ada_browser.get(page))


def test_the_schedule_and_today_lead_to_a_question_about_the_chapter(
    ada_browser, group, at, catalog
):
    unit = catalog.resources["mml-book"].units[1]
    make_assignment(group, unit.id, due_on=timezone.localdate())
    link = f'href="{at}ask/?unit=mml-book/{unit.slug}"'

    for address in (
        "/today/",
        f"/groups/{group.public_id}/",
        f"/groups/{group.public_id}/schedule/",
    ):
        html = text(ada_browser.get(address))
        assert link in html, address

    form = text(ada_browser.get(f"{at}ask/?unit=mml-book/{unit.slug}"))
    assert f'<option value="mml-book/{unit.slug}" selected>' in form


@pytest.mark.parametrize(
    ("way", "data"),
    [
        ("ask/", {"title": "Why?", "body": "Text"}),
        ("{q}/answer/", {"body": "Text"}),
        ("{q}/edit/", {"title": "Why?", "body": "Text", "version": "1"}),
        ("{q}/delete/", {}),
        ("{q}/accept/", {"answer": "{a}"}),
        ("{q}/pin/", {"wanted": "yes"}),
        ("{q}/lock/", {"wanted": "yes"}),
        ("{q}/answers/{a}/edit/", {"body": "Text", "version": "1"}),
        ("{q}/answers/{a}/delete/", {}),
    ],
)
def test_an_archived_group_says_so_to_every_button_and_form(group, grace, at, way, data):
    question = make_question(group, grace)
    answer = make_answer(question, grace)
    group.archived_at = NINE
    group.save()
    names = {"q": question.public_id, "a": answer.public_id}
    browser = signed_in(grace)

    response = browser.post(
        at + way.format(**names), {name: value.format(**names) for name, value in data.items()}
    )

    html = text(response) if response.status_code == 409 else text(browser.get(at))
    assert response.status_code in {302, 409}
    assert "This group is archived: it can be read and no longer changed. A leader" in html
    assert (Question.objects.get().version, Answer.objects.get().version) == (1, 1)
