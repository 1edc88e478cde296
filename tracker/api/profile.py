"""Me: who I am, what I want to become, when I study."""

import time
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from allauth.account import app_settings
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import ratelimit
from django.contrib.auth import logout
from rest_framework import serializers
from rest_framework.response import Response

from catalog.graph import CatalogGraph, current_graph
from catalog.models import Role
from mlmath.rest.answers import Also, Answer
from mlmath.rest.fields import Choice, Day, Input, Line, Text, Whole, YesNo
from mlmath.rest.operations import operation
from mlmath.rest.problems import (
    CONFLICT,
    REAUTHENTICATION_REQUIRED,
    TOO_MANY_REQUESTS,
    FieldError,
    Problem,
    invalid,
)
from mlmath.rest.views import ApiView
from tracker.actions import people as actions
from tracker.api.authentication import ApiRequest
from tracker.models import User
from tracker.models.people import (
    MINUTES_IN_A_DAY,
    MOST_REVIEWS_PER_DAY,
    WEEKDAYS,
    check_time_zone,
)
from tracker.summaries.people import role_of


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfileOutput(Answer):
    """What the person says about themselves. A null `role` or `minutes_per_day`: not said."""

    id: str
    email: Annotated[str, Also(format="email")]
    name: str
    role: str | None
    minutes_per_day: int | None
    study_days: list[Annotated[str, Also(enum=list(WEEKDAYS))]]
    days_off: list[date]
    time_zone: str
    show_dates: bool
    reviews_per_day: Annotated[int, Also(minimum=0)]


class ProfileInput(Input):
    """{"name"?, "role"? (slug or null), "minutes_per_day"? (or null), "study_days"?, "days_off"?,
    "time_zone"?, "show_dates"?, "reviews_per_day"? (0: none)}: what is missing stays as it is."""

    name = Line(required=False, allow_blank=True, max_length=200)
    role = Text(required=False, allow_null=True, max_length=80, help_text="The slug of a role")
    minutes_per_day = Whole(
        required=False, allow_null=True, min_value=1, max_value=MINUTES_IN_A_DAY
    )
    study_days = serializers.ListField(
        child=Choice(choices=WEEKDAYS), required=False, max_length=len(WEEKDAYS)
    )
    days_off = serializers.ListField(
        child=Day(), required=False, max_length=actions.MAXIMUM_DAYS_OFF
    )
    time_zone = Text(required=False, max_length=64, validators=[check_time_zone])
    show_dates = YesNo(required=False)
    reviews_per_day = Whole(required=False, min_value=0, max_value=MOST_REVIEWS_PER_DAY)

    def validate_role(self, slug: str | None) -> Role | None:
        if slug is None:
            return None
        graph = current_graph()
        slug = graph.renamed.get(f"roles/{slug}", slug)
        role = Role.objects.filter(slug=slug, is_retired=False).first()
        if role is None:
            raise serializers.ValidationError(
                f"There is no role “{slug}”. Known: {', '.join(graph.roles)}.", code="unknown_role"
            )
        return role


class DeletionInput(Input):
    """{"password"?, "empties_posts"?}: the password is needed unless the session signed in within
    the last five minutes."""

    password = Text(required=False, max_length=128, trim_whitespace=False)
    empties_posts = YesNo(required=False)


def profile_output(user: User, graph: CatalogGraph) -> ProfileOutput:
    role = role_of(user, graph)
    return ProfileOutput(
        id=user.public_id,
        email=user.email,
        name=user.name,
        role=role.slug if role else None,
        minutes_per_day=user.minutes_per_day,
        study_days=user.study_days,
        days_off=[date.fromisoformat(day) for day in user.days_off],
        time_zone=user.time_zone,
        show_dates=user.show_dates,
        reviews_per_day=user.reviews_per_day,
    )


EXAMPLE = ProfileOutput(
    id="k3v9x2m7q4w8n6p5t2r7",
    email="ada@example.org",
    name="Ada Lovelace",
    role="data-scientist",
    minutes_per_day=45,
    study_days=["mon", "wed", "sat"],
    days_off=[date(2026, 12, 24)],
    time_zone="Europe/London",
    show_dates=True,
    reviews_per_day=5,
)


class Me(ApiView):
    tag = "me"

    @operation(
        id="getMe", summary="My profile", scope="read", answer=ProfileOutput, example=EXAMPLE
    )
    def get(self, request: ApiRequest) -> Response:
        return Response(profile_output(request.user, current_graph()))

    @operation(
        id="updateMe",
        summary="Change my profile",
        scope="write",
        body=ProfileInput,
        body_example={"role": "data-scientist", "minutes_per_day": 45},
        answer=ProfileOutput,
        example=EXAMPLE,
    )
    def patch(self, request: ApiRequest) -> Response:
        """What is missing stays as it is; `days_off` replaces all days off."""
        user = actions.update_profile(user=request.user, **self.read_body(request))
        return Response(profile_output(user, current_graph()))

    @operation(
        id="deleteMe",
        summary="Delete my account and everything in it",
        is_session_only=True,
        body=DeletionInput,
        body_example={"password": "correct horse battery"},
        is_body_required=False,
        status=204,
        problems=(CONFLICT, TOO_MANY_REQUESTS),
    )
    def delete(self, request: ApiRequest) -> Response:
        """Cannot be taken back: everything is gone for everybody at once, and erased within a day.
        Questions and answers in groups stay, by a “deleted member”, and keep their texts unless
        `empties_posts`. Needs the password, or a sign-in within the last five minutes. A 409,
        `last_leader`, while nobody else leads a group in which others are."""
        body = self.read_body(request)
        _check_it_is_them(request, body.get("password"))
        actions.delete_account(user=request.user, empties_posts=body.get("empties_posts", False))
        logout(request._request)
        return Response(status=204)


def _check_it_is_them(request: ApiRequest, password: str | None) -> None:
    """Raises a problem unless the password is right, or missing shortly after a sign-in."""
    user = request.user
    if password is None:
        if not _signed_in_lately(request):
            raise Problem(REAUTHENTICATION_REQUIRED)
        return
    # The same limit as on the page that asks for the password again.
    if not ratelimit.consume(request._request, action="reauthenticate", user=user):
        raise Problem(TOO_MANY_REQUESTS, headers={"Retry-After": "60"})
    if not user.check_password(password):
        raise invalid(
            [FieldError(pointer="/password", code="wrong", detail="This is not your password.")]
        )


def _signed_in_lately(request: ApiRequest) -> bool:
    records = get_authentication_records(request._request, request.user)
    newest = max((float(record["at"]) for record in records), default=0.0)
    return time.time() - newest < float(app_settings.REAUTHENTICATION_TIMEOUT)
