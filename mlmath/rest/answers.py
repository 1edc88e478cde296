"""What answers are made of: frozen dataclasses, from which the JSON and its schema both come."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

T = TypeVar("T")


class Also:
    """What a JSON schema says beyond the type."""

    def __init__(self, **additions: object) -> None:
        self.additions = additions


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A JSON object with exactly the declared fields; its schema is read off the annotations.

    `Annotated[str, Also(format="uri")]` adds to the schema of a field. The docstring of a subclass
    becomes the description of its schema.
    """


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Foreign:
    """A JSON object whose JSON schema is written elsewhere; `name` is what the docs call it."""

    name: str
    schema: Mapping[str, object]


Address = Annotated[str, Also(format="uri")]


@dataclass(frozen=True, kw_only=True, slots=True)
class Page(Answer, Generic[T]):
    """One page of a list. `next` and `previous` are addresses, null at the ends."""

    count: Annotated[int, Also(minimum=0)]
    next: Address | None
    previous: Address | None
    results: list[T]


@dataclass(frozen=True, kw_only=True, slots=True)
class CursorPage(Answer, Generic[T]):
    """Some of a history that grows for ever. `next` is the address of what follows, null at the
    end; what is added in the meantime shifts nothing."""

    next: Address | None
    results: list[T]
