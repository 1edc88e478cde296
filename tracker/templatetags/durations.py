"""Lengths of time in words."""

from datetime import datetime

from django import template
from django.utils import timezone

register = template.Library()


@register.filter
def duration(minutes: float) -> str:
    """Such as “1 h 30 min”, “2 h” or “45 min”; rounded to whole minutes."""
    hours, rest = divmod(round(minutes), 60)
    parts = [f"{number} {unit}" for number, unit in ((hours, "h"), (rest, "min")) if number]
    return " ".join(parts) or "0 min"


@register.filter
def seconds_since(moment: datetime) -> int:
    """Whole seconds from `moment` until now, never less than none."""
    return max(int((timezone.now() - moment).total_seconds()), 0)
