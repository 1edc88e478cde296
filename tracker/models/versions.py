"""What several people edit."""

from django.db import models


class Versioned(models.Model):
    """A row whose `version` moves by one with every edit (tracker.actions.versions)."""

    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True
