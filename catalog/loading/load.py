"""The whole of a load: read, check, compare, write."""

from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction

from catalog.loading.faults import CatalogFaulty
from catalog.loading.files import read_content
from catalog.loading.rows import write_rows
from catalog.loading.rules import check_rules
from catalog.loading.shapes import check_shapes
from catalog.loading.sync import Counts
from catalog.loading.topics import write_topics
from catalog.models import CatalogVersion, TopicMove

DATA_DIR = Path(__file__).resolve().parent.parent / "data"


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadReport:
    """What a load did: counts by kind of row, and topics whose ticks must follow them.

    `is_unchanged` means that the files are those of the last load, so that nothing was compared.
    """

    is_unchanged: bool = False
    counts: dict[str, Counts] = field(default_factory=dict)
    moves: tuple[TopicMove, ...] = ()

    @property
    def has_changes(self) -> bool:
        return any(count.has_changes for count in self.counts.values())


@transaction.atomic
def load_catalog(directory: Path = DATA_DIR, *, compare_all: bool = False) -> LoadReport:
    """Make the rows say what the files in `directory` say.

    May be repeated: the second time nothing changes. Files that have not changed since the last
    load are not compared, so that edits made in the admin stand, unless `compare_all`. Topics,
    roles, resources, units and paths that the files no longer name are retired, never deleted.
    Raises CatalogFaulty, with nothing written, when a file has a fault.
    """
    content = read_content(directory)
    last = CatalogVersion.objects.hold()
    if last is not None and last.digest == content.digest and not compare_all:
        return LoadReport(is_unchanged=True)
    check_shapes(content)
    if not content.faults:
        check_rules(content)
    if content.faults:
        raise CatalogFaulty(content.faults)
    counts: dict[str, Counts] = {}
    topics, moves = write_topics(content, counts)
    write_rows(content, counts, topics)
    report = LoadReport(counts=counts, moves=tuple(moves))
    if report.has_changes or last is None or last.digest != content.digest:
        CatalogVersion.objects.move(digest=content.digest)
    return report
