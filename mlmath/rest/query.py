"""Query parameters: declared once, for reading them and for the schema."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict

from mlmath.rest.problems import FieldError, Problem, escape_pointer, invalid

Value = str | int | bool

PAGE_SIZE = 50
LARGEST_PAGE = 200
# A page beyond this one would be past the end of any list; the number has to stay a sane one.
LAST_PAGE = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """A text of 1 to `longest` characters; subclasses take less."""

    name: str
    about: str
    example: Value
    is_required: bool = False
    longest: int = 200

    def schema(self) -> dict[str, object]:
        return {
            "type": "string",
            "minLength": 1,
            "maxLength": self.longest,
            "pattern": "^[^\\u0000-\\u001f\\u007f]*$",
        }

    def read(self, text: str) -> Value:
        """The value; raises ValueError with a sentence for a text that is none."""
        if not text or len(text) > self.longest:
            raise ValueError(f"“{self.name}” takes 1 to {self.longest} characters.")
        if any(ord(character) < 32 or ord(character) == 127 for character in text):
            raise ValueError(f"“{self.name}” takes no control characters.")
        return text


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice(Parameter):
    choices: tuple[str, ...]

    def schema(self) -> dict[str, object]:
        return {"type": "string", "enum": list(self.choices)}

    def read(self, text: str) -> Value:
        if text not in self.choices:
            raise ValueError(f"“{self.name}” is one of: {', '.join(self.choices)}.")
        return text


@dataclass(frozen=True, kw_only=True, slots=True)
class YesNo(Parameter):
    def schema(self) -> dict[str, object]:
        return {"type": "boolean"}

    def read(self, text: str) -> Value:
        if text not in {"true", "false"}:
            raise ValueError(f"“{self.name}” is true or false.")
        return text == "true"


@dataclass(frozen=True, kw_only=True, slots=True)
class Whole(Parameter):
    lowest: int = 1
    highest: int
    default: int | None = None

    def schema(self) -> dict[str, object]:
        schema = {"type": "integer", "minimum": self.lowest, "maximum": self.highest}
        return schema if self.default is None else {**schema, "default": self.default}

    def read(self, text: str) -> Value:
        is_number = text.isascii() and text.isdigit() and len(text) < 10
        if not is_number or not self.lowest <= int(text) <= self.highest:
            raise ValueError(
                f"“{self.name}” is a whole number from {self.lowest} to {self.highest}."
            )
        return int(text)


PAGING = (
    Whole(name="page", about="Which page, from 1", example=1, highest=LAST_PAGE, default=1),
    Whole(
        name="page_size",
        about="How many results on a page",
        example=PAGE_SIZE,
        highest=LARGEST_PAGE,
        default=PAGE_SIZE,
    ),
)


def ordering(*fields: str, otherwise: str) -> Choice:
    """The parameter `ordering` over `fields`, each also the other way round."""
    return Choice(
        name="ordering",
        about=f"Sort by this field; with a minus the other way round. Otherwise {otherwise}.",
        example=fields[0],
        choices=tuple(sign + name for name in fields for sign in ("", "-")),
    )


class Query:
    """The parameters that were given, checked."""

    def __init__(self, given: Mapping[str, Value]) -> None:
        self.given = dict(given)

    @property
    def key(self) -> tuple[tuple[str, Value], ...]:
        """The same for requests that ask for the same."""
        return tuple(sorted(self.given.items()))

    def text(self, name: str) -> str:
        """What was given, or "" when it was not."""
        return str(self.given.get(name, ""))

    def yes_no(self, name: str) -> bool | None:
        value = self.given.get(name)
        return None if value is None else bool(value)

    def whole(self, name: str, otherwise: int) -> int:
        return int(self.given.get(name, otherwise))


def read_query(parameters: Sequence[Parameter], given: QueryDict) -> Query:
    """Check every parameter. Raises a 400 that names each one that does not fit."""
    known = {parameter.name: parameter for parameter in parameters}
    values: dict[str, Value] = {}
    errors: list[FieldError] = []
    for name, texts in given.lists():
        parameter = known.get(name)
        if parameter is None:
            errors.append(_unknown(name, known))
        elif len(texts) > 1:
            errors.append(_error(name, "repeated", f"“{name}” is given more than once."))
        else:
            try:
                values[name] = parameter.read(texts[0])
            except ValueError as error:
                errors.append(_error(name, "invalid", str(error)))
    errors += [
        _error(parameter.name, "required", f"“{parameter.name}” is missing.")
        for parameter in parameters
        if parameter.is_required and parameter.name not in given
    ]
    if errors:
        raise invalid(errors)
    return Query(values)


def no_such(name: str, value: str, *, among: Iterable[str] = ()) -> Problem:
    """The 400 for a filter that names something unknown."""
    listed = ", ".join(among)
    hint = f" Known: {listed}." if listed else ""
    return invalid([_error(name, "unknown", f"There is no {name} “{value}”.{hint}")])


def _unknown(name: str, known: Mapping[str, Parameter]) -> FieldError:
    hint = f" Known: {', '.join(known)}." if known else " This call takes none."
    return _error(name, "unknown_parameter", f"There is no parameter “{name[:100]}”.{hint}")


def _error(name: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=f"/{escape_pointer(name)}", code=code, detail=detail)
