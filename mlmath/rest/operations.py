"""What a call takes and answers: declared once, enforced by the views and told by the schema."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mlmath.rest.answers import Foreign
from mlmath.rest.fields import Input
from mlmath.rest.problems import Kind
from mlmath.rest.query import Parameter

Handler = TypeVar("Handler", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One method of one address.

    `answer` is the class of what comes back, None for an empty answer; `example` is one of it.
    `scope` is what a token needs, "" where anybody may call; `is_session_only` keeps tokens out.
    `sees(user, address)` raises NotFound for what the caller must not know of: it is asked before a
    missing scope is told, so that a token cannot find out what its person may not see.
    `needs(user, address)` says which scope this very thing takes, “write” for one's own and
    “groups” for what only a leader may do it to, "" where the view decides by the body, and raises
    NotFound as well; `scope` is then that of one's own.
    `address` describes the variable parts of the address. `is_public` answers carry an ETag and
    may be kept by caches; `may_move` ones are a 301 at an old slug. A `body` of several classes is
    one of them. `has_location`: the answer says where the new thing is. `takes_key`: an
    Idempotency-Key makes it safe to repeat. `has_dry_run`: with `?dry_run=true` it answers 200 and
    saves nothing. `has_etag`: the answer shows something that several
    people edit; `takes_if_match`: it is changed or removed only in the version that the header
    names (mlmath.rest.versions). `also` are the other forms in which it can be had, by media type,
    with a piece of each: the view looks at `request.accepted_renderer.media_type`. `problems` are
    those that not every call has.
    """

    id: str
    summary: str
    answer: object = None
    example: object = None
    status: int = 200
    query: tuple[Parameter, ...] = ()
    body: type[Input] | tuple[type[Input] | Foreign, ...] | None = None
    body_example: Mapping[str, object] = field(default_factory=dict)
    is_body_required: bool = True
    address: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    scope: str = ""
    sees: Callable[[Any, Mapping[str, Any]], object] | None = None
    needs: Callable[[Any, Mapping[str, Any]], str] | None = None
    is_session_only: bool = False
    is_public: bool = False
    may_move: bool = False
    has_location: bool = False
    takes_key: bool = False
    has_dry_run: bool = False
    has_etag: bool = False
    takes_if_match: bool = False
    also: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Kind, ...] = ()


def operation(**declared: Any) -> Callable[[Handler], Handler]:
    """Declare what the decorated handler does; takes the fields of Operation."""

    def decorate(handler: Handler) -> Handler:
        handler.operation = Operation(**declared)  # type: ignore[attr-defined]  # functions take any
        return handler

    return decorate


def operation_of(handler: object) -> Operation | None:
    found = getattr(handler, "operation", None)
    return found if isinstance(found, Operation) else None
