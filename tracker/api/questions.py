"""The questions of a group."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, get_args

from django.http import HttpResponse
from django.urls import reverse
from rest_framework.response import Response

from catalog.graph import CatalogGraph, TopicNode, UnitNode, current_graph
from catalog.search import MOST_WORDS
from mlmath.rest.answers import Also, Answer, Page
from mlmath.rest.fields import Input, Line, Text, YesNo
from mlmath.rest.operations import operation
from mlmath.rest.pages import page_of
from mlmath.rest.problems import CONFLICT
from mlmath.rest.query import PAGING, Choice, Parameter, no_such
from mlmath.rest.versions import send_version, wanted_version
from mlmath.rest.views import ApiView
from tracker.actions import questions as actions
from tracker.api.authentication import ApiRequest
from tracker.api.finding import find_unit, named_topic, named_unit, sees_group
from tracker.api.groups import ADDRESS as GROUP_ADDRESS
from tracker.api.idempotency import operation_once
from tracker.api.progress import Count
from tracker.models import Question, Scope, User
from tracker.models.questions import MAXIMUM_BODY_LENGTH, MAXIMUM_TITLE_LENGTH
from tracker.models.text import check_text
from tracker.summaries.members import GroupHead, group_head, shown_name
from tracker.summaries.questions import (
    Show,
    Version,
    answer_in,
    question_in,
    questions_of,
    versions_of,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class AuthorOutput(Answer):
    """Who wrote it: the id of the person, null once they have deleted their account."""

    id: str | None
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class QuestionOutput(Answer):
    """A question in a group. `body` is Markdown with maths, `body_html` the same as safe HTML,
    `unit` is "resource/unit", `accepted` the id of the accepted answer, `edited_at` null unless the
    text was edited. `unread` and `subscribed` are mine."""

    id: str
    title: str
    body: str
    body_html: str
    author: AuthorOutput
    unit: str | None
    topic: str | None
    pinned: bool
    locked: bool
    accepted: str | None
    answer_count: Count
    unread: bool
    subscribed: bool
    asked_at: datetime
    edited_at: datetime | None
    last_post_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionOutput(Answer):
    """How a question or an answer reads or once read; `number` counts from 1, `title` is null for
    answers."""

    number: Annotated[int, Also(minimum=1)]
    title: str | None
    body: str
    body_html: str
    written_at: datetime


class QuestionInput(Input):
    """{"title", "body", "unit"? ("resource/unit"), "topic"?}: Markdown with maths."""

    title = Line(max_length=MAXIMUM_TITLE_LENGTH)
    body = Text(trim_whitespace=False, max_length=MAXIMUM_BODY_LENGTH, validators=[check_text])
    unit = Text(required=False, allow_null=True, max_length=161, help_text="“resource/unit”")
    topic = Text(required=False, allow_null=True, max_length=80)


class QuestionChangeInput(Input):
    """{"title"?, "body"?, "unit"? (or null), "topic"? (or null)}: what is missing stays."""

    title = Line(required=False, max_length=MAXIMUM_TITLE_LENGTH)
    body = Text(
        required=False,
        trim_whitespace=False,
        max_length=MAXIMUM_BODY_LENGTH,
        validators=[check_text],
    )
    unit = Text(required=False, allow_null=True, max_length=161, help_text="“resource/unit”")
    topic = Text(required=False, allow_null=True, max_length=80)


class PinnedInput(Input):
    """{"pinned"}"""

    pinned = YesNo()


class LockedInput(Input):
    """{"locked"}"""

    locked = YesNo()


class AcceptedInput(Input):
    """{"answer"}: its id."""

    answer = Text(max_length=80)


def author_output(user: User | None) -> AuthorOutput:
    return AuthorOutput(id=user.public_id if user else None, name=shown_name(user))


def question_output(question: Question) -> QuestionOutput:
    """Of a question out of `questions_of`."""
    graph = current_graph()
    unit = graph.unit_by_id.get(question.unit_id or 0)
    index = graph.index_by_id.get(question.topic_id or 0)
    return QuestionOutput(
        id=question.public_id,
        title=question.title,
        body=question.body,
        body_html=question.body_html,
        author=author_output(question.author),
        unit=f"{unit.resource}/{unit.slug}" if unit else None,
        topic=graph.topics[index].slug if index is not None else None,
        pinned=question.is_pinned,
        locked=question.is_locked,
        accepted=question.accepted.public_id if question.accepted else None,
        answer_count=question.answer_count,
        unread=question.is_unread,
        subscribed=question.is_subscribed,
        asked_at=question.written_at,
        edited_at=question.edited_at,
        last_post_at=question.last_post_at,
    )


def version_output(version: Version) -> VersionOutput:
    return VersionOutput(
        number=version.number,
        title=version.title or None,
        body=version.body,
        body_html=version.body_html,
        written_at=version.written_at,
    )


def head_of(request: ApiRequest, group_id: str) -> GroupHead:
    return group_head(user=request.user, group_id=group_id, graph=current_graph())


def found_question(user: User, group_id: str, question_id: str) -> Question:
    """The question of an address; raises NotFound for those who must not know of it."""
    head = group_head(user=user, group_id=group_id, graph=current_graph())
    return question_in(head=head, user=user, public_id=question_id)


def sees_question(user: User, address: Mapping[str, str]) -> Question:
    """For Operation.sees: the question of the address, else NotFound."""
    return found_question(user, address["id"], address["question"])


def scope_for_question(user: User, address: Mapping[str, str]) -> Scope:
    """For Operation.needs: what one does with one's own question is not what a leader does."""
    question = sees_question(user, address)
    return Scope.WRITE if question.author_id == user.pk else Scope.GROUPS


AUTHOR = AuthorOutput(id="a5n3k8w2x7q4m9v6p2t7", name="Ada Lovelace")
ANSWER_ID = "w4n8k3v7x2q6m9p5t2r8"
EXAMPLE = QuestionOutput(
    id="q3n7k5v2x8q4m6w9p2t7",
    title="Why is the row rank the column rank?",
    body="I see it for $2 \\times 2$, and *only* there.",
    body_html="<p>I see it for … and <em>only</em> there.</p>\n",
    author=AUTHOR,
    unit="mml-book/chapter-02",
    topic="linear-systems-and-elimination",
    pinned=False,
    locked=False,
    accepted=ANSWER_ID,
    answer_count=1,
    unread=False,
    subscribed=True,
    asked_at=datetime(2026, 11, 20, 18, 30, tzinfo=UTC),
    edited_at=None,
    last_post_at=datetime(2026, 11, 20, 19, 45, tzinfo=UTC),
)
VERSION_EXAMPLE = VersionOutput(
    number=1,
    title=EXAMPLE.title,
    body=EXAMPLE.body,
    body_html=EXAMPLE.body_html,
    written_at=EXAMPLE.asked_at,
)
ADDRESS = {**GROUP_ADDRESS, "question": ("The question", EXAMPLE.id)}
# What leaders make of a question, whoever asked it.
_OF_LEADERS: Mapping[str, Any] = {
    "scope": "groups",
    "sees": sees_question,
    "has_etag": True,
    "takes_if_match": True,
    "address": ADDRESS,
    "answer": QuestionOutput,
    "example": EXAMPLE,
    "problems": (CONFLICT,),
}
_SHOWS = tuple(show for show in get_args(Show) if show)


class Questions(ApiView):
    tag = "groups"

    @operation(
        id="listQuestions",
        summary="The questions of a group",
        scope="read",
        sees=sees_group,
        address=GROUP_ADDRESS,
        query=(
            Choice(
                name="show",
                about="Those without or with an accepted answer, those that I asked, answered or "
                "am mentioned in, or those with something new for me",
                example="open",
                choices=_SHOWS,
            ),
            Parameter(name="search", about="Words in question or answers", example="rank"),
            Parameter(name="unit", about="“resource/unit”", example="mml-book/chapter-02"),
            Parameter(name="topic", about="The slug", example="vectors"),
            *PAGING,
        ),
        answer=Page[QuestionOutput],
        example=Page(count=1, next=None, previous=None, results=[EXAMPLE]),
    )
    def get(self, request: ApiRequest, id: str) -> Response:  # noqa: A002  # as the address says
        """Pinned ones first, then those with the newest posts. Listing them reads none."""
        head, graph = head_of(request, id), current_graph()
        unit, topic = _filters(graph, self.query.text("unit"), self.query.text("topic"))
        show: Show = next((one for one in get_args(Show) if one == self.query.text("show")), "")
        found = questions_of(
            head=head,
            user=request.user,
            show=show,
            words=self.query.text("search").split()[:MOST_WORDS],
            unit_id=unit.id if unit else None,
            topic_id=topic.id if topic else None,
        )
        return Response(page_of(request, self.query, found, question_output))

    @operation_once(
        id="askQuestion",
        summary="Ask a question in a group",
        scope="write",
        sees=sees_group,
        status=201,
        has_location=True,
        address=GROUP_ADDRESS,
        body=QuestionInput,
        body_example={"title": EXAMPLE.title, "body": EXAMPLE.body, "unit": EXAMPLE.unit},
        answer=QuestionOutput,
        example=EXAMPLE,
        problems=(CONFLICT,),
    )
    def post(self, request: ApiRequest, id: str) -> Response:  # noqa: A002
        """`@` and somebody's name mentions them. More than 30 posts in an hour are a 409,
        `too_many_posts`. Every call asks another question, unless it repeats an
        Idempotency-Key."""
        head, graph = head_of(request, id), current_graph()
        data = self.read_body(request)
        asked = actions.ask_question(
            user=request.user,
            group=head.group,
            title=data["title"],
            body=data["body"],
            unit=named_unit(graph, data.get("unit")),
            topic=named_topic(graph, data.get("topic")),
        )
        question = question_in(head=head, user=request.user, public_id=asked.public_id)
        location = reverse("tracker-api:question", args=[id, question.public_id])
        return Response(question_output(question), status=201, headers={"Location": location})


class OneQuestion(ApiView):
    tag = "groups"

    @operation(
        id="getQuestion",
        summary="One question",
        scope="read",
        sees=sees_question,
        has_etag=True,
        address=ADDRESS,
        answer=QuestionOutput,
        example=EXAMPLE,
    )
    def get(self, request: ApiRequest, id: str, question: str) -> HttpResponse:  # noqa: A002
        """It stays unread until `mine` says otherwise."""
        found = found_question(request.user, id, question)
        return send_version(request, found, question_output(found))

    @operation(
        id="editQuestion",
        summary="Edit my question",
        scope="write",
        sees=sees_question,
        has_etag=True,
        takes_if_match=True,
        address=ADDRESS,
        body=QuestionChangeInput,
        body_example={"body": "I see it now for *square* ones.", "topic": None},
        answer=QuestionOutput,
        example=EXAMPLE,
        problems=(CONFLICT,),
    )
    def patch(self, request: ApiRequest, id: str, question: str) -> HttpResponse:  # noqa: A002
        """Only its author can, leaders cannot either. What it said before stays in its
        versions."""
        found, graph = found_question(request.user, id, question), current_graph()
        data = self.read_body(request)
        actions.edit_question(
            user=request.user,
            question=found,
            title=data.get("title", found.title),
            body=data.get("body", found.body),
            unit=named_unit(graph, data["unit"]) if "unit" in data else found.unit,
            topic=named_topic(graph, data["topic"]) if "topic" in data else found.topic,
            version=wanted_version(request, found),
        )
        return _sent(request, id, question)

    @operation(
        id="deleteQuestion",
        summary="Delete a question with its answers",
        scope="write",
        needs=scope_for_question,
        takes_if_match=True,
        status=204,
        address=ADDRESS,
        problems=(CONFLICT,),
    )
    def delete(self, request: ApiRequest, id: str, question: str) -> Response:  # noqa: A002
        """For its author, and with the scope “groups” for leaders. The texts are gone for good, of
        the question, its answers and all their versions."""
        found = found_question(request.user, id, question)
        actions.delete_question(
            user=request.user, question=found, version=wanted_version(request, found)
        )
        return Response(status=204)


class QuestionVersions(ApiView):
    tag = "groups"

    @operation(
        id="listQuestionVersions",
        summary="What a question says and once said",
        scope="read",
        sees=sees_question,
        address=ADDRESS,
        query=PAGING,
        answer=Page[VersionOutput],
        example=Page(count=1, next=None, previous=None, results=[VERSION_EXAMPLE]),
    )
    def get(self, request: ApiRequest, id: str, question: str) -> Response:  # noqa: A002
        """The newest first."""
        versions = versions_of(found_question(request.user, id, question))
        return Response(page_of(request, self.query, versions, version_output))


class AcceptedAnswer(ApiView):
    tag = "groups"

    @operation(
        id="acceptAnswer",
        summary="Say which answer helped",
        scope="write",
        needs=scope_for_question,
        has_etag=True,
        takes_if_match=True,
        address=ADDRESS,
        body=AcceptedInput,
        body_example={"answer": ANSWER_ID},
        answer=QuestionOutput,
        example=EXAMPLE,
        problems=(CONFLICT,),
    )
    def put(self, request: ApiRequest, id: str, question: str) -> HttpResponse:  # noqa: A002
        """For the person who asked, and with the scope “groups” for leaders. It takes the place of
        any other; an answer that is not there is a 404."""
        found = found_question(request.user, id, question)
        data = self.read_body(request)
        actions.accept_answer(
            user=request.user,
            question=found,
            answer=answer_in(question=found, public_id=data["answer"]),
            version=wanted_version(request, found),
        )
        return _sent(request, id, question)

    @operation(
        id="acceptNoAnswer",
        summary="Accept no answer any longer",
        scope="write",
        needs=scope_for_question,
        takes_if_match=True,
        status=204,
        address=ADDRESS,
        problems=(CONFLICT,),
    )
    def delete(self, request: ApiRequest, id: str, question: str) -> Response:  # noqa: A002
        """Repeating it changes nothing."""
        found = found_question(request.user, id, question)
        actions.accept_answer(
            user=request.user,
            question=found,
            answer=None,
            version=wanted_version(request, found),
        )
        return Response(status=204)


class PinnedQuestion(ApiView):
    tag = "groups"

    @operation(
        id="pinQuestion",
        summary="Keep a question at the top, or no longer",
        body=PinnedInput,
        body_example={"pinned": True},
        **_OF_LEADERS,
    )
    def put(self, request: ApiRequest, id: str, question: str) -> HttpResponse:  # noqa: A002
        """For leaders."""
        found = found_question(request.user, id, question)
        actions.pin_question(
            user=request.user,
            question=found,
            is_pinned=self.read_body(request)["pinned"],
            version=wanted_version(request, found),
        )
        return _sent(request, id, question)


class LockedQuestion(ApiView):
    tag = "groups"

    @operation(
        id="lockQuestion",
        summary="Let a question take no more answers, or take them again",
        body=LockedInput,
        body_example={"locked": True},
        **_OF_LEADERS,
    )
    def put(self, request: ApiRequest, id: str, question: str) -> HttpResponse:  # noqa: A002
        """For leaders, who can still answer a locked one."""
        found = found_question(request.user, id, question)
        actions.close_question(
            user=request.user,
            question=found,
            is_locked=self.read_body(request)["locked"],
            version=wanted_version(request, found),
        )
        return _sent(request, id, question)


def _sent(request: ApiRequest, group_id: str, question_id: str) -> HttpResponse:
    """The question as it is now; somebody removed in this moment finds nothing any more."""
    question = found_question(request.user, group_id, question_id)
    return send_version(request, question, question_output(question))


def _filters(
    graph: CatalogGraph, unit: str, topic: str
) -> tuple[UnitNode | None, TopicNode | None]:
    """What the parameters name; raises a 400 for what is not there."""
    found_unit, found_topic = find_unit(graph, unit), graph.topic_by_slug.get(topic)
    if unit and found_unit is None:
        raise no_such("unit", unit)
    if topic and found_topic is None:
        raise no_such("topic", topic)
    return found_unit, found_topic
