"""Which mail I want, and when."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import time
from typing import Annotated, Any

from rest_framework import serializers
from rest_framework.response import Response

from mlmath.rest.answers import Also, Answer
from mlmath.rest.fields import CLOCK, Choice, Clock, Input, Text
from mlmath.rest.operations import operation
from mlmath.rest.problems import FieldError, invalid
from mlmath.rest.views import ApiView
from tracker.actions import mail as actions
from tracker.api.authentication import ApiRequest
from tracker.api.groups import EXAMPLE as GROUP
from tracker.models import MailCategory, MailSettings, StudyGroup, User
from tracker.models.ids import PUBLIC_ID_LENGTH
from tracker.summaries.mail import MOST_REFUSALS, mail_settings_of

MOST_GROUPS = 1_000
CATEGORIES = tuple(MailCategory.values)
TimeOfDay = Annotated[str, Also(pattern=CLOCK)]


@dataclass(frozen=True, kw_only=True, slots=True)
class MutedOutput(Answer):
    """What I do not want from one group, by its id."""

    group: str
    categories: list[MailCategory]


@dataclass(frozen=True, kw_only=True, slots=True)
class MailOutput(Answer):
    """What I want by mail; what is about the safety of my account always comes. `muted` takes
    something away from single groups. Between `quiet_from` and `quiet_until` in my time zone mail
    waits; the same time twice means never. `paused`: my address has refused mail for good, and gets
    none before I change something here."""

    wanted: list[MailCategory]
    muted: list[MutedOutput]
    quiet_from: TimeOfDay
    quiet_until: TimeOfDay
    paused: bool


def _categories(**kwargs: Any) -> serializers.ListField:
    return serializers.ListField(
        child=Choice(choices=CATEGORIES), max_length=len(CATEGORIES), **kwargs
    )


class MutedInput(Input):
    """{"group" (id), "categories"}"""

    group = Text(max_length=PUBLIC_ID_LENGTH, help_text="The id of a group that I am in")
    categories = _categories()


class MailInput(Input):
    """{"wanted"?, "muted"?, "quiet_from"?, "quiet_until"?}: what is missing stays as it is, and a
    list replaces the one before."""

    wanted = _categories(required=False)
    muted = serializers.ListField(child=MutedInput(), required=False, max_length=MOST_GROUPS)
    quiet_from = Clock(required=False, help_text="HH:MM in my time zone")
    quiet_until = Clock(required=False, help_text="HH:MM in my time zone")


def mail_output(settings: MailSettings, groups: Container[str]) -> MailOutput:
    """`groups` are the ids of those that they are in."""
    return MailOutput(
        wanted=[name for name in MailCategory if settings.wants(name)],
        muted=[
            MutedOutput(group=group, categories=[MailCategory(name) for name in names])
            for group, names in sorted(settings.muted.items())
            if group in groups
        ],
        quiet_from=f"{settings.quiet_from:%H:%M}",
        quiet_until=f"{settings.quiet_until:%H:%M}",
        paused=settings.refusals >= MOST_REFUSALS,
    )


_EXAMPLE = MailOutput(
    wanted=[MailCategory.DUE, MailCategory.MENTION],
    muted=[MutedOutput(group=GROUP.id, categories=[MailCategory.DUE])],
    quiet_from="22:00",
    quiet_until="07:00",
    paused=False,
)


class MyMail(ApiView):
    tag = "me"

    @operation(
        id="getMyMail",
        summary="Which mail I want",
        scope="read",
        answer=MailOutput,
        example=_EXAMPLE,
    )
    def get(self, request: ApiRequest) -> Response:
        settings = mail_settings_of([request.user.pk])[request.user.pk]
        return Response(mail_output(settings, _groups_of(request.user)))

    @operation(
        id="changeMyMail",
        summary="Choose which mail I want",
        scope="write",
        body=MailInput,
        body_example={
            "wanted": ["due", "mention"],
            "muted": [{"group": GROUP.id, "categories": ["due"]}],
            "quiet_from": "22:00",
        },
        answer=MailOutput,
        example=_EXAMPLE,
    )
    def patch(self, request: ApiRequest) -> Response:
        """An address that has refused mail is tried again."""
        data, groups = self.read_body(request), _groups_of(request.user)
        settings = actions.change_mail_settings(
            user=request.user,
            wanted=data.get("wanted"),
            muted=_muted(data["muted"], groups) if "muted" in data else None,
            quiet_from=time.fromisoformat(data["quiet_from"]) if "quiet_from" in data else None,
            quiet_until=time.fromisoformat(data["quiet_until"]) if "quiet_until" in data else None,
        )
        return Response(mail_output(settings, groups))


def _groups_of(user: User) -> set[str]:
    """The ids of the groups that they are in. One query."""
    groups = StudyGroup.objects.filter(memberships__user=user, deleted_at=None)
    return set(groups.values_list("public_id", flat=True))


def _muted(rows: list[dict[str, Any]], groups: Container[str]) -> dict[str, set[str]]:
    """What is muted by group; a group named twice counts once. Raises a 400 for others."""
    unknown = [
        FieldError(
            pointer=f"/muted/{place}/group",
            code="unknown",
            detail=f"You are in no group with the id “{row['group']}”.",
        )
        for place, row in enumerate(rows)
        if row["group"] not in groups
    ]
    if unknown:
        raise invalid(unknown)
    muted: dict[str, set[str]] = {}
    for row in rows:
        muted.setdefault(row["group"], set()).update(row["categories"])
    return muted
