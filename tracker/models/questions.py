"""Questions of a group, their answers, and what surrounds both."""

from datetime import datetime
from typing import Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from catalog.models import Topic, Unit
from tracker.models.groups import StudyGroup
from tracker.models.ids import PUBLIC_ID_LENGTH, new_public_id
from tracker.models.people import User, check_plain_text
from tracker.models.versions import Versioned

MAXIMUM_TITLE_LENGTH = 200
MAXIMUM_BODY_LENGTH = 10_000


def check_title(title: str) -> None:
    check_plain_text(title)
    if not title.strip():
        raise ValidationError("Say in a line what it is about.", code="blank")


class Post(Versioned):
    """What questions and answers share: a text by somebody.

    A null `author` has deleted their account. Deleting a post empties its text for good and keeps
    the row with `deleted_at`.
    """

    public_id = models.CharField(
        max_length=PUBLIC_ID_LENGTH, unique=True, default=new_public_id, editable=False
    )
    author = models.ForeignKey(
        User, on_delete=models.SET_NULL, related_name="%(class)ss", null=True, blank=True
    )
    body = models.TextField(max_length=MAXIMUM_BODY_LENGTH, help_text="Markdown")
    body_html = models.TextField(editable=False)
    written_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class QuestionQuerySet(QuerySet["Question"]):
    def for_reader(self, *, user: User, joined_at: datetime) -> Self:
        """Those that are not deleted, with what `user`, who `joined_at`, has to do with them.

        What was asked and answered before they joined is not news to them.
        """
        readers = Reader.objects.filter(question=OuterRef("pk"), user=user)
        answers = Answer.objects.filter(question=OuterRef("pk"), deleted_at=None).order_by()
        return self.filter(deleted_at=None).annotate(
            read_at=Subquery(readers.values("read_at")),
            is_subscribed=Exists(readers.filter(is_subscribed=True)),
            is_unread=Q(last_post_at__gt=Coalesce("read_at", Value(joined_at))),
            answer_count=Coalesce(
                Subquery(answers.values("question").annotate(number=Count("pk")).values("number")),
                0,
            ),
        )

    def unread(self) -> Self:
        """Those with something new, after `for_reader`."""
        return self.filter(is_unread=True)

    def with_words(self, words: list[str]) -> Self:
        """Those that hold every one of `words`, in the title, the text or an answer."""
        found = self
        for word in words:
            answers = Answer.objects.filter(
                question=OuterRef("pk"), deleted_at=None, body__icontains=word
            )
            found = found.filter(
                Q(title__icontains=word) | Q(body__icontains=word) | Exists(answers)
            )
        return found

    def concerning(self, user: User) -> Self:
        """Those that `user` asked, answered or is mentioned in."""
        own = Answer.objects.filter(question=OuterRef("pk"), deleted_at=None).filter(
            Q(author=user) | Exists(Mention.objects.filter(answer=OuterRef("pk"), user=user))
        )
        return self.filter(
            Q(author=user)
            | Exists(Mention.objects.filter(question=OuterRef("pk"), user=user))
            | Exists(own)
        )


class Question(Post):
    """A question in a group, perhaps about a unit or a topic.

    A locked one takes no more answers but those of leaders. `last_post_at` is when it or its
    newest answer was written: what came after somebody's last look is unread.
    """

    group = models.ForeignKey(StudyGroup, on_delete=models.CASCADE, related_name="questions")
    title = models.CharField(max_length=MAXIMUM_TITLE_LENGTH)
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    topic = models.ForeignKey(
        Topic, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    is_pinned = models.BooleanField(default=False)
    is_locked = models.BooleanField(default=False)
    accepted = models.OneToOneField(
        "Answer", on_delete=models.SET_NULL, related_name="+", null=True, blank=True
    )
    last_post_at = models.DateTimeField()

    # Only where `for_reader` has put them.
    read_at: datetime | None
    is_subscribed: bool
    is_unread: bool
    answer_count: int

    objects = QuestionQuerySet.as_manager()

    class Meta:
        ordering = ["-is_pinned", "-last_post_at", "-id"]
        indexes = [
            models.Index(
                F("group"),
                F("is_pinned").desc(),
                F("last_post_at").desc(),
                F("id").desc(),
                name="questions_newest_first",
                condition=Q(deleted_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group_id}: {self.public_id}"


class Answer(Post):
    """An answer to a question; whether it is the accepted one, the question says."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="answers")

    class Meta:
        ordering = ["written_at", "id"]

    def __str__(self) -> str:
        return f"{self.question_id}: {self.public_id}"


class EarlierText(models.Model):
    """How a question or an answer read until an edit; gone once the post is deleted.

    `written_at` is when this text was written, not when it was replaced. Answers have no title.
    """

    question = models.ForeignKey(
        Question, on_delete=models.CASCADE, related_name="earlier", null=True, blank=True
    )
    answer = models.ForeignKey(
        Answer, on_delete=models.CASCADE, related_name="earlier", null=True, blank=True
    )
    title = models.CharField(max_length=MAXIMUM_TITLE_LENGTH, blank=True)
    body = models.TextField(max_length=MAXIMUM_BODY_LENGTH)
    body_html = models.TextField(editable=False)
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["-written_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(question=None) ^ Q(answer=None),
                name="an_earlier_text_is_of_one_post",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question_id or self.answer_id}: {self.written_at}"


class Mention(models.Model):
    """A question or an answer names somebody who was in the group when it was written."""

    question = models.ForeignKey(
        Question, on_delete=models.CASCADE, related_name="mentions", null=True, blank=True
    )
    answer = models.ForeignKey(
        Answer, on_delete=models.CASCADE, related_name="mentions", null=True, blank=True
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(question=None) ^ Q(answer=None), name="a_mention_is_in_one_post"
            ),
            models.UniqueConstraint(
                fields=["question", "user"], name="one_mention_per_question_and_person"
            ),
            models.UniqueConstraint(
                fields=["answer", "user"], name="one_mention_per_answer_and_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question_id or self.answer_id}: {self.user_id}"


class Reader(models.Model):
    """What one person has to do with one question. No row: never opened, not subscribed.

    A null `read_at` means that they have never opened it.
    """

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="readers")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    read_at = models.DateTimeField(null=True, blank=True)
    is_subscribed = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["question", "user"], name="one_reader_per_question_and_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question_id}: {self.user_id}"
