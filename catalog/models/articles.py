"""Where statements come from, and the statements that stand by themselves."""

from django.db import models


class Article(models.Model):
    """A text that the catalog cites; `cited` fields name it by slug."""

    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=200)
    author = models.CharField(max_length=200, blank=True)
    year = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.title


class Advice(models.Model):
    """One piece of advice to learners, with the article it is taken from."""

    slug = models.SlugField(max_length=80, unique=True)
    audience = models.CharField(max_length=80)
    text = models.TextField()
    cited = models.JSONField(default=list, blank=True)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        verbose_name_plural = "advice"

    def __str__(self) -> str:
        return self.slug


class TimeEstimate(models.Model):
    """What an article says about how long it takes; the numbers are null where it gives none."""

    slug = models.SlugField(max_length=80, unique=True)
    claim = models.TextField()
    applies_to = models.CharField(max_length=80)
    months_min = models.PositiveSmallIntegerField(null=True, blank=True)
    months_max = models.PositiveSmallIntegerField(null=True, blank=True)
    hours_per_day_min = models.PositiveSmallIntegerField(null=True, blank=True)
    hours_per_day_max = models.PositiveSmallIntegerField(null=True, blank=True)
    total_hours_min = models.PositiveSmallIntegerField(null=True, blank=True)
    total_hours_max = models.PositiveSmallIntegerField(null=True, blank=True)
    cited = models.JSONField(default=list, blank=True)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return self.slug
