"""Rows about people, with their querysets and constraints. No HTTP, no wording for the screen."""

from tracker.models.activity import Activity
from tracker.models.people import User
from tracker.models.progress import Source, TopicProgress, TopicState
from tracker.models.tokens import ApiToken, Scope

__all__ = [
    "Activity",
    "ApiToken",
    "Scope",
    "Source",
    "TopicProgress",
    "TopicState",
    "User",
]
