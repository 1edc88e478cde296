"""What people in a group are called."""

from django import template

from tracker.models import User
from tracker.summaries import members

register = template.Library()


@register.filter
def shown_name(user: User | None) -> str:
    return members.shown_name(user)
