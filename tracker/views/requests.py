"""The request of a page that only signed-in people see."""

from django.http import HttpRequest

from tracker.models import User


class AppRequest(HttpRequest):
    """For annotations: LoginRequiredMiddleware has seen to it that there is a person."""

    user: User
