"""Work that comes round by the clock."""

from django.db import models


class JobRun(models.Model):
    """Up to which slot of time a job has been taken. No row means that it has never run.

    Whoever moves `slot` forward by an UPDATE does the job for that slot; of several workers one
    succeeds. It never goes back, so a clock that is put back repeats nothing.
    """

    name = models.CharField(max_length=100, unique=True)
    slot = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.slot:%Y-%m-%d %H:%M:%S}"
