"""How long things are kept: each number once. The daily purge goes by them, and so do the privacy
page and docs/privacy.md, which tell people."""

from dataclasses import dataclass
from datetime import timedelta

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

SESSIONS = 30 * DAY
UNCONFIRMED_ACCOUNTS = 7 * DAY
ENDED_INVITATIONS = 30 * DAY
KEPT_ANSWERS = 24 * HOUR
MAIL = 30 * DAY
DELIVERIES = 30 * DAY
DELETED_POSTS = 30 * DAY
DELETED_GROUPS = 30 * DAY
NOTICES = 183 * DAY
BROWSERS = 365 * DAY
TASK_RESULTS = 2 * DAY
ACTS = 365 * DAY
# An account is told twice before it goes, and each time has as long to come back.
INACTIVE_TOLD = 700 * DAY
INACTIVE_TOLD_AGAIN = 730 * DAY
TIME_TO_COME_BACK = 30 * DAY
ERASING = DAY
BACKUPS = 30 * DAY
# Longer than any backup, so that whoever restores one knows whom to delete again.
DELETED_ACCOUNTS = 60 * DAY


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What is kept for a while, in words, and for how long after what."""

    what: str
    time: timedelta
    after: str

    @property
    def how_long(self) -> str:
        return f"{in_words(self.time)} {self.after}"


KEPT = (
    Kept(what="Sessions with IP address and browser", time=SESSIONS, after="after signing in"),
    Kept(
        what="Accounts whose address nobody has confirmed",
        time=UNCONFIRMED_ACCOUNTS,
        after="after signing up",
    ),
    Kept(what="Kinds of browser you signed in with", time=BROWSERS, after="after the last time"),
    Kept(what="Invitations", time=ENDED_INVITATIONS, after="after they have ended"),
    Kept(what="Notices at the bell", time=NOTICES, after="after you were told"),
    Kept(what="What leaders and staff did about you", time=ACTS, after="after they did it"),
    Kept(
        what="Mail: that it was sent, not what it said", time=MAIL, after="after it has been sent"
    ),
    Kept(what="Calls of a group's webhooks", time=DELIVERIES, after="after the event"),
    Kept(
        what="Answers to repeated API calls (Idempotency-Key)",
        time=KEPT_ANSWERS,
        after="after the call",
    ),
    Kept(
        what="Deleted questions and answers, without their texts",
        time=DELETED_POSTS,
        after="after they were deleted",
    ),
    Kept(what="Deleted groups", time=DELETED_GROUPS, after="after they were deleted"),
    Kept(what="What a deleted account did", time=ERASING, after="after you deleted it, at most"),
    Kept(
        what="The number of a deleted account, and nothing else of it",
        time=DELETED_ACCOUNTS,
        after="after you deleted it",
    ),
    Kept(what="Backups", time=BACKUPS, after="after they were made"),
)


def in_words(time: timedelta) -> str:
    """Such as “30 days” or “a year”."""
    days, hours = time.days, round(time / HOUR)
    if days == 183:
        return "half a year"
    if days and days % 365 == 0:
        return "a year" if days == 365 else f"{days // 365} years"
    if days > 365:
        return f"{round(days / 30.4)} months"
    if days <= 1:
        return f"{hours} hours" if hours > 1 else "an hour"
    return f"{days} days"
