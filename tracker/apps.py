from django.apps import AppConfig


class TrackerConfig(AppConfig):
    """People and their progress."""

    name = "tracker"
    verbose_name = "People and progress"
