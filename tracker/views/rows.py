"""Rows of topics as HTML, each rendered once for every way in which it can look."""

from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.search import fold
from tracker.summaries.standing import TopicRow

# The topics of all roles in every state that people meet; a row is about two kilobytes.
_MOST_ROWS = 4096


@lru_cache(maxsize=_MOST_ROWS)
def row_text(row: TopicRow) -> str:
    """What the words of a filter are looked for in."""
    return fold(" ".join((row.title, *row.also_called, row.summary)))


@lru_cache(maxsize=_MOST_ROWS)
def row_html(row: TopicRow, *, is_hidden: bool = False, is_oob: bool = False) -> SafeString:
    """A row, whole; a hidden one waits for the filter's field to show it."""
    context = {"row": row, "text": row_text(row), "is_hidden": is_hidden, "is_oob": is_oob}
    return render_to_string("tracker/_topic_row.html", context)


@lru_cache(maxsize=_MOST_ROWS)
def changed_mark_html(row: TopicRow) -> SafeString:
    """The mark alone: all that a tick of another topic changes in a row, in a hundredth of it."""
    return render_to_string("tracker/_row_mark.html", {"row": row, "is_oob": True})


@lru_cache(maxsize=_MOST_ROWS)
def place_html(slug: str) -> SafeString:
    """The place of a row that a filter leaves out, into which a tick may bring it back."""
    return format_html('<li id="topic-{}" hidden></li>', slug)
