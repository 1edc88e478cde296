from django.apps import AppConfig
from django.conf import settings
from django.db.backends.signals import connection_created

from mlmath.observing import watch_queries


class TrackerConfig(AppConfig):
    """People and their progress."""

    name = "tracker"
    verbose_name = "People and progress"

    def ready(self) -> None:
        if settings.SLOW_QUERY_MS:
            connection_created.connect(watch_queries)
        # The kit is no app; this registers what it asks of a public site.
        import mlmath.checks  # noqa: F401
