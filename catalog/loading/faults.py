"""What is wrong with the data files, by file and line."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


class CatalogFaulty(Exception):
    """The data files cannot be loaded; nothing was written."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in sorted(set(faults))))
        self.faults = sorted(set(faults))
