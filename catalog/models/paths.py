"""Study paths: ordered steps with their topics and resources."""

from django.db import models

from catalog.models.resources import Resource, Unit
from catalog.models.roles import Role
from catalog.models.topics import Topic


class Path(models.Model):
    """A way through the catalog; a null `role` means that it leads to no role in particular."""

    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=120)
    role = models.ForeignKey(
        Role, on_delete=models.PROTECT, related_name="paths", null=True, blank=True
    )
    covers_role = models.BooleanField(help_text="Has all required topics outside optional steps")
    is_prerequisites_complete = models.BooleanField(help_text="Its order respects prerequisites")
    is_calculus_free = models.BooleanField()
    summary = models.TextField()
    note = models.TextField(blank=True)
    cited = models.JSONField(default=list, blank=True)
    position = models.PositiveSmallIntegerField()
    former_slugs = models.JSONField(default=list, blank=True)
    is_retired = models.BooleanField(default=False)

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return self.title


class PathStep(models.Model):
    path = models.ForeignKey(Path, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=120)
    summary = models.TextField()
    is_optional = models.BooleanField(default=False)
    is_order_free = models.BooleanField(default=False)

    class Meta:
        ordering = ["path", "position"]
        constraints = [
            models.UniqueConstraint(fields=["path", "position"], name="one_step_per_position"),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.title}"


class StepTopic(models.Model):
    step = models.ForeignKey(PathStep, on_delete=models.CASCADE, related_name="step_topics")
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["step", "topic"], name="one_topic_per_step"),
        ]

    def __str__(self) -> str:
        return f"{self.step_id}: {self.topic_id}"


class StepResource(models.Model):
    """A resource of a step; no `units` means all of it."""

    class Use(models.TextChoices):
        MAIN = "main"
        COMPANION = "companion"
        ALTERNATIVE = "alternative"

    step = models.ForeignKey(PathStep, on_delete=models.CASCADE, related_name="step_resources")
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="+")
    use = models.CharField(max_length=12, choices=Use)
    units = models.ManyToManyField(Unit, related_name="+", blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.step_id}: {self.resource_id} ({self.use})"
