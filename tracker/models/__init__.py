"""Rows about people, with their querysets and constraints. No HTTP, no wording for the screen."""

from tracker.models.activity import Activity
from tracker.models.calls import CallCount
from tracker.models.idempotency import KeptAnswer
from tracker.models.notes import TopicNote
from tracker.models.people import User
from tracker.models.progress import Source, TopicProgress, TopicState
from tracker.models.reviews import Grade, ReviewAnswer, TopicReview
from tracker.models.sessions import StudySession
from tracker.models.tokens import ApiToken, Scope
from tracker.models.units import UnitProgress

__all__ = [
    "Activity",
    "ApiToken",
    "CallCount",
    "Grade",
    "KeptAnswer",
    "ReviewAnswer",
    "Scope",
    "Source",
    "StudySession",
    "TopicNote",
    "TopicProgress",
    "TopicReview",
    "TopicState",
    "UnitProgress",
    "User",
]
