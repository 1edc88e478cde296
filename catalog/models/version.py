"""The number that moves with every edit of the catalog."""

from typing import ClassVar

from django.db import models
from django.db.models import F
from django.utils import timezone


class CatalogVersionManager(models.Manager["CatalogVersion"]):
    def current_number(self) -> int:
        """The catalog's version; 0 while nothing has been loaded. One query."""
        return self.filter(pk=1).values_list("number", flat=True).first() or 0

    def hold(self) -> "CatalogVersion | None":
        """Let editors take turns until the transaction ends: each sees what the last one did.

        Returns the row; None while nothing has been loaded. One query.
        """
        return self.select_for_update().filter(pk=1).first()

    def move(self, *, digest: str | None = None) -> None:
        """Tell every process that the catalog has changed.

        `digest` is that of the data files after a load. An edit by hand leaves it alone, so that
        the edit stands until the files themselves change.
        """
        now = timezone.now()
        changes = {"moved_at": now} if digest is None else {"moved_at": now, "digest": digest}
        if not self.filter(pk=1).update(number=F("number") + 1, **changes):
            self.create(pk=1, number=1, digest=digest or "", moved_at=now)


class CatalogVersion(models.Model):
    """One row for the whole catalog. No row means that nothing has been loaded yet."""

    number = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64, blank=True)
    moved_at = models.DateTimeField()

    objects: ClassVar[CatalogVersionManager] = CatalogVersionManager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="one_catalog_version"),
        ]

    def __str__(self) -> str:
        return str(self.number)
