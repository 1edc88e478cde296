"""Roles, and which topics they need how deep."""

from django.db import models

from catalog.models.topics import Topic


class Depth(models.Model):
    """How well a topic must be known; `hours_factor` multiplies its hours."""

    slug = models.SlugField(max_length=40, unique=True)
    title = models.CharField(max_length=80)
    hours_factor = models.DecimalField(max_digits=3, decimal_places=1)
    meaning = models.CharField(max_length=200)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return self.title


class Requirement(models.TextChoices):
    REQUIRED = "required"
    RECOMMENDED = "recommended"


class RoleKind(models.TextChoices):
    ROLE = "role"
    SPECIALISATION = "specialisation"
    STARTING_POINT = "starting-point"


class Role(models.Model):
    """What somebody wants to become; needs its own topics and those of what it builds on."""

    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, choices=RoleKind)
    summary = models.TextField()
    is_applied = models.BooleanField(help_text="The articles' time claim holds for it")
    is_calculus_free = models.BooleanField(help_text="No required topic is calculus")
    builds_on = models.ManyToManyField("self", symmetrical=False, blank=True)
    note = models.TextField(blank=True)
    cited = models.JSONField(default=list, blank=True)
    position = models.PositiveSmallIntegerField()
    former_slugs = models.JSONField(default=list, blank=True)
    is_retired = models.BooleanField(default=False)

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return self.title


class RoleTopic(models.Model):
    """One topic that a role itself names, not what it inherits."""

    class Basis(models.TextChoices):
        ARTICLE = "article", "an article names it for this role"
        ARTICLE_SUBJECT = "article-subject", "an article names its subject"
        PREREQUISITE = "prerequisite", "another topic of the role rests on it"
        ADDITION = "addition", "added by the catalog"

    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="role_topics")
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="role_topics")
    requirement = models.CharField(max_length=12, choices=Requirement)
    depth = models.ForeignKey(Depth, on_delete=models.PROTECT, related_name="+")
    basis = models.CharField(max_length=20, choices=Basis)
    note = models.TextField(blank=True)
    cited = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["role", "topic"], name="one_entry_per_role_and_topic"),
        ]

    def __str__(self) -> str:
        return f"{self.role_id}: {self.topic_id}"
