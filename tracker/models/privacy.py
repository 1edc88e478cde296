"""What becomes of every table in which people appear: in their export, and when they leave.

`REGISTRY` is what `tracker.actions.deletions` goes by when it erases an account, and what the tests
hold the export and the erasing to: a table or a field that is not here fails them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class LeftOut(StrEnum):
    """Why a field is not in the export."""

    INNER = "a key or a counter of the database, which means nothing outside"
    SECRET = "would let in whoever reads the file"  # noqa: S105
    DERIVED = "follows from what is in the document"
    PASSING = "kept for days only, to send or repeat something once"
    OTHERS = "what others wrote or decided"
    GROUP = "the group's, and everybody's in it"
    DECIDES = "decides whether the row is in the document at all"


class End(StrEnum):
    """What becomes of a row when its person deletes their account."""

    AT_ONCE = "deleted in the transaction of the request"
    ERASED = "deleted by the worker, within a day"
    NAMELESS = "kept for the others, without the person"
    KEPT = "kept"


# How people are called whose account is gone; what they asked to be emptied says so itself.
EMPTIED = "Removed by its author."


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """One table, its columns by their names.

    `owner` is the path to the person whose rows they are; "" where they are a group's or nobody's.
    `others` are further paths to people, with what becomes of the row when such a one leaves.
    `until` says for how long is kept what outlives the person.
    """

    owner: str = ""
    exported: str = ""
    left_out: Mapping[LeftOut, str] = field(default_factory=dict)
    end: End
    others: Mapping[str, End] = field(default_factory=dict)
    until: str = ""

    @property
    def fields(self) -> list[str]:
        words = [self.exported, *self.left_out.values()]
        return [name for some in words for name in some.split()]


_GROUP_GONE = "30 days after the group is deleted"
_POST_GONE = "30 days after it or the group is deleted"

REGISTRY: Mapping[str, Table] = {
    # --- The person and how they sign in ---------------------------------------------------------
    "tracker.User": Table(
        owner="pk",
        exported="""
            email name role_id minutes_per_day study_days_mask time_zone show_dates days_off
            reviews_per_day timer_started_at timer_topic_id timer_unit_id feed_alarm_minutes
            is_staff joined_at last_login
        """,
        left_out={
            LeftOut.INNER: "id public_id is_superuser is_active",
            LeftOut.SECRET: "password feed_number",
        },
        end=End.ERASED,
    ),
    "tracker.User_groups": Table(
        owner="user", left_out={LeftOut.INNER: "id user_id group_id"}, end=End.AT_ONCE
    ),
    "tracker.User_user_permissions": Table(
        owner="user", left_out={LeftOut.INNER: "id user_id permission_id"}, end=End.AT_ONCE
    ),
    "account.EmailAddress": Table(
        owner="user",
        exported="email verified primary",
        left_out={LeftOut.INNER: "id user_id"},
        end=End.AT_ONCE,
    ),
    "account.EmailConfirmation": Table(
        owner="email_address__user",
        left_out={LeftOut.SECRET: "key", LeftOut.PASSING: "id email_address_id created sent"},
        end=End.AT_ONCE,
    ),
    "mfa.Authenticator": Table(
        owner="user",
        exported="type created_at last_used_at",
        left_out={LeftOut.SECRET: "data", LeftOut.INNER: "id user_id"},
        end=End.AT_ONCE,
    ),
    "usersessions.UserSession": Table(
        owner="user",
        exported="created_at ip last_seen_at user_agent",
        left_out={LeftOut.SECRET: "session_key", LeftOut.INNER: "id user_id data"},
        end=End.AT_ONCE,
    ),
    "socialaccount.SocialAccount": Table(
        owner="user",
        exported="provider uid last_login date_joined extra_data",
        left_out={LeftOut.INNER: "id user_id"},
        end=End.AT_ONCE,
    ),
    "socialaccount.SocialToken": Table(
        owner="account__user",
        left_out={
            LeftOut.SECRET: "token token_secret",
            LeftOut.INNER: "id app_id account_id expires_at",
        },
        end=End.AT_ONCE,
    ),
    "tracker.KnownBrowser": Table(
        owner="user",
        exported="name seen_at",
        left_out={LeftOut.INNER: "id user_id"},
        end=End.AT_ONCE,
    ),
    "tracker.ApiToken": Table(
        owner="user",
        exported="public_id name scopes prefix created_at expires_at last_used_at revoked_at",
        left_out={LeftOut.SECRET: "digest", LeftOut.INNER: "id user_id"},
        end=End.AT_ONCE,
    ),
    "tracker.CallCount": Table(
        owner="user", left_out={LeftOut.INNER: "user_id began_at calls wrote_at"}, end=End.AT_ONCE
    ),
    "tracker.KeptAnswer": Table(
        owner="user",
        left_out={LeftOut.PASSING: "id user_id key fingerprint status location body at"},
        end=End.AT_ONCE,
    ),
    "tracker.Inactivity": Table(
        owner="user",
        left_out={LeftOut.PASSING: "id user_id told_at told_again_at"},
        end=End.AT_ONCE,
    ),
    # What staff did in the admin, by the person who did it; about people it holds opaque ids only.
    "admin.LogEntry": Table(
        owner="user",
        left_out={
            LeftOut.INNER: "id user_id action_time content_type_id object_id object_repr "
            "action_flag change_message"
        },
        end=End.ERASED,
    ),
    # --- What they do ----------------------------------------------------------------------------
    "tracker.TopicProgress": Table(
        owner="user",
        exported="topic_id state is_stuck stuck_note source changed_at",
        left_out={LeftOut.INNER: "id user_id"},
        end=End.ERASED,
    ),
    "tracker.UnitProgress": Table(
        owner="user",
        exported="unit_id done_at",
        left_out={LeftOut.INNER: "id user_id"},
        end=End.ERASED,
    ),
    "tracker.Activity": Table(
        owner="user",
        exported="""
            topic_id unit_id batch undoes before_state before_is_stuck before_stuck_note
            before_source before_changed_at after_state after_is_stuck after_changed_at source at
        """,
        left_out={LeftOut.INNER: "id public_id user_id"},
        end=End.ERASED,
    ),
    "tracker.StudySession": Table(
        owner="user",
        exported="topic_id unit_id minutes started_at day",
        left_out={LeftOut.INNER: "id public_id user_id"},
        end=End.ERASED,
    ),
    "tracker.TopicReview": Table(
        owner="user",
        exported="topic_id stability difficulty reviewed_at due_at",
        left_out={LeftOut.INNER: "id user_id"},
        end=End.ERASED,
    ),
    "tracker.ReviewAnswer": Table(
        owner="user",
        exported="topic_id grade at day",
        left_out={LeftOut.INNER: "id user_id"},
        end=End.ERASED,
    ),
    "tracker.TopicNote": Table(
        owner="user",
        exported="topic_id body changed_at",
        left_out={LeftOut.INNER: "id user_id", LeftOut.DERIVED: "body_html"},
        end=End.ERASED,
    ),
    # --- What they are told ----------------------------------------------------------------------
    "tracker.Notice": Table(
        owner="user",
        exported="public_id kind group_id text address told_at read_at",
        left_out={LeftOut.INNER: "id user_id key by_id", LeftOut.PASSING: "mail_after mail_id"},
        end=End.ERASED,
        # They name whoever did what they tell.
        others={"by": End.AT_ONCE},
    ),
    "tracker.MailSettings": Table(
        owner="user",
        exported="choices muted quiet_from quiet_until refusals finish_told_on",
        left_out={LeftOut.INNER: "id user_id"},
        end=End.AT_ONCE,
    ),
    "tracker.Outgoing": Table(
        owner="user",
        left_out={
            LeftOut.PASSING: "id public_id kind key user_id address payload written_at not_before "
            "claimed_at tries ended_at outcome"
        },
        end=End.AT_ONCE,
    ),
    # --- Their places in groups ------------------------------------------------------------------
    "tracker.Membership": Table(
        owner="user",
        exported="""
            group_id role shares_readiness is_seen_by_observers hears_of_questions joined_at
            last_active_on
        """,
        left_out={LeftOut.INNER: "id user_id"},
        end=End.AT_ONCE,
    ),
    "tracker.Ban": Table(
        owner="user",
        exported="group_id banned_at",
        left_out={LeftOut.INNER: "id user_id"},
        end=End.AT_ONCE,
    ),
    "tracker.JoinRequest": Table(
        owner="user",
        exported="group_id message asked_at declined_at",
        left_out={LeftOut.INNER: "id user_id"},
        end=End.AT_ONCE,
    ),
    "tracker.Recipient": Table(
        owner="user",
        exported="assignment_id",
        left_out={LeftOut.INNER: "id user_id"},
        end=End.AT_ONCE,
    ),
    "tracker.AssignmentProgress": Table(
        owner="user",
        exported="assignment_id is_reading answer due_at changed_at",
        left_out={LeftOut.INNER: "id user_id"},
        end=End.ERASED,
    ),
    "tracker.Rsvp": Table(
        owner="user",
        exported="meeting_id day answer answered_at",
        left_out={LeftOut.INNER: "id user_id"},
        end=End.AT_ONCE,
    ),
    "tracker.Presenter": Table(
        owner="user",
        exported="assignment_id chosen_at",
        left_out={LeftOut.INNER: "id user_id"},
        end=End.AT_ONCE,
    ),
    "tracker.Nudge": Table(
        owner="user",
        exported="group_id day nudged_at",
        left_out={LeftOut.INNER: "id user_id by_id"},
        end=End.ERASED,
        others={"by": End.NAMELESS},
        until="half a year",
    ),
    "tracker.Mention": Table(
        owner="user",
        exported="question_id answer_id",
        left_out={LeftOut.INNER: "id user_id"},
        end=End.AT_ONCE,
    ),
    "tracker.Reader": Table(
        owner="user",
        exported="question_id read_at is_subscribed",
        left_out={LeftOut.INNER: "id user_id"},
        end=End.ERASED,
    ),
    # What those with power did about them; it stays for the leaders, about nobody.
    "tracker.LeaderAct": Table(
        owner="member",
        exported="group_id kind about at",
        left_out={LeftOut.INNER: "id member_id by_id"},
        end=End.NAMELESS,
        others={"by": End.NAMELESS},
        until="a year",
    ),
    "tracker.StaffLook": Table(
        owner="person",
        exported="table at",
        left_out={LeftOut.INNER: "id by_id person_id"},
        end=End.NAMELESS,
        others={"by": End.NAMELESS},
        until="a year",
    ),
    "tracker.Invitation": Table(
        left_out={
            LeftOut.SECRET: "digest",
            LeftOut.GROUP: "id public_id group_id prefix email max_uses uses invited_by_id "
            "created_at expires_at revoked_at",
        },
        end=End.KEPT,
        others={"invited_by": End.NAMELESS},
        until="30 days after it has ended",
    ),
    # --- What they write to others: it stays unless they ask for it to be emptied -----------------
    "tracker.Question": Table(
        owner="author",
        exported="public_id group_id title body unit_id topic_id written_at edited_at",
        left_out={
            LeftOut.DECIDES: "deleted_at",
            LeftOut.DERIVED: "body_html last_post_at",
            LeftOut.OTHERS: "is_pinned is_locked accepted_id",
            LeftOut.INNER: "id version author_id",
        },
        end=End.NAMELESS,
        until=_POST_GONE,
    ),
    "tracker.Answer": Table(
        owner="author",
        exported="public_id question_id body written_at edited_at",
        left_out={
            LeftOut.DECIDES: "deleted_at",
            LeftOut.DERIVED: "body_html",
            LeftOut.INNER: "id version author_id",
        },
        end=End.NAMELESS,
        until=_POST_GONE,
    ),
    "tracker.EarlierText": Table(
        exported="question_id answer_id title body written_at",
        left_out={LeftOut.DERIVED: "body_html", LeftOut.INNER: "id"},
        end=End.KEPT,
        until=_POST_GONE,
    ),
    # --- The groups': texts without an author, by whoever leads ----------------------------------
    "tracker.StudyGroup": Table(
        exported="public_id name",
        left_out={
            LeftOut.DECIDES: "deleted_at",
            LeftOut.GROUP: "id version about about_html time_zone resource_id visibility is_open "
            "created_at archived_at",
        },
        end=End.KEPT,
        until=_GROUP_GONE,
    ),
    "tracker.Assignment": Table(
        exported="public_id group_id unit_id",
        left_out={
            LeftOut.GROUP: "id version due_on due_time due_at position note is_draft "
            "is_for_everyone batch shifted_days created_at changed_at deleted_at"
        },
        end=End.KEPT,
        until=_GROUP_GONE,
    ),
    "tracker.Meeting": Table(
        exported="public_id group_id",
        left_out={
            LeftOut.GROUP: "id version title starts_on start_time minutes rrule ends_on place link "
            "agenda agenda_html created_at changed_at deleted_at"
        },
        end=End.KEPT,
        until=_GROUP_GONE,
    ),
    "tracker.MeetingDate": Table(
        left_out={
            LeftOut.GROUP: "id meeting_id day is_cancelled starts_on start_time minutes place link "
            "notes notes_html has_notes changed_at"
        },
        end=End.KEPT,
        until=_GROUP_GONE,
    ),
    "tracker.Webhook": Table(
        left_out={
            LeftOut.SECRET: "sealed_url sealed_secret sealed_previous_secret",
            LeftOut.GROUP: "id public_id group_id kind name url_digest shown_url rotated_at events "
            "created_by_id created_at disabled_at disabled_because failing_since not_before",
        },
        end=End.KEPT,
        others={"created_by": End.NAMELESS},
        until=_GROUP_GONE,
    ),
    "tracker.Delivery": Table(
        left_out={
            LeftOut.GROUP: "id public_id webhook_id event key message_id body state created_at "
            "due_at claimed_until tries last_tried_at last_status"
        },
        end=End.KEPT,
        until="30 days",
    ),
    # --- The machine's ---------------------------------------------------------------------------
    "sessions.Session": Table(
        left_out={LeftOut.SECRET: "session_key session_data", LeftOut.INNER: "expire_date"},
        # Those of a person are found by way of UserSession.
        end=End.AT_ONCE,
    ),
    "tracker.Deletion": Table(
        left_out={LeftOut.INNER: "id public_id empties_posts state requested_at erased_at"},
        end=End.KEPT,
        until="60 days, twice as long as backups",
    ),
    "django_tasks_database.DBTaskResult": Table(
        left_out={
            LeftOut.INNER: "id status enqueued_at started_at finished_at args_kwargs priority "
            "task_path worker_ids queue_name backend_name run_after return_value "
            "exception_class_path traceback"
        },
        end=End.KEPT,
        until="2 days; tasks take no arguments",
    ),
}

# Tables in which nobody appears; the catalog cannot even name people.
ABOUT_NOBODY = {
    "auth.Group", "auth.Group_permissions", "auth.Permission", "contenttypes.ContentType",
    "socialaccount.SocialApp", "tracker.JobRun", "tracker.Silence",
}  # fmt: skip


def owned(*ends: End) -> list[tuple[str, str]]:
    """The tables whose rows end so when their person leaves, with the path to the person."""
    return [(name, one.owner) for name, one in REGISTRY.items() if one.owner and one.end in ends]


def naming(end: End) -> list[tuple[str, str]]:
    """The further paths by which a row names somebody, where it ends so when that one leaves."""
    return [
        (name, path)
        for name, one in REGISTRY.items()
        for path, what in one.others.items()
        if what == end
    ]
