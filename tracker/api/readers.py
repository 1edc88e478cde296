"""What somebody hears of a group's questions, and which of them they have read."""

from dataclasses import dataclass

from rest_framework.response import Response

from mlmath.rest.answers import Answer
from mlmath.rest.fields import Input, YesNo
from mlmath.rest.operations import operation
from mlmath.rest.views import ApiView
from tracker.actions.readers import (
    hear_of_questions,
    mark_all_read,
    mark_read,
    mark_unread,
    subscribe,
)
from tracker.api.authentication import ApiRequest
from tracker.api.finding import sees_group
from tracker.api.groups import ADDRESS as GROUP_ADDRESS
from tracker.api.progress import Count
from tracker.api.questions import (
    ADDRESS,
    EXAMPLE,
    QuestionOutput,
    found_question,
    head_of,
    question_output,
    sees_question,
)
from tracker.summaries.members import GroupHead


@dataclass(frozen=True, kw_only=True, slots=True)
class MyQuestionsOutput(Answer):
    """Whether I am told of every new question of the group, and how many have something new."""

    hears: bool
    unread: Count


class MyQuestionInput(Input):
    """{"subscribed"?, "read"?}: what is missing stays as it is."""

    subscribed = YesNo(required=False, help_text="Whether I am told of new answers")
    read = YesNo(required=False, help_text="False: it counts as new again")


class MyQuestionsInput(Input):
    """{"hears"?, "read"?}: what is missing stays as it is."""

    hears = YesNo(required=False, help_text="Whether I am told of every new question")
    read = YesNo(required=False, help_text="True: I have read them all; false changes nothing")


class MyQuestions(ApiView):
    tag = "groups"

    @operation(
        id="getMyQuestions",
        summary="What I hear of a group's questions",
        scope="read",
        sees=sees_group,
        address=GROUP_ADDRESS,
        answer=MyQuestionsOutput,
        example=MyQuestionsOutput(hears=True, unread=2),
    )
    def get(self, request: ApiRequest, id: str) -> Response:  # noqa: A002
        return Response(_mine(head_of(request, id)))

    @operation(
        id="setMyQuestions",
        summary="Choose what I hear of a group's questions, or have read them all",
        scope="write",
        sees=sees_group,
        address=GROUP_ADDRESS,
        body=MyQuestionsInput,
        body_example={"hears": True, "read": True},
        answer=MyQuestionsOutput,
        example=MyQuestionsOutput(hears=True, unread=0),
    )
    def put(self, request: ApiRequest, id: str) -> Response:  # noqa: A002
        """Leaders are told of every new question until they say otherwise, others are not."""
        head = head_of(request, id)
        data = self.read_body(request)
        if "hears" in data:
            hear_of_questions(user=request.user, group=head.group, wants=data["hears"])
        if data.get("read"):
            mark_all_read(user=request.user, group=head.group)
        return Response(_mine(head_of(request, id)))


class MyQuestion(ApiView):
    tag = "groups"

    @operation(
        id="setMyQuestion",
        summary="Subscribe to a question, or mark it as read",
        scope="write",
        sees=sees_question,
        address=ADDRESS,
        body=MyQuestionInput,
        body_example={"subscribed": True, "read": True},
        answer=QuestionOutput,
        example=EXAMPLE,
    )
    def put(self, request: ApiRequest, id: str, question: str) -> Response:  # noqa: A002
        """For observers too. Asking and answering subscribe by themselves."""
        found = found_question(request.user, id, question)
        data = self.read_body(request)
        if "subscribed" in data:
            subscribe(user=request.user, question=found, is_subscribed=data["subscribed"])
        if "read" in data:
            (mark_read if data["read"] else mark_unread)(user=request.user, question=found)
        return Response(question_output(found_question(request.user, id, question)))


def _mine(head: GroupHead) -> MyQuestionsOutput:
    return MyQuestionsOutput(hears=head.membership.hears, unread=head.unread_count)
