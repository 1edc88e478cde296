r"""Markdown with `$...$` mathematics → safe HTML with MathML.

Used at import time for the catalog and for what people write. HTML in the source is shown as
text, never taken over; whatever comes out is sanitised once more.
"""

import nh3
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

_MATHML_TAGS = {
    "math", "menclose", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded", "mphantom",
    "mprescripts", "mroot", "mrow", "ms", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup",
    "mtable", "mtd", "mtext", "mtr", "munder", "munderover", "none",
}  # fmt: skip
_MATHML_ATTRIBUTES = {
    "accent", "accentunder", "columnalign", "columnlines", "columnspacing", "depth", "display",
    "displaystyle", "fence", "form", "height", "largeop", "linethickness", "lspace", "mathvariant",
    "maxsize", "minsize", "movablelimits", "notation", "rowspacing", "rspace", "scriptlevel",
    "separator", "stretchy", "symmetric", "voffset", "width",
}  # fmt: skip
_TEXT_TAGS = {
    "a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "hr", "li", "ol", "p", "pre", "strong",
    "ul",
}  # fmt: skip

_cleaner = nh3.Cleaner(
    tags=_TEXT_TAGS | _MATHML_TAGS,
    attributes={"a": {"href", "title"}, **{tag: _MATHML_ATTRIBUTES for tag in _MATHML_TAGS}},
    url_schemes={"https", "http", "mailto"},
    link_rel="noopener nofollow ugc",
)


def _formula(source: str, options: dict[str, bool]) -> str:
    display = "block" if options.get("display_mode") else "inline"
    try:
        return convert(source, display=display)
    except Exception:  # the converter has no error class of its own and fails in many ways
        # What somebody typed is never lost: an unreadable formula is shown as it was written.
        return _escaped_code(source)


def _escaped_code(source: str) -> str:
    return f"<code>{nh3.clean_text(source)}</code>"


def _renderer() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": False})
    markdown.use(dollarmath_plugin, allow_space=False, double_inline=True, renderer=_formula)
    # Pictures would fetch from other sites; their alternative text stays as a link.
    markdown.disable("image")
    return markdown


_markdown = _renderer()


def to_html(source: str) -> str:
    """Safe HTML for `source`; about a millisecond for a paragraph, so store what comes out."""
    return _cleaner.clean(_markdown.render(source))
