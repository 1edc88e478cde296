"""The addresses of my calendar feeds."""

from dataclasses import dataclass

from rest_framework.response import Response

from mlmath.rest.answers import Address, Answer
from mlmath.rest.operations import operation
from mlmath.rest.views import ApiView
from tracker.actions import feeds as actions
from tracker.api.authentication import ApiRequest
from tracker.summaries.feeds import feed_addresses


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedOutput(Answer):
    """A calendar (RFC 5545). Whoever knows the address can read it, so it is kept like a secret."""

    name: str
    url: Address


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedsOutput(Answer):
    """All of my calendars: everything of mine first, then one for each group."""

    results: list[FeedOutput]


_TOKEN = "n3x8f5k2q9w7m4t6r2p8.0." + "x" * 43
_EXAMPLE = FeedsOutput(
    results=[
        FeedOutput(name="Everything of mine", url=f"https://mlmath.example/feeds/{_TOKEN}/me.ics"),
        FeedOutput(
            name="Tuesday Readers",
            url=f"https://mlmath.example/feeds/{_TOKEN}/groups/k7m2x9p4q8t3v6w5n2r8.ics",
        ),
    ]
)


def _output(request: ApiRequest) -> FeedsOutput:
    return FeedsOutput(
        results=[
            FeedOutput(name=name, url=request.build_absolute_uri(path))
            for name, path in feed_addresses(user=request.user)
        ]
    )


class MyFeeds(ApiView):
    tag = "feeds"

    @operation(
        id="listMyFeeds",
        summary="The addresses of my calendars",
        scope="read",
        answer=FeedsOutput,
        example=_EXAMPLE,
    )
    def get(self, request: ApiRequest) -> Response:
        """Calendar programs fetch them without signing in."""
        return Response(_output(request))


class MyReplacedFeeds(ApiView):
    tag = "feeds"

    @operation(
        id="replaceMyFeeds",
        summary="Replace the addresses of my calendars",
        scope="write",
        answer=FeedsOutput,
        example=_EXAMPLE,
    )
    def post(self, request: ApiRequest) -> Response:
        """The old addresses are a 404 from now on."""
        actions.replace_feeds(user=request.user)
        return Response(_output(request))
