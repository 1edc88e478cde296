"""The kinds of browser that people sign in with."""

from django.db import models

from tracker.models.people import User

MAXIMUM_BROWSER_LENGTH = 60


class KnownBrowser(models.Model):
    """A kind of browser, such as “Firefox on Linux”, with which somebody has signed in.

    No row means that a sign-in with it is told by mail. Nothing is kept in the browser itself:
    signing out takes everything along.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="known_browsers")
    name = models.CharField(max_length=MAXIMUM_BROWSER_LENGTH)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], name="one_row_per_person_and_browser"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.name}"
