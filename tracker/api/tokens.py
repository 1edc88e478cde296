"""API tokens: made, listed and revoked in a signed-in browser only."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.http import Http404
from rest_framework import serializers
from rest_framework.response import Response

from mlmath.rest.answers import Answer, Page
from mlmath.rest.fields import Choice, Input, Line, Whole
from mlmath.rest.operations import operation
from mlmath.rest.pages import page_of
from mlmath.rest.problems import CONFLICT
from mlmath.rest.query import PAGING
from mlmath.rest.views import ApiView
from tracker.actions import tokens as actions
from tracker.api.authentication import ApiRequest
from tracker.api.idempotency import operation_once
from tracker.models import ApiToken, Scope


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenOutput(Answer):
    """A token that has not been revoked. `prefix` is how its secret starts; `last_used_at` is
    null before the first use and right to the hour."""

    id: str
    name: str
    scopes: list[Scope]
    prefix: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class NewTokenOutput(TokenOutput):
    """A new token with its secret, which is nowhere else and never to be had again."""

    secret: str


class TokenInput(Input):
    """{"name", "scopes", "days"?}: good for so many days, 90 unless said otherwise."""

    name = Line(max_length=100)
    scopes = serializers.ListField(
        child=Choice(choices=Scope.values), min_length=1, max_length=len(Scope)
    )
    days = Whole(required=False, min_value=1, max_value=actions.MAXIMUM_DAYS)


def token_output(token: ApiToken) -> TokenOutput:
    return TokenOutput(
        id=token.public_id,
        name=token.name,
        scopes=[Scope(scope) for scope in token.scopes],
        prefix=token.prefix,
        created_at=token.created_at,
        expires_at=token.expires_at,
        last_used_at=token.last_used_at,
    )


EXAMPLE = TokenOutput(
    id="w8n6p5t2r7k3v9x2m7q4",
    name="laptop",
    scopes=[Scope.READ, Scope.WRITE],
    prefix="mlm_4fQz",
    created_at=datetime(2026, 11, 21, 8, 30, tzinfo=UTC),
    expires_at=datetime(2027, 2, 19, 8, 30, tzinfo=UTC),
    last_used_at=None,
)


class MyTokens(ApiView):
    tag = "tokens"

    @operation(
        id="listMyTokens",
        summary="My tokens, the newest first",
        is_session_only=True,
        query=PAGING,
        answer=Page[TokenOutput],
        example=Page(count=1, next=None, previous=None, results=[EXAMPLE]),
    )
    def get(self, request: ApiRequest) -> Response:
        """Expired ones stay in the list until they are revoked."""
        tokens = request.user.api_tokens.filter(revoked_at=None)
        return Response(page_of(request, self.query, tokens, token_output))

    @operation_once(
        shows_secret=True,
        id="createMyToken",
        summary="Make a token",
        is_session_only=True,
        status=201,
        body=TokenInput,
        body_example={"name": "laptop", "scopes": ["read", "write"], "days": 90},
        answer=NewTokenOutput,
        example=NewTokenOutput(
            id=EXAMPLE.id,
            name=EXAMPLE.name,
            scopes=EXAMPLE.scopes,
            prefix=EXAMPLE.prefix,
            created_at=EXAMPLE.created_at,
            expires_at=EXAMPLE.expires_at,
            last_used_at=None,
            secret="mlm_" + "x" * 38,
        ),
        problems=(CONFLICT,),
    )
    def post(self, request: ApiRequest) -> Response:
        """The secret is in this answer and nowhere else. More than 50 live tokens are a 409.

        Repeating the call with its Idempotency-Key makes no second token. The secret is not kept,
        so that this is a 409, `already_shown`.
        """
        data = self.read_body(request)
        made = actions.create_token(
            user=request.user,
            name=data["name"],
            scopes=[Scope(scope) for scope in data["scopes"]],
            days=data.get("days", actions.DEFAULT_DAYS),
        )
        row = token_output(made.token)
        answer = NewTokenOutput(
            id=row.id,
            name=row.name,
            scopes=row.scopes,
            prefix=row.prefix,
            created_at=row.created_at,
            expires_at=row.expires_at,
            last_used_at=row.last_used_at,
            secret=made.secret,
        )
        return Response(answer, status=201)


class MyToken(ApiView):
    tag = "tokens"

    @operation(
        id="revokeMyToken",
        summary="Revoke a token",
        is_session_only=True,
        status=204,
        address={"id": ("The token", EXAMPLE.id)},
    )
    def delete(self, request: ApiRequest, id: str) -> Response:  # noqa: A002  # as the address says
        """It is refused from the next call on. Revoking twice is no error."""
        if not actions.revoke_token(user=request.user, public_id=id):
            raise Http404
        return Response(status=204)
