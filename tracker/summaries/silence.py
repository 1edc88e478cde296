"""Whether anything may leave the site."""

from tracker.models import Silence


def silence() -> Silence | None:
    """What keeps everything back at this moment, the oldest first; None if nothing. One query."""
    return Silence.objects.filter(ended_at=None).order_by("since", "pk").first()


def is_silent() -> bool:
    """One query."""
    return Silence.objects.filter(ended_at=None).exists()
