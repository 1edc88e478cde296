"""Tables as CSV, for spreadsheets and programs."""

import csv
import io
from collections.abc import Iterable, Sequence

# Spreadsheets take a cell that starts so for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """As RFC 4180 says; what looks like a formula gets an apostrophe.

    There is no byte order mark: programs would take it for a part of the first heading.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow(f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell for cell in row)
    return out.getvalue()
