"""Books, courses and videos, their providers and their units."""

from django.db import models

from catalog.models.topics import Topic


class Provider(models.Model):
    """A platform, publisher, university or channel. An empty `url` is not known."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=40)
    url = models.URLField(blank=True)
    summary = models.TextField()
    cited = models.JSONField(default=list, blank=True)
    is_unverified = models.BooleanField(default=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Cost(models.TextChoices):
    FREE = "free", "Free"
    PAID = "paid", "Paid"
    MIXED = "mixed", "Partly free"


class CalculusNeeded(models.TextChoices):
    NONE = "none", "No calculus"
    SINGLE_VARIABLE = "single-variable", "Single-variable calculus"
    MULTIVARIABLE = "multivariable", "Multivariable calculus"


class Level(models.TextChoices):
    INTRODUCTORY = "introductory", "Introductory"
    INTERMEDIATE = "intermediate", "Intermediate"
    ADVANCED = "advanced", "Advanced"


class Resource(models.Model):
    """Something to learn from. Empty text and null numbers mean: not known.

    `unverified` is `{}` or `{"fields": [...], "what": "..."}`; what it names is not shown as fact.
    """

    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=200)
    authors = models.JSONField(default=list)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="resources")
    offered_by = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    also_at = models.ManyToManyField(Provider, related_name="+", blank=True)
    part_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="parts", null=True, blank=True
    )
    kind = models.CharField(max_length=40)
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    edition = models.CharField(max_length=80, blank=True)
    url = models.URLField(blank=True)
    cost = models.CharField(max_length=10, choices=Cost)
    cost_note = models.TextField(blank=True)
    has_exercises = models.BooleanField()
    is_standalone = models.BooleanField(help_text="Can be the only resource")
    standalone_note = models.TextField(blank=True)
    calculus_needed = models.CharField(max_length=20, choices=CalculusNeeded)
    level = models.CharField(max_length=20, choices=Level)
    hours_hint = models.PositiveSmallIntegerField(null=True, blank=True)
    unit_kind = models.CharField(max_length=20, blank=True)
    evidence = models.CharField(max_length=10)
    unverified = models.JSONField(default=dict, blank=True)
    note = models.TextField(blank=True)
    cited = models.JSONField(default=list, blank=True)
    position = models.PositiveSmallIntegerField()
    former_slugs = models.JSONField(default=list, blank=True)
    is_retired = models.BooleanField(default=False)

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return self.title

    @property
    def verified_url(self) -> str:
        """The address, or "" when there is none or when nobody has checked it."""
        return "" if "url" in self.unverified.get("fields", []) else self.url


class Unit(models.Model):
    """A chapter, lecture, week or section of a resource, with the topics that it teaches."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="units")
    slug = models.SlugField(max_length=80)
    number = models.PositiveSmallIntegerField(help_text="Place in the resource, from 1")
    label = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    minutes = models.PositiveIntegerField(null=True, blank=True)
    url = models.URLField(blank=True)
    topics = models.ManyToManyField(Topic, related_name="units", blank=True)
    note = models.TextField(blank=True)
    is_unverified = models.BooleanField(default=False)
    former_slugs = models.JSONField(default=list, blank=True)
    is_retired = models.BooleanField(default=False)

    class Meta:
        ordering = ["resource", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["resource", "slug"], name="one_unit_per_resource_and_slug"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label}: {self.title}"
