"""The part of an export that an import never takes over: the account itself and what it is told.

Which columns are here and which are not, and why, says `tracker.models.privacy`.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.db.models import Q

from tracker.models import (
    ApiToken,
    Ban,
    EarlierText,
    JoinRequest,
    KnownBrowser,
    LeaderAct,
    MailSettings,
    Membership,
    Mention,
    Notice,
    Nudge,
    Reader,
    Recipient,
    StaffLook,
    User,
)


def instant(moment: datetime) -> str:
    """RFC 3339 in UTC, to the microsecond, so that nothing is lost on the way back."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def account_of(user: User) -> dict[str, object]:
    """Everything about `user` beside what they study and write. Eighteen queries."""
    return {
        "last_sign_in_at": instant(user.last_login) if user.last_login else None,
        "is_staff": user.is_staff,
        "calendar_alarm_minutes": user.feed_alarm_minutes,
        "timer": _timer(user),
        "addresses": _rows(
            "account.EmailAddress", user, address="email", verified="verified", primary="primary"
        ),
        "connections": [
            connection | {"data": json.dumps(connection["data"])}
            for connection in _rows(
                "socialaccount.SocialAccount",
                user,
                provider="provider",
                uid="uid",
                connected_at="date_joined",
                last_sign_in_at="last_login",
                data="extra_data",
            )
        ],
        "second_factors": _rows(
            "mfa.Authenticator",
            user,
            kind="type",
            added_at="created_at",
            last_used_at="last_used_at",
        ),
        "devices": _rows(
            "usersessions.UserSession",
            user,
            ip="ip",
            browser="user_agent",
            signed_in_at="created_at",
            last_seen_at="last_seen_at",
        ),
        "browsers": _rows(KnownBrowser, user, name="name", seen_at="seen_at"),
        "tokens": _rows(
            ApiToken,
            user,
            id="public_id",
            name="name",
            scopes="scopes",
            prefix="prefix",
            created_at="created_at",
            expires_at="expires_at",
            last_used_at="last_used_at",
            revoked_at="revoked_at",
        ),
        "mail": _rows(
            MailSettings,
            user,
            choices="choices",
            muted="muted",
            quiet_from="quiet_from",
            quiet_until="quiet_until",
            refusals="refusals",
            finish_told_on="finish_told_on",
        ),
        "notices": _rows(
            Notice,
            user,
            id="public_id",
            kind="kind",
            group="group__public_id",
            text="text",
            path="address",
            told_at="told_at",
            read_at="read_at",
        ),
        "places": _rows(
            Membership,
            user,
            group="group__public_id",
            hears_of_questions="hears_of_questions",
            last_active_on="last_active_on",
        ),
        "join_requests": _rows(
            JoinRequest,
            user,
            group="group__public_id",
            message="message",
            asked_at="asked_at",
            declined_at="declined_at",
        ),
        "bans": _rows(Ban, user, group="group__public_id", banned_at="banned_at"),
        "nudges": _rows(Nudge, user, group="group__public_id", day="day", at="nudged_at"),
        "acts": _listed(
            LeaderAct.objects.filter(member=user),
            group="group__public_id",
            kind="kind",
            about="about",
            at="at",
        ),
        "looks_by_staff": _listed(StaffLook.objects.filter(person=user), table="table", at="at"),
        "chosen_for": _rows(
            Recipient,
            user,
            group="assignment__group__public_id",
            assignment="assignment__public_id",
        ),
        "mentions": _rows(
            Mention, user, question="question__public_id", answer="answer__public_id"
        ),
        "subscriptions": _rows(
            Reader,
            user,
            question="question__public_id",
            read_at="read_at",
            subscribed="is_subscribed",
        ),
        "earlier_texts": _listed(
            EarlierText.objects.filter(Q(question__author=user) | Q(answer__author=user)),
            question="question__public_id",
            answer="answer__public_id",
            title="title",
            body="body",
            written_at="written_at",
        ),
    }


def _timer(user: User) -> dict[str, object] | None:
    if user.timer_started_at is None:
        return None
    topic, unit = user.timer_topic, user.timer_unit
    return {
        "started_at": instant(user.timer_started_at),
        "topic": topic.slug if topic else None,
        "unit": f"{unit.resource.slug}/{unit.slug}" if unit else None,
    }


def _rows(model: Any, user: User, **columns: str) -> list[dict[str, object]]:
    """The rows of `user`, the oldest first, under the names that the document has for columns."""
    table = apps.get_model(model) if isinstance(model, str) else model
    return _listed(table._base_manager.filter(user=user), **columns)


def _listed(rows: Any, **columns: str) -> list[dict[str, object]]:
    found = rows.order_by("pk").values_list(*columns.values())
    return [
        {name: _shown(value) for name, value in zip(columns, row, strict=True)} for row in found
    ]


def _shown(value: object) -> object:
    if isinstance(value, datetime):
        return instant(value)
    isoformat: Callable[[], str] | None = getattr(value, "isoformat", None)
    return isoformat() if isoformat else value
