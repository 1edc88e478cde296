"""Make the rows of one table equal to what is wanted, and count what that took."""

from collections.abc import Callable, Collection, Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Manager, Model, ProtectedError

Row = TypeVar("Row", bound=Model)


@dataclass(slots=True)
class Counts:
    created: int = 0
    changed: int = 0
    retired: int = 0
    renamed: int = 0
    removed: int = 0

    @property
    def has_changes(self) -> bool:
        return bool(self.created or self.changed or self.retired or self.renamed or self.removed)

    def __str__(self) -> str:
        parts = [f"{getattr(self, name)} {name}" for name in self.__slots__ if getattr(self, name)]
        return ", ".join(parts) or "unchanged"


def sync(
    manager: Manager[Row],
    wanted: Mapping[Hashable, Mapping[str, Any]],
    key_of: Callable[[Row], Hashable],
    counts: Counts,
    *,
    retire: bool = False,
    keep: bool = False,
) -> dict[Hashable, Row]:
    """Create, change, and retire or remove rows of `manager` until they equal `wanted`.

    `wanted` leads from a key to the row's fields, as `key_of` leads from a row to its key. Rows
    that nobody wants are retired where `retire` says so and left alone where `keep` does, until
    `remove_unused`; else they are deleted. Returns the wanted rows.
    """
    existing = {key_of(row): row for row in manager.all()}
    new, changed, rows = [], [], {}
    for key, fields in wanted.items():
        row = existing.get(key)
        if row is None:
            row = manager.model(**fields)
            new.append(row)
        elif _assign(row, fields):
            changed.append(row)
        rows[key] = row
    for row in new:
        row.save(force_insert=True)
    for row in changed:
        row.save(force_update=True)
    counts.created += len(new)
    counts.changed += len(changed)
    for key, row in existing.items():
        if key in wanted or keep:
            continue
        if not retire:
            row.delete()
            counts.removed += 1
        elif _assign(row, {"is_retired": True}):
            row.save(force_update=True)
            counts.retired += 1
    return rows


def remove_unused(
    manager: Manager[Row],
    wanted: Collection[Hashable],
    key_of: Callable[[Row], Hashable],
    counts: Counts,
) -> None:
    """Delete the rows that nobody wants, save those that retired rows still point at."""
    for row in manager.all():
        if key_of(row) not in wanted:
            with suppress(ProtectedError):
                row.delete()
                counts.removed += 1


def _assign(row: Model, fields: Mapping[str, Any]) -> bool:
    """Set the fields; True when one of them was different."""
    is_changed = False
    for name, value in fields.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
            is_changed = True
    return is_changed


def sync_links(links: Manager[Row], wanted: list[Row], counts: Counts) -> None:
    """Make a many-to-many relation hold exactly the rows in `wanted`."""
    present = {row.pk for row in links.all()}
    if present != {row.pk for row in wanted}:
        links.set(wanted)  # type: ignore[attr-defined]  # a related manager has it
        counts.changed += 1
