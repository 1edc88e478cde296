"""Where the account library hands over to us."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest, HttpResponse

from tracker.actions import progress as actions
from tracker.guests import take_marks
from tracker.models import User


def display_name(user: User) -> str:
    """What the account library calls somebody in its messages."""
    return user.name or user.email


class SignInBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth brings no types
    """Signs in as allauth does; the person of a session is loaded by one prepared statement."""

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.by_key(user_id)
        return user if user is not None and self.user_can_authenticate(user) else None


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth brings no types
    """Brings a guest's marks along at sign-up and at sign-in."""

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        marks = take_marks(request)
        if marks:
            actions.merge_guest_marks(user=user, marks=marks)
        response: HttpResponse = super().post_login(request, user, **kwargs)
        return response
