"""Rows about people, with their querysets and constraints. No HTTP, no wording for the screen."""

from tracker.models.activity import Activity
from tracker.models.acts import ActKind, LeaderAct, StaffLook
from tracker.models.assignments import (
    AnswerToAssignment,
    Assignment,
    AssignmentProgress,
    AssignmentState,
    Recipient,
)
from tracker.models.browsers import KnownBrowser
from tracker.models.calls import CallCount
from tracker.models.deletions import Deletion, DeletionState
from tracker.models.groups import StudyGroup, Visibility
from tracker.models.idempotency import KeptAnswer
from tracker.models.inactivity import Inactivity
from tracker.models.invitations import Invitation
from tracker.models.jobs import JobRun
from tracker.models.mail import MailCategory, MailKind, MailSettings, Outcome, Outgoing
from tracker.models.meetings import Meeting, MeetingDate, Presenter, Rsvp, RsvpAnswer
from tracker.models.members import Ban, GroupRole, JoinRequest, Membership
from tracker.models.notes import TopicNote
from tracker.models.notices import Notice, NoticeKind
from tracker.models.nudges import Nudge
from tracker.models.people import User
from tracker.models.progress import Source, TopicProgress, TopicState
from tracker.models.questions import Answer, EarlierText, Mention, Question, Reader
from tracker.models.reviews import Grade, ReviewAnswer, TopicReview
from tracker.models.sessions import StudySession
from tracker.models.silence import Silence
from tracker.models.tokens import ApiToken, Scope
from tracker.models.units import UnitProgress
from tracker.models.webhooks import Delivery, DeliveryState, GroupEvent, Webhook, WebhookKind

__all__ = [
    "ActKind",
    "Activity",
    "Answer",
    "AnswerToAssignment",
    "ApiToken",
    "Assignment",
    "AssignmentProgress",
    "AssignmentState",
    "Ban",
    "CallCount",
    "Deletion",
    "DeletionState",
    "Delivery",
    "DeliveryState",
    "EarlierText",
    "Grade",
    "GroupEvent",
    "GroupRole",
    "Inactivity",
    "Invitation",
    "JobRun",
    "JoinRequest",
    "KeptAnswer",
    "KnownBrowser",
    "LeaderAct",
    "MailCategory",
    "MailKind",
    "MailSettings",
    "Meeting",
    "MeetingDate",
    "Membership",
    "Mention",
    "Notice",
    "NoticeKind",
    "Nudge",
    "Outcome",
    "Outgoing",
    "Presenter",
    "Question",
    "Reader",
    "Recipient",
    "ReviewAnswer",
    "Rsvp",
    "RsvpAnswer",
    "Scope",
    "Silence",
    "Source",
    "StaffLook",
    "StudyGroup",
    "StudySession",
    "TopicNote",
    "TopicProgress",
    "TopicReview",
    "TopicState",
    "UnitProgress",
    "User",
    "Visibility",
    "Webhook",
    "WebhookKind",
]
