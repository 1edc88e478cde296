"""Who calls: a token or a browser's session, and what a token may do."""

from typing import TYPE_CHECKING

from rest_framework import authentication, exceptions
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from mlmath.rest.problems import (
    CSRF_FAILED,
    INSUFFICIENT_SCOPE,
    SESSION_ONLY,
    UNSUPPORTED_MEDIA_TYPE,
    Problem,
)
from tracker.actions.tokens import use_token
from tracker.models import ApiToken, Scope, User

if TYPE_CHECKING:
    # REST framework loads this module while it makes the class that every view is made from.
    from rest_framework.views import APIView

_REALM = 'Bearer realm="mlmath"'


class ApiRequest(Request):
    """A request after IsAuthenticated: `user` is a real one, `auth` the token or None."""

    user: User
    auth: ApiToken | None


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer mlm_...`. Whatever else stands in that header is refused."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        scheme, _, secret = header.partition(" ")
        token = use_token(secret=secret.strip()) if scheme.lower() == "bearer" else None
        if token is None:
            raise exceptions.AuthenticationFailed
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        # Without a credential, RFC 6750 wants no error in the challenge.
        sent_one = "HTTP_AUTHORIZATION" in request.META
        return f'{_REALM}, error="invalid_token"' if sent_one else _REALM


class SessionAuthentication(authentication.SessionAuthentication):
    """A signed-in browser. What changes something needs the CSRF token, and a body must be JSON:
    a form on another site can send neither."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        user = request._request.user
        if not isinstance(user, User) or not user.is_active:
            return None
        has_body = request.META.get("CONTENT_LENGTH", "") not in {"", "0"}
        media_type = (request.content_type or "").partition(";")[0].strip().lower()
        if request.method not in SAFE_METHODS and has_body and media_type != "application/json":
            raise Problem(UNSUPPORTED_MEDIA_TYPE)
        self.enforce_csrf(request)
        return user, None

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied:
            raise Problem(CSRF_FAILED) from None


class HasScope(BasePermission):
    """Keeps tokens to their scopes; a session may do everything that its person may."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        token, operation = request.auth, view.operation  # type: ignore[attr-defined]  # every view of ours has one
        if not isinstance(token, ApiToken):
            return True
        if operation.is_session_only:
            raise Problem(SESSION_ONLY)
        needed = operation.scope
        if operation.needs is not None:
            needed = operation.needs(request.user, view.kwargs)
        if needed and needed not in token.scopes:
            if operation.sees is not None:
                operation.sees(request.user, view.kwargs)
            raise missing_scope(needed)
        return True


def check_scope(request: ApiRequest, needed: Scope) -> None:
    """For what a body asks for beyond the scope of its call. Raises the 403 that names `needed`."""
    if request.auth is not None and needed not in request.auth.scopes:
        raise missing_scope(needed)


def missing_scope(needed: str) -> Problem:
    return Problem(
        INSUFFICIENT_SCOPE,
        f"This call needs the scope “{needed}”, which the token does not have.",
        headers={"WWW-Authenticate": f'{_REALM}, error="insufficient_scope", scope="{needed}"'},
    )
