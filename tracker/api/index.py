"""Where everything is."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.urls import reverse
from rest_framework.request import Request

from mlmath.rest.answers import Address, Answer
from mlmath.rest.operations import operation
from mlmath.rest.prepared import prepare, send
from mlmath.rest.views import PublicView


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexOutput(Answer):
    """The addresses of the collections."""

    subjects: Address
    topics: Address
    roles: Address
    resources: Address
    paths: Address
    search: Address
    me: Address
    my_topics: Address
    my_units: Address
    my_plan: Address
    my_gap: Address
    my_sessions: Address
    my_timer: Address
    my_activity: Address
    my_streak: Address
    my_reviews: Address
    my_notes: Address
    my_notices: Address
    my_assignments: Address
    my_export: Address
    my_feeds: Address
    my_tokens: Address
    groups: Address
    schema: Address
    docs: Address


_NAMES = {
    "subjects": "catalog-api:subject-list",
    "topics": "catalog-api:topic-list",
    "roles": "catalog-api:role-list",
    "resources": "catalog-api:resource-list",
    "paths": "catalog-api:path-list",
    "search": "catalog-api:search",
    "me": "tracker-api:me",
    "my_topics": "tracker-api:my-topics",
    "my_units": "tracker-api:my-units",
    "my_plan": "tracker-api:my-plan",
    "my_gap": "tracker-api:my-gap",
    "my_sessions": "tracker-api:my-sessions",
    "my_timer": "tracker-api:my-timer",
    "my_activity": "tracker-api:my-activity",
    "my_streak": "tracker-api:my-streak",
    "my_reviews": "tracker-api:my-reviews",
    "my_notes": "tracker-api:my-notes",
    "my_notices": "tracker-api:my-notices",
    "my_assignments": "tracker-api:my-assignments",
    "my_export": "tracker-api:my-export",
    "my_feeds": "tracker-api:my-feeds",
    "my_tokens": "tracker-api:my-tokens",
    "groups": "tracker-api:groups",
    "schema": "api-schema",
    "docs": "api-docs",
}
_EXAMPLE = {
    name: f"https://mlmath.example/api/v1/{path}"
    for name, path in {
        "subjects": "subjects/",
        "topics": "topics/",
        "roles": "roles/",
        "resources": "resources/",
        "paths": "paths/",
        "search": "search/",
        "me": "me/",
        "my_topics": "me/topics/",
        "my_units": "me/units/",
        "my_plan": "me/plan/",
        "my_gap": "me/gap/",
        "my_sessions": "me/sessions/",
        "my_timer": "me/timer/",
        "my_activity": "me/activity/",
        "my_streak": "me/streak/",
        "my_reviews": "me/reviews/",
        "my_notes": "me/notes/",
        "my_notices": "me/notices/",
        "my_assignments": "me/assignments/",
        "my_export": "me/export/",
        "my_feeds": "me/feeds/",
        "my_tokens": "me/tokens/",
        "groups": "groups/",
        "schema": "schema/",
        "docs": "docs/",
    }.items()
}


class Index(PublicView):
    tag = "about"

    @operation(
        id="getIndex",
        summary="The collections",
        is_public=True,
        answer=IndexOutput,
        example=IndexOutput(**_EXAMPLE),
    )
    def get(self, request: Request) -> HttpResponse:
        addresses = {
            name: request.build_absolute_uri(reverse(route)) for name, route in _NAMES.items()
        }
        return send(request, prepare(IndexOutput(**addresses)))
