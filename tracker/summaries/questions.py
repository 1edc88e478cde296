"""The questions of a group as one of its people finds them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import QuerySet

from catalog.graph import CatalogGraph, TopicNode, UnitNode
from mlmath.errors import NotFound
from tracker.models import Answer, EarlierText, Question, User
from tracker.summaries.members import GroupHead, shown_name

Show = Literal["", "open", "answered", "mine", "unread"]


@dataclass(frozen=True, kw_only=True, slots=True)
class QuestionRow:
    """A question; `unit` and `topic` are None too where they are no longer in the catalog."""

    question: Question
    author_name: str
    unit: UnitNode | None
    topic: TopicNode | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerRow:
    """An answer; `is_new` to a reader who has not seen it, and has not written it."""

    answer: Answer
    author_name: str
    is_accepted: bool
    is_new: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """How a post reads, or once read; answers have no title. `number` counts from 1."""

    number: int
    title: str
    body: str
    body_html: str
    written_at: datetime


def questions_of(
    *,
    head: GroupHead,
    user: User,
    show: Show = "",
    words: Sequence[str] = (),
    unit_id: int | None = None,
    topic_id: int | None = None,
) -> QuerySet[Question]:
    """The questions of the group, pinned ones first, then those with the newest posts.

    Open ones have no accepted answer. No query yet; each has its author, its accepted answer and
    what `for_reader` adds.
    """
    found = (
        Question.objects.filter(group=head.group)
        .for_reader(user=user, joined_at=head.membership.joined_at)
        .select_related("author", "accepted")
    )
    match show:
        case "open":
            found = found.filter(accepted=None)
        case "answered":
            found = found.exclude(accepted=None)
        case "mine":
            found = found.concerning(user)
        case "unread":
            found = found.unread()
    if unit_id is not None:
        found = found.filter(unit=unit_id)
    if topic_id is not None:
        found = found.filter(topic=topic_id)
    return found.with_words(list(words))


def question_in(*, head: GroupHead, user: User, public_id: str) -> Question:
    """The question of the group with that id, as `questions_of` has it. One query.

    Raises NotFound where there is none, or none any more.
    """
    question = questions_of(head=head, user=user).filter(public_id=public_id).first()
    if question is None:
        raise NotFound
    question.group = head.group
    return question


def answers_to(question: Question) -> QuerySet[Answer]:
    """Those that are not deleted, with their authors, the oldest first. No query yet."""
    return question.answers.filter(deleted_at=None).select_related("author")


def answer_in(*, question: Question, public_id: str) -> Answer:
    """The answer to `question` with that id. One query.

    Raises NotFound where there is none, or none any more.
    """
    answer = answers_to(question).filter(public_id=public_id).first()
    if answer is None:
        raise NotFound
    answer.question = question
    return answer


def question_row(question: Question, *, graph: CatalogGraph) -> QuestionRow:
    index = graph.index_by_id.get(question.topic_id or 0)
    return QuestionRow(
        question=question,
        author_name=shown_name(question.author),
        unit=graph.unit_by_id.get(question.unit_id or 0),
        topic=graph.topics[index] if index is not None else None,
    )


def answer_rows(*, question: Question, head: GroupHead, user: User) -> list[AnswerRow]:
    """The answers to a question out of `question_in`, the accepted one first. One query."""
    seen_until = question.read_at or head.membership.joined_at
    rows = [
        AnswerRow(
            answer=answer,
            author_name=shown_name(answer.author),
            is_accepted=answer.pk == question.accepted_id,
            is_new=answer.written_at > seen_until and answer.author_id != user.pk,
        )
        for answer in answers_to(question)
    ]
    return sorted(rows, key=lambda row: not row.is_accepted)


def versions_of(post: Question | Answer) -> list[Version]:
    """How the post reads and all it read before, the newest first. One query."""
    earlier: list[EarlierText] = list(post.earlier.all())
    texts: list[Question | Answer | EarlierText] = [post, *earlier]
    return [
        Version(
            number=len(texts) - place,
            title="" if isinstance(text, Answer) else text.title,
            body=text.body,
            body_html=text.body_html,
            written_at=(
                text.written_at
                if isinstance(text, EarlierText)
                else text.edited_at or text.written_at
            ),
        )
        for place, text in enumerate(texts)
    ]
