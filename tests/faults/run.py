"""One fault at work, as what strikes sees it."""

from dataclasses import dataclass, field

from tests.faults.site import Site
from tests.faults.writers import Journal
from tests.server import Server


@dataclass(kw_only=True)
class Run:
    """One fault at work. `strike` functions break something and mend it again.

    `notes` are of promises that were broken, `remarks` of what else was measured.
    """

    site: Site
    server: Server
    journal: Journal
    is_short: bool
    notes: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def lasting(self, seconds: float, short: float | None = None) -> float:
        return short if self.is_short and short is not None else seconds
