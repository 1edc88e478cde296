"""When this site keeps everything to itself."""

from django.db import models
from django.db.models import Q


class Silence(models.Model):
    """While one has no `ended_at`, nothing leaves the site: no mail, no call of a webhook or chat.

    A restored database begins with one, because the site that it was copied from may be alive and
    send the same. `because` is a sentence for whoever runs the site.
    """

    since = models.DateTimeField()
    because = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=models.F("since")),
                name="silence_ends_after_its_start",
            ),
        ]

    def __str__(self) -> str:
        return self.because
