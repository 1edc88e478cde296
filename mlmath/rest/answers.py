"""What answers are made of: frozen dataclasses, from which the JSON and its schema both come."""

from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A JSON object with exactly the declared fields; its schema is read off the annotations.

    `Annotated[str, {"format": "uri"}]` adds to the schema of a field. The docstring of a subclass
    becomes the description of its schema.
    """


Address = Annotated[str, {"format": "uri"}]


@dataclass(frozen=True, kw_only=True, slots=True)
class Page(Answer, Generic[T]):
    """One page of a list. `next` and `previous` are addresses, null at the ends."""

    count: Annotated[int, {"minimum": 0}]
    next: Address | None
    previous: Address | None
    results: list[T]
