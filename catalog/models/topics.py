"""Subjects, topics, what topics rest on, and the old names of topics."""

from dataclasses import dataclass

from django.db import models
from django.db.models import F, Q


class Subject(models.Model):
    """A field of mathematics; `position` is the order in which the fields are taught."""

    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=120)
    summary = models.TextField()
    position = models.PositiveSmallIntegerField()
    cited = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return self.title


class Topic(models.Model):
    """Something small enough to tick off. A retired topic keeps its row, and people's ticks."""

    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=120)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="topics")
    summary = models.CharField(max_length=300)
    body = models.TextField(
        blank=True, help_text="Markdown with $...$; “## Exercise” and “## Answer” part it"
    )
    body_html = models.TextField(blank=True, editable=False)
    exercise_html = models.TextField(blank=True, editable=False)
    answer_html = models.TextField(blank=True, editable=False)
    hours = models.DecimalField(
        max_digits=4,
        decimal_places=1,
        help_text="To the working level from its prerequisites, practice included",
    )
    position = models.PositiveSmallIntegerField(help_text="Place in the data file")
    also_called = models.JSONField(default=list, blank=True)
    note = models.TextField(blank=True)
    cited = models.JSONField(default=list, blank=True)
    is_retired = models.BooleanField(default=False)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(
                condition=Q(hours__gt=0, hours__lte=80), name="topic_hours_between_0_and_80"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Prerequisite(models.Model):
    """`topic` directly rests on `requires`, and `reason` says what for."""

    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="prerequisites")
    requires = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="unlocks")
    reason = models.CharField(max_length=110)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["topic", "requires"], name="one_reason_per_edge"),
            models.CheckConstraint(
                condition=~Q(topic=F("requires")), name="no_topic_rests_on_itself"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic_id} rests on {self.requires_id}"


class AliasKind(models.TextChoices):
    RENAMED = "renamed"
    SPLIT = "split"
    MERGED = "merged"


class TopicAlias(models.Model):
    """An old slug and where it leads; a split one leads to several topics, the first first."""

    slug = models.SlugField(max_length=80)
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="aliases")
    kind = models.CharField(max_length=10, choices=AliasKind)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "topic aliases"
        constraints = [
            models.UniqueConstraint(fields=["slug", "topic"], name="one_alias_per_slug_and_topic"),
        ]

    def __str__(self) -> str:
        return f"{self.slug} ({self.kind})"


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicMove:
    """A retired topic whose ticks belong to other topics from now on."""

    kind: AliasKind
    old_id: int
    new_ids: tuple[int, ...]
