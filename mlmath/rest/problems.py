"""Errors of the API as RFC 9457 problem documents.

Every kind of problem has a page at its `type` that explains it (mlmath.rest.problem_pages).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.utils.encoding import escape_uri_path
from rest_framework import exceptions
from rest_framework.request import Request

from mlmath.errors import Changed, DomainError, NotFound
from mlmath.rest.answers import Also, Answer
from mlmath.rest.rendering import json_response

MEDIA_TYPE = "application/problem+json"
Reference = Annotated[str, Also(format="uri-reference")]


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A kind of problem; `title` is the same for all of them, `meaning` is for its page."""

    slug: str
    status: HTTPStatus
    title: str
    meaning: str

    @property
    def type(self) -> str:
        return f"/problems/{self.slug}/"

    @property
    def code(self) -> str:
        return self.slug.replace("-", "_")


INVALID_REQUEST = Kind(
    slug="invalid-request",
    status=HTTPStatus.BAD_REQUEST,
    title="The request does not fit",
    meaning="A parameter or a field is missing, unknown or has a value that it cannot have, or the "
    "body is no JSON object. Each entry of “errors” names one by its JSON pointer into the body "
    "(for a query parameter: its name after a slash) and says what would be right. Nothing was "
    "changed.",
)
AUTHENTICATION_REQUIRED = Kind(
    slug="authentication-required",
    status=HTTPStatus.UNAUTHORIZED,
    title="Sign-in needed",
    meaning="This is personal. Send a token as “Authorization: Bearer mlm_…”, or call from a "
    "browser that is signed in.",
)
INVALID_TOKEN = Kind(
    slug="invalid-token",
    status=HTTPStatus.UNAUTHORIZED,
    title="The token is not valid",
    meaning="The token is mistyped, has expired or was revoked, or the header is not of the form "
    "“Authorization: Bearer mlm_…”. Make a new one in the settings. A bad token is refused "
    "everywhere, also where none is needed.",
)
FORBIDDEN = Kind(
    slug="forbidden",
    status=HTTPStatus.FORBIDDEN,
    title="Not allowed",
    meaning="You may see this, but not do that to it.",
)
INSUFFICIENT_SCOPE = Kind(
    slug="insufficient-scope",
    status=HTTPStatus.FORBIDDEN,
    title="The token lacks a scope",
    meaning="The token is good, but not for this call. The detail and the WWW-Authenticate header "
    "name the scope that is missing. A token keeps its scopes: make another one.",
)
SESSION_ONLY = Kind(
    slug="session-only",
    status=HTTPStatus.FORBIDDEN,
    title="Not with a token",
    meaning="No token can change how you sign in, make or list tokens, or delete the account. "
    "Do it in a browser that is signed in.",
)
REAUTHENTICATION_REQUIRED = Kind(
    slug="reauthentication-required",
    status=HTTPStatus.FORBIDDEN,
    title="Prove that it is you",
    meaning="This cannot be taken back, so it needs your password, or a sign-in a few minutes ago.",
)
CSRF_FAILED = Kind(
    slug="csrf-failed",
    status=HTTPStatus.FORBIDDEN,
    title="The CSRF token is missing or wrong",
    meaning="A browser's session changes things only with the token of the page, in the header "
    "“X-CSRFToken”. Programs use API tokens instead and need none.",
)
NOT_FOUND = Kind(
    slug="not-found",
    status=HTTPStatus.NOT_FOUND,
    title="Nothing here",
    meaning="There is nothing at this address, or it is not yours to see. Addresses end with a "
    "slash.",
)
METHOD_NOT_ALLOWED = Kind(
    slug="method-not-allowed",
    status=HTTPStatus.METHOD_NOT_ALLOWED,
    title="Not with this method",
    meaning="The address exists, but does not know this method. The Allow header lists "
    "those it knows.",
)
NOT_ACCEPTABLE = Kind(
    slug="not-acceptable",
    status=HTTPStatus.NOT_ACCEPTABLE,
    title="Not in this form",
    meaning="The Accept header leaves out what this address has to offer. Ask for "
    "application/json.",
)
CONFLICT = Kind(
    slug="conflict",
    status=HTTPStatus.CONFLICT,
    title="The rules say no",
    meaning="The request is well-formed, but does not go with how things stand. The detail says "
    "why and what to do; “code” is a stable name for the reason.",
)
IDEMPOTENCY_KEY_IN_USE = Kind(
    slug="idempotency-key-in-use",
    status=HTTPStatus.CONFLICT,
    title="The same call is still running",
    meaning="A call with this Idempotency-Key has not come to its end yet. Repeat it after the "
    "seconds that the Retry-After header gives, to get the answer of that call.",
)
PRECONDITION_FAILED = Kind(
    slug="precondition-failed",
    status=HTTPStatus.PRECONDITION_FAILED,
    title="It has been changed meanwhile",
    meaning="The ETag in If-Match is no longer that of the thing: somebody has changed it since "
    "you read it. Nothing was changed now. Read it again, and send your change with the new ETag "
    "if it still makes sense.",
)
TOO_LARGE = Kind(
    slug="too-large",
    status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    title="Too much at once",
    meaning="A body has at most 1 MiB, an import 10 MiB. Send several smaller ones.",
)
UNSUPPORTED_MEDIA_TYPE = Kind(
    slug="unsupported-media-type",
    status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    title="The body is not JSON",
    meaning="Send JSON in UTF-8, with the header “Content-Type: application/json”.",
)
IDEMPOTENCY_KEY_REUSED = Kind(
    slug="idempotency-key-reused",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title="The key belongs to another call",
    meaning="In the last 24 hours this Idempotency-Key came with another body or at another "
    "address. Nothing was changed. Take a new key for every new thing.",
)
TOO_MANY_REQUESTS = Kind(
    slug="too-many-requests",
    status=HTTPStatus.TOO_MANY_REQUESTS,
    title="Too many requests",
    meaning="Wait as many seconds as the Retry-After header says. RateLimit-Policy tells how "
    "many calls are fine and RateLimit how many are left. All tokens of a person share them.",
)
SERVER_ERROR = Kind(
    slug="server-error",
    status=HTTPStatus.INTERNAL_SERVER_ERROR,
    title="Our mistake",
    meaning="Something broke on our side, and it has been noted. Naming the wanted state twice "
    "does no harm, so a PUT, PATCH or DELETE may simply be repeated.",
)
UNAVAILABLE = Kind(
    slug="unavailable",
    status=HTTPStatus.SERVICE_UNAVAILABLE,
    title="Back in a moment",
    meaning="The database does not answer just now. Repeat the call after the seconds that the "
    "Retry-After header gives.",
)

RETRY_AFTER = "2"

KINDS = {kind.slug: kind for kind in list(vars().values()) if isinstance(kind, Kind)}
# What a bare status stands for, where nobody knows more; the first of several kinds is general.
_BY_STATUS: dict[int, Kind] = {}
for _kind in KINDS.values():
    _BY_STATUS.setdefault(_kind.status, _kind)


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldError(Answer):
    """What is wrong with one value; "" points to the whole body, "/page" also to a parameter."""

    pointer: str
    code: str
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ProblemOutput(Answer):
    """A problem document (RFC 9457). `code` is a stable name for programs."""

    type: Reference
    title: str
    status: Annotated[int, Also(minimum=400, maximum=599)]
    code: str
    detail: str
    instance: Reference


@dataclass(frozen=True, kw_only=True, slots=True)
class ValidationProblemOutput(ProblemOutput):
    """A problem document that says by JSON pointer what does not fit."""

    errors: list[FieldError]


class Problem(Exception):
    """Raised in a view to answer with a problem document."""

    def __init__(
        self,
        kind: Kind,
        detail: str = "",
        *,
        code: str = "",
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or kind.title)
        self.kind = kind
        self.detail = detail
        self.code = code
        self.errors = list(errors)
        self.headers = dict(headers or {})


def invalid(errors: Iterable[FieldError]) -> Problem:
    """A 400 that names everything that does not fit."""
    errors = list(errors)
    detail = " ".join(
        f"{error.pointer}: {error.detail}" if error.pointer else error.detail
        for error in errors[:3]
    )
    if len(errors) > 3:
        detail += f" And {len(errors) - 3} more."
    return Problem(INVALID_REQUEST, detail, errors=errors)


def problem_response(
    request: HttpRequest | Request,
    kind: Kind,
    detail: str = "",
    *,
    code: str = "",
    errors: Iterable[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    document = problem_document(
        kind, detail, code=code, errors=errors, instance=escape_uri_path(request.path)
    )
    response = json_response(document, status=kind.status, content_type=MEDIA_TYPE)
    for name, value in (headers or {}).items():
        response[name] = value
    return response


def problem_document(
    kind: Kind,
    detail: str = "",
    *,
    code: str = "",
    errors: Iterable[FieldError] = (),
    instance: str,
) -> ProblemOutput:
    """The body; `errors` are there for every problem of the kind invalid-request, and only then."""
    if kind is INVALID_REQUEST:
        return ValidationProblemOutput(
            type=kind.type,
            title=kind.title,
            status=kind.status.value,
            code=code or kind.code,
            detail=detail or kind.meaning,
            instance=instance,
            errors=list(errors),
        )
    return ProblemOutput(
        type=kind.type,
        title=kind.title,
        status=kind.status.value,
        code=code or kind.code,
        detail=detail or kind.meaning,
        instance=instance,
    )


def exception_handler(error: Exception, context: Mapping[str, object]) -> HttpResponse | None:
    """Called by REST framework; None lets Django answer, which makes it a 500."""
    problem = _problem_of(error)
    if problem is None:
        return None
    request = context["request"]
    assert isinstance(request, Request)  # noqa: S101  # REST framework hands over nothing else
    return problem_response(
        request,
        problem.kind,
        problem.detail,
        code=problem.code,
        errors=problem.errors,
        headers=problem.headers,
    )


def _problem_of(error: Exception) -> Problem | None:
    match error:
        case Problem():
            return error
        case Changed():
            return Problem(PRECONDITION_FAILED, str(error))
        case DomainError():
            return Problem(CONFLICT, str(error), code=error.code)
        case exceptions.ValidationError():
            return invalid(_flat(error.detail, ""))
        case exceptions.NotAuthenticated():
            return Problem(AUTHENTICATION_REQUIRED, headers=_challenge(error))
        case exceptions.AuthenticationFailed():
            return Problem(INVALID_TOKEN, headers=_challenge(error))
        case exceptions.APIException():
            return Problem(_BY_STATUS[error.status_code])
        case DjangoValidationError():
            return invalid(_fields(error))
        case Http404() | NotFound():
            return Problem(NOT_FOUND)
        case PermissionDenied():
            return Problem(FORBIDDEN, str(error))
        case BadRequest() | SuspiciousOperation() | UnreadablePostError():
            return Problem(INVALID_REQUEST, "The request could not be read.")
        case OperationalError() | InterfaceError():
            return Problem(UNAVAILABLE, headers={"Retry-After": RETRY_AFTER})
        case _:
            return None


def _challenge(error: exceptions.APIException) -> dict[str, str]:
    header = getattr(error, "auth_header", None)
    return {"WWW-Authenticate": header} if header else {}


def escape_pointer(name: object) -> str:
    """One step of a JSON pointer (RFC 6901)."""
    return str(name).replace("~", "~0").replace("/", "~1")


def _flat(detail: object, pointer: str) -> Iterator[FieldError]:
    """REST framework's nested errors as a list with JSON pointers."""
    if isinstance(detail, exceptions.ErrorDetail):
        yield FieldError(pointer=pointer, code=detail.code or "invalid", detail=str(detail))
    elif isinstance(detail, Mapping):
        for name, inner in detail.items():
            is_whole = name == "non_field_errors"
            yield from _flat(inner, pointer if is_whole else f"{pointer}/{escape_pointer(name)}")
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            is_leaf = isinstance(inner, exceptions.ErrorDetail)
            yield from _flat(inner, pointer if is_leaf else f"{pointer}/{index}")


def _fields(error: DjangoValidationError) -> Iterator[FieldError]:
    by_name = error.error_dict if hasattr(error, "error_dict") else {"": error.error_list}
    for name, inner in by_name.items():
        for one in inner:
            yield FieldError(
                pointer=f"/{escape_pointer(name)}" if name else "",
                code=str(one.code or "invalid"),
                detail=" ".join(one.messages),
            )
