"""The questions of a group over REST."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from tests.factories import make_answer, make_group, make_question, make_token, make_user
from tracker.actions.questions import close_question, edit_question
from tracker.models import Answer, Membership, Question, Scope

JSON = "application/json"
NINE = datetime(2026, 10, 1, 9, tzinfo=UTC)


def api(user, *scopes):
    secret = make_token(user, scopes=scopes or tuple(Scope)).secret
    return Client(headers={"Authorization": f"Bearer {secret}"})


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
    return f"/api/v1/groups/{group.public_id}/questions/"


@pytest.fixture
def question(group, ada):
    return make_question(group, ada, "Why is it so?", at=NINE)


@pytest.fixture
def one(at, question):
    return f"{at}{question.public_id}/"


@pytest.fixture
def answer(question, emmy):
    return make_answer(question, emmy, "Because *so*.", at=NINE + timedelta(hours=1))


def test_a_question_is_asked_and_read_as_it_was_asked(ada_api, ada, at):
    body = {"title": "Why?", "body": "$x$", "unit": "mml-book/chapter-02", "topic": "vectors"}

    made = ada_api.post(at, body, content_type=JSON)

    question = Question.objects.get()
    assert made.status_code == 201
    assert made["Location"] == f"{at}{question.public_id}/"
    got = ada_api.get(made["Location"])
    assert (
        got.json()
        == made.json()
        == {
            "id": question.public_id,
            "title": "Why?",
            "body": "$x$",
            "body_html": '<p><math display="inline"><mrow><mi>x</mi></mrow></math></p>\n',
            "author": {"id": ada.public_id, "name": "Ada Lovelace"},
            "unit": "mml-book/chapter-02",
            "topic": "vectors",
            "pinned": False,
            "locked": False,
            "accepted": None,
            "answer_count": 0,
            "unread": False,
            "subscribed": True,
            "asked_at": made.json()["asked_at"],
            "edited_at": None,
            "last_post_at": made.json()["asked_at"],
        }
    )


def test_one_key_asks_and_answers_once(ada_api, at):
    ask = {"title": "Why?", "body": "So?"}
    for _ in range(2):
        made = ada_api.post(at, ask, content_type=JSON, headers={"Idempotency-Key": "one"})
        ada_api.post(
            f"{made['Location']}answers/",
            {"body": "So."},
            content_type=JSON,
            headers={"Idempotency-Key": "two"},
        )

    assert (Question.objects.count(), Answer.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"body": "B"}, "/title", "required"),
        ({"title": "", "body": "B"}, "/title", "blank"),
        ({"title": "a\nb", "body": "B"}, "/title", "control_char"),
        ({"title": "T" * 201, "body": "B"}, "/title", "max_length"),
        ({"title": "T", "body": " "}, "/body", "invalid"),
        ({"title": "T", "body": "a" * 10_001}, "/body", "max_length"),
        ({"title": "T", "body": 5}, "/body", "invalid"),
        ({"title": "T", "body": "\ud800"}, "", ""),
        ({"title": "T", "body": "B", "unit": "nothing/here"}, "/unit", "unknown_unit"),
        ({"title": "T", "body": "B", "topic": "nothing"}, "/topic", "unknown_topic"),
        ({"title": "T", "body": "B", "author": "me"}, "/author", "unknown_field"),
        ({"title": "T", "body": "B", "pinned": True}, "/pinned", "unknown_field"),
    ],
)
def test_what_does_not_fit_is_pointed_to(ada_api, at, body, pointer, code):
    response = ada_api.post(at, body, content_type=JSON)

    assert response.status_code == 400
    if pointer:
        assert [(one["pointer"], one["code"]) for one in response.json()["errors"]] == [
            (pointer, code)
        ]
    assert not Question.objects.exists()


def test_answers_are_listed_with_the_accepted_one_marked(ada_api, one, answer, emmy):
    assert (
        ada_api.put(f"{one}accepted/", {"answer": answer.public_id}, content_type=JSON).json()[
            "accepted"
        ]
        == answer.public_id
    )

    listed = ada_api.get(f"{one}answers/").json()

    assert listed == {
        "count": 1,
        "next": None,
        "previous": None,
        "results": [
            {
                "id": answer.public_id,
                "body": "Because *so*.",
                "body_html": "<p>Because <em>so</em>.</p>\n",
                "author": {"id": emmy.public_id, "name": "Emmy Noether"},
                "accepted": True,
                "answered_at": "2026-10-01T10:00:00Z",
                "edited_at": None,
            }
        ],
    }
    assert ada_api.get(f"{one}answers/{answer.public_id}/").json() == listed["results"][0]
    assert ada_api.delete(f"{one}accepted/").status_code == 204
    assert ada_api.delete(f"{one}accepted/").status_code == 204
    assert ada_api.get(one).json()["accepted"] is None


def test_the_filters_find_what_they_say(ada_api, group, at, one, answer, emmy, catalog):
    other = make_question(
        group, emmy, "Another", topic=catalog.topic_by_slug["vectors"], body="Hessian"
    )
    ada_api.put(f"{one}accepted/", {"answer": answer.public_id}, content_type=JSON)

    def found(query):
        return [row["title"] for row in ada_api.get(f"{at}?{query}").json()["results"]]

    assert found("show=open") == found("topic=vectors") == found("search=hessian") == ["Another"]
    assert found("show=answered") == found("show=mine") == ["Why is it so?"]
    assert found("search=because") == ["Why is it so?"]
    assert set(found("show=unread")) == {"Another", "Why is it so?"}
    assert found("unit=mml-book/chapter-02") == []
    ada_api.put(f"{at}{other.public_id}/mine/", {"read": True}, content_type=JSON)
    assert found("show=unread") == ["Why is it so?"]


@pytest.mark.parametrize(
    "query", ["show=all", "show=", "topic=nothing", "unit=nothing", "search=", "author=me"]
)
def test_a_filter_that_is_none_is_refused(ada_api, at, query):
    assert ada_api.get(f"{at}?{query}").status_code == 400


def test_what_i_read_and_hear_of_is_said_and_shown(at, one, question, emmy):
    client = api(emmy)
    assert client.get(f"{at}mine/").json() == {"hears": False, "unread": 1}
    assert client.get(one).json()["unread"] is True

    changed = client.put(f"{one}mine/", {"read": True, "subscribed": True}, content_type=JSON)
    assert (changed.json()["unread"], changed.json()["subscribed"]) == (False, True)
    client.put(f"{one}mine/", {"read": False}, content_type=JSON)
    assert client.get(one).json()["unread"] is True
    assert client.get(one).json()["subscribed"] is True
    everything = client.put(f"{at}mine/", {"read": True, "hears": True}, content_type=JSON)

    assert everything.json() == {"hears": True, "unread": 0}


def test_editing_keeps_what_is_not_named_and_shows_its_versions(ada_api, one, question, catalog):
    edit_question(
        user=question.author,
        question=question,
        title=question.title,
        body=question.body,
        unit=None,
        topic=catalog.topic_by_slug["vectors"],
    )

    edited = ada_api.patch(one, {"body": "Second"}, content_type=JSON).json()

    assert (edited["title"], edited["topic"], edited["body"]) == (
        ("Why is it so?", "vectors", "Second")
    )
    assert edited["edited_at"]
    versions = ada_api.get(f"{one}versions/").json()["results"]
    assert [(row["number"], row["title"], row["body"]) for row in versions] == [
        (2, "Why is it so?", "Second"),
        (1, "Why is it so?", "I do not see it."),
    ]
    assert ada_api.patch(one, {"topic": None}, content_type=JSON).json()["topic"] is None


def test_a_stale_version_is_a_412_and_changes_nothing(ada_api, grace, one, answer, emmy):
    leader, writer = api(grace), api(emmy)
    own = f"{one}answers/{answer.public_id}/"
    stale = {"If-Match": ada_api.get(one)["ETag"]}
    stale_answer = {"If-Match": writer.get(own)["ETag"]}
    assert ada_api.patch(one, {"body": "New"}, content_type=JSON, headers=stale).status_code == 200
    assert (
        writer.patch(own, {"body": "New"}, content_type=JSON, headers=stale_answer).status_code
        == 200
    )

    calls = [
        ada_api.patch(one, {"body": "Newer"}, content_type=JSON, headers=stale),
        ada_api.put(
            f"{one}accepted/", {"answer": answer.public_id}, content_type=JSON, headers=stale
        ),
        leader.put(f"{one}pinned/", {"pinned": True}, content_type=JSON, headers=stale),
        leader.put(f"{one}locked/", {"locked": True}, content_type=JSON, headers=stale),
        ada_api.delete(one, headers=stale),
        writer.patch(own, {"body": "Newer"}, content_type=JSON, headers=stale_answer),
        writer.delete(own, headers=stale_answer),
    ]

    assert [call.status_code for call in calls] == [412] * 7
    question = ada_api.get(one)
    assert (question.json()["body"], question.json()["pinned"]) == ("New", False)
    fresh = {"If-Match": question["ETag"]}
    assert (
        leader.put(f"{one}pinned/", {"pinned": True}, content_type=JSON, headers=fresh).status_code
        == 200
    )


def test_nobody_edits_for_another_and_members_do_not_lead(one, answer, grace, emmy):
    leader, member = api(grace), api(emmy)
    refused = [
        leader.patch(one, {"body": "Mine"}, content_type=JSON),
        leader.patch(f"{one}answers/{answer.public_id}/", {"body": "Mine"}, content_type=JSON),
        member.patch(one, {"body": "Mine"}, content_type=JSON),
        member.delete(one),
        member.put(f"{one}accepted/", {"answer": answer.public_id}, content_type=JSON),
        member.delete(f"{one}accepted/"),
        member.put(f"{one}pinned/", {"pinned": True}, content_type=JSON),
        member.put(f"{one}locked/", {"locked": True}, content_type=JSON),
    ]

    assert [call.status_code for call in refused] == [403] * 8


def test_a_locked_question_is_a_409_for_members(one, question, grace, emmy):
    close_question(user=grace, question=question, is_locked=True)

    refused = api(emmy).post(f"{one}answers/", {"body": "But"}, content_type=JSON)

    assert (refused.status_code, refused.json()["code"]) == (409, "question_locked")
    leader = api(grace)
    assert leader.post(f"{one}answers/", {"body": "So"}, content_type=JSON).status_code == 201


def test_own_things_take_write_and_those_of_others_take_groups(one, answer, ada, grace):
    leads_only, writes_only = api(grace, Scope.GROUPS), api(grace, Scope.WRITE)
    own_only = api(ada, Scope.WRITE)
    address = f"{one}answers/{answer.public_id}/"
    accepted = {"answer": answer.public_id}

    missing = writes_only.delete(address)
    assert missing.status_code == 403
    assert 'scope="groups"' in missing["WWW-Authenticate"]
    assert writes_only.put(f"{one}accepted/", accepted, content_type=JSON).status_code == 403
    assert leads_only.put(f"{one}accepted/", accepted, content_type=JSON).status_code == 200
    assert leads_only.delete(address).status_code == 204
    assert leads_only.post(f"{one}answers/", {"body": "B"}, content_type=JSON).status_code == 403
    assert api(ada, Scope.GROUPS).delete(one).status_code == 403
    assert own_only.delete(one).status_code == 204


def test_without_the_scope_nothing_tells_whether_it_is_there(group, one, answer, ada):
    outsider = api(make_user(), Scope.READ)
    reader = api(ada, Scope.READ)
    nowhere = f"/api/v1/groups/{group.public_id}/questions/nothere/"

    for path in (one, nowhere):
        assert outsider.get(path).status_code == 404
        assert outsider.delete(path).status_code == 404
        assert (
            outsider.put(f"{path}pinned/", {"pinned": True}, content_type=JSON).status_code == 404
        )
    assert reader.delete(nowhere).status_code == 404
    assert reader.delete(one).status_code == 403
    assert reader.delete(f"{one}answers/nothere/").status_code == 404


def test_what_is_deleted_is_nowhere(ada_api, at, one, answer, emmy):
    writer = api(emmy)
    own = f"{one}answers/{answer.public_id}/"
    assert writer.delete(own).status_code == 204
    for path in (own, f"{own}versions/"):
        assert ada_api.get(path).status_code == 404
    assert writer.delete(own).status_code == 404
    assert ada_api.get(one).json()["answer_count"] == 0
    assert ada_api.get(f"{one}answers/").json()["count"] == 0

    assert ada_api.delete(one).status_code == 204
    for path in (one, f"{one}versions/", f"{one}answers/"):
        assert ada_api.get(path).status_code == 404
    assert ada_api.get(at).json()["count"] == 0


def test_a_post_of_a_deleted_person_has_no_id_and_a_name_that_says_so(one, emmy, ada):
    ada.delete()

    assert api(emmy).get(one).json()["author"] == {"id": None, "name": "Deleted member"}


def test_observers_read_and_subscribe_and_write_nothing(group, at, one):
    watcher = make_user()
    Membership.objects.create(group=group, user=watcher, role="observer", joined_at=NINE)
    client = api(watcher)

    assert client.get(at).json()["count"] == 1
    assert client.put(f"{one}mine/", {"subscribed": True}, content_type=JSON).status_code == 200
    for path, body in ((at, {"title": "T", "body": "B"}), (f"{one}answers/", {"body": "B"})):
        assert client.post(path, body, content_type=JSON).status_code == 403


@pytest.mark.parametrize("size", [3, 50])
def test_lists_cost_the_same_however_long_they_are(
    size, group, at, one, question, grace, ada_api, count_queries
):
    for number in range(size):
        person = make_user(name=f"Member {number}")
        Membership.objects.create(group=group, user=person, role="member", joined_at=NINE)
        answer = make_answer(question, person, at=NINE + timedelta(minutes=number))
        another = make_question(group, person, f"Another {number}")
        Question.objects.filter(pk=another.pk).update(accepted=answer)
    ada_api.get(at)  # notes that the token is in use
    costs = []
    for path in (at, f"{one}answers/", one):
        with count_queries() as queries:
            assert ada_api.get(path).status_code == 200
        costs.append(len(queries))

    assert costs == [5, 6, 4]
