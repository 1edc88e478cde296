"""The answers to a question."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.http import HttpResponse
from django.urls import reverse
from rest_framework.response import Response

from mlmath.rest.answers import Answer as Output
from mlmath.rest.answers import Page
from mlmath.rest.fields import Input, Text
from mlmath.rest.operations import operation
from mlmath.rest.pages import page_of
from mlmath.rest.problems import CONFLICT
from mlmath.rest.query import PAGING
from mlmath.rest.versions import send_version, wanted_version
from mlmath.rest.views import ApiView
from tracker.actions import answers as actions
from tracker.api.authentication import ApiRequest
from tracker.api.idempotency import operation_once
from tracker.api.questions import (
    ADDRESS as QUESTION_ADDRESS,
)
from tracker.api.questions import (
    ANSWER_ID,
    AUTHOR,
    VERSION_EXAMPLE,
    AuthorOutput,
    VersionOutput,
    author_output,
    found_question,
    sees_question,
    version_output,
)
from tracker.api.questions import (
    EXAMPLE as QUESTION,
)
from tracker.models import Answer, Scope, User
from tracker.models.questions import MAXIMUM_BODY_LENGTH
from tracker.models.text import check_text
from tracker.summaries.questions import answer_in, answers_to, versions_of


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerOutput(Output):
    """An answer. `body` is Markdown with maths, `body_html` the same as safe HTML, `edited_at` null
    unless the text was edited."""

    id: str
    body: str
    body_html: str
    author: AuthorOutput
    accepted: bool
    answered_at: datetime
    edited_at: datetime | None


class AnswerInput(Input):
    """{"body"}: Markdown with maths."""

    body = Text(trim_whitespace=False, max_length=MAXIMUM_BODY_LENGTH, validators=[check_text])


def answer_output(answer: Answer) -> AnswerOutput:
    return AnswerOutput(
        id=answer.public_id,
        body=answer.body,
        body_html=answer.body_html,
        author=author_output(answer.author),
        accepted=answer.question.accepted_id == answer.pk,
        answered_at=answer.written_at,
        edited_at=answer.edited_at,
    )


def found_answer(user: User, group_id: str, question_id: str, answer_id: str) -> Answer:
    """The answer of an address; raises NotFound for those who must not know of it."""
    question = found_question(user, group_id, question_id)
    return answer_in(question=question, public_id=answer_id)


def sees_answer(user: User, address: Mapping[str, str]) -> Answer:
    """For Operation.sees: the answer of the address, else NotFound."""
    return found_answer(user, address["id"], address["question"], address["answer"])


def scope_for_answer(user: User, address: Mapping[str, str]) -> Scope:
    """For Operation.needs: what one does with one's own answer is not what a leader does."""
    return Scope.WRITE if sees_answer(user, address).author_id == user.pk else Scope.GROUPS


EXAMPLE = AnswerOutput(
    id=ANSWER_ID,
    body="Elimination keeps *both*.",
    body_html="<p>Elimination keeps <em>both</em>.</p>\n",
    author=AUTHOR,
    accepted=True,
    answered_at=QUESTION.last_post_at,
    edited_at=None,
)
_VERSION_EXAMPLE = replace(
    VERSION_EXAMPLE,
    title=None,
    body=EXAMPLE.body,
    body_html=EXAMPLE.body_html,
    written_at=EXAMPLE.answered_at,
)
_ADDRESS = {**QUESTION_ADDRESS, "answer": ("The answer", EXAMPLE.id)}


class Answers(ApiView):
    tag = "groups"

    @operation(
        id="listAnswers",
        summary="The answers to a question",
        scope="read",
        sees=sees_question,
        address=QUESTION_ADDRESS,
        query=PAGING,
        answer=Page[AnswerOutput],
        example=Page(count=1, next=None, previous=None, results=[EXAMPLE]),
    )
    def get(self, request: ApiRequest, id: str, question: str) -> Response:  # noqa: A002  # as the address says
        """The oldest first."""
        found = found_question(request.user, id, question)
        return Response(page_of(request, self.query, answers_to(found), answer_output))

    @operation_once(
        id="answerQuestion",
        summary="Answer a question",
        scope="write",
        sees=sees_question,
        status=201,
        has_location=True,
        address=QUESTION_ADDRESS,
        body=AnswerInput,
        body_example={"body": EXAMPLE.body},
        answer=AnswerOutput,
        example=EXAMPLE,
        problems=(CONFLICT,),
    )
    def post(self, request: ApiRequest, id: str, question: str) -> Response:  # noqa: A002
        """A locked question is a 409, `question_locked`, for all but leaders, and more than 30
        posts in an hour are one, `too_many_posts`. Every call adds another answer, unless it
        repeats an Idempotency-Key."""
        found = found_question(request.user, id, question)
        data = self.read_body(request)
        answer = actions.answer_question(user=request.user, question=found, body=data["body"])
        location = reverse("tracker-api:answer", args=[id, question, answer.public_id])
        return Response(answer_output(answer), status=201, headers={"Location": location})


class OneAnswer(ApiView):
    tag = "groups"

    @operation(
        id="getAnswer",
        summary="One answer",
        scope="read",
        sees=sees_answer,
        has_etag=True,
        address=_ADDRESS,
        answer=AnswerOutput,
        example=EXAMPLE,
    )
    def get(self, request: ApiRequest, id: str, question: str, answer: str) -> HttpResponse:  # noqa: A002
        found = found_answer(request.user, id, question, answer)
        return send_version(request, found, answer_output(found))

    @operation(
        id="editAnswer",
        summary="Edit my answer",
        scope="write",
        sees=sees_answer,
        has_etag=True,
        takes_if_match=True,
        address=_ADDRESS,
        body=AnswerInput,
        body_example={"body": "Elimination keeps both."},
        answer=AnswerOutput,
        example=EXAMPLE,
        problems=(CONFLICT,),
    )
    def patch(self, request: ApiRequest, id: str, question: str, answer: str) -> HttpResponse:  # noqa: A002
        """Only its author can, leaders cannot either. What it said before stays in its
        versions."""
        found = found_answer(request.user, id, question, answer)
        data = self.read_body(request)
        edited = actions.edit_answer(
            user=request.user,
            answer=found,
            body=data["body"],
            version=wanted_version(request, found),
        )
        return send_version(request, edited, answer_output(edited))

    @operation(
        id="deleteAnswer",
        summary="Delete an answer",
        scope="write",
        needs=scope_for_answer,
        takes_if_match=True,
        status=204,
        address=_ADDRESS,
        problems=(CONFLICT,),
    )
    def delete(self, request: ApiRequest, id: str, question: str, answer: str) -> Response:  # noqa: A002
        """For its author, and with the scope “groups” for leaders. The text is gone for good, with
        all its versions."""
        found = found_answer(request.user, id, question, answer)
        actions.delete_answer(
            user=request.user, answer=found, version=wanted_version(request, found)
        )
        return Response(status=204)


class AnswerVersions(ApiView):
    tag = "groups"

    @operation(
        id="listAnswerVersions",
        summary="What an answer says and once said",
        scope="read",
        sees=sees_answer,
        address=_ADDRESS,
        query=PAGING,
        answer=Page[VersionOutput],
        example=Page(count=1, next=None, previous=None, results=[_VERSION_EXAMPLE]),
    )
    def get(self, request: ApiRequest, id: str, question: str, answer: str) -> Response:  # noqa: A002
        """The newest first."""
        versions = versions_of(found_answer(request.user, id, question, answer))
        return Response(page_of(request, self.query, versions, version_output))
