r"""Markdown with `$...$` mathematics → safe HTML with MathML.

Used at import time for the catalog and for what people write. HTML in the source is shown as
text, never taken over; whatever comes out is sanitised once more.
"""

import html
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import nh3
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
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
    attributes={"a": {"href", "title"}, **dict.fromkeys(_MATHML_TAGS, _MATHML_ATTRIBUTES)},
    allowed_classes={"strong": {"mention"}},
    url_schemes={"https", "http", "mailto"},
    link_rel="noopener nofollow ugc",
)


# Named functions that stand beside something that is neither bracket nor sign.
_FUNCTION = r"<mi>(?:arccos|arcsin|arctan|cos|cosh|cot|exp|lg|ln|log|sin|sinh|tan|tanh)</mi>"
_INDEXED = rf"<(msub|msup)>{_FUNCTION}<m[in]>[^<]*</m[in]></\1>"
_SPACE_AFTER_INDEXED = re.compile(rf"{_INDEXED}(?=<m(?!o|space))")
# Inside <msub> and <msup> the function's neighbour is its own index.
_SPACE_AFTER_FUNCTION = re.compile(rf"(?<!<msub>)(?<!<msup>){_FUNCTION}(?=<m(?!o|space))")
_SPACE_BEFORE = re.compile(rf"</m[in]>(?={_FUNCTION}|<msu[bp]>{_FUNCTION})")
_THIN_SPACE = '<mspace width="0.167em"></mspace>'


def _formula(source: str, options: dict[str, bool]) -> str:
    display = "block" if options.get("display_mode") else "inline"
    try:
        # The converter knows `aligned` by the name of its twin only.
        mathml = convert(source.replace("{aligned}", "{split}"), display=display)
    except Exception:  # noqa: BLE001  # the converter has no error class and fails in many ways
        mathml = "\\"
    if "\\" in mathml or "<mi>&</mi>" in mathml:
        # What somebody typed is never lost: an unreadable formula is shown as it was written.
        return f"<code>{html.escape(source)}</code>"
    return _with_function_spaces(mathml)


def _formula_in_a_sentence(
    renderer: RendererProtocol,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    environment: EnvType,
) -> str:
    """The plugin's own <div> would end the paragraph, and leave what follows outside of any."""
    return _formula(tokens[index].content.strip(), {"display_mode": True})


def _with_function_spaces(mathml: str) -> str:
    """Part `ln 4` and `x ln y`, which the converter writes without the space that TeX sets."""
    mathml = _SPACE_AFTER_INDEXED.sub(rf"\g<0>{_THIN_SPACE}", mathml)
    mathml = _SPACE_AFTER_FUNCTION.sub(rf"\g<0>{_THIN_SPACE}", mathml)
    return _SPACE_BEFORE.sub(rf"\g<0>{_THIN_SPACE}", mathml)


@dataclass(frozen=True, slots=True)
class _People:
    """Who can be mentioned in a text, and, once it is rendered, who is."""

    pattern: re.Pattern[str]
    found: set[str]


def _mark_mentions(state: StateCore) -> None:
    people = state.env.get("people")
    if isinstance(people, _People):
        for token in state.tokens:
            if token.children:
                token.children = list(_with_mentions(token.children, people))


def _with_mentions(tokens: Sequence[Token], people: _People) -> Iterator[Token]:
    """The tokens of a line, each @name of its plain text in a token of its own."""
    links = 0
    for token in tokens:
        links += {"link_open": 1, "link_close": -1}.get(token.type, 0)
        if token.type != "text" or links:
            yield token
            continue
        end = 0
        for match in people.pattern.finditer(token.content):
            people.found.add(match[1].casefold())
            yield Token("text", "", 0, content=token.content[end : match.start()])
            yield Token("mention", "", 0, content=match[0])
            end = match.end()
        yield Token("text", "", 0, content=token.content[end:])


def _mention(
    renderer: RendererProtocol,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    environment: EnvType,
) -> str:
    return f'<strong class="mention">{html.escape(tokens[index].content)}</strong>'


def _renderer() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": False})
    markdown.use(dollarmath_plugin, allow_space=False, double_inline=True, renderer=_formula)
    markdown.add_render_rule("math_inline_double", _formula_in_a_sentence)
    markdown.core.ruler.push("mentions", _mark_mentions)
    markdown.add_render_rule("mention", _mention)
    # Pictures would fetch from other sites; their alternative text stays as a link.
    markdown.disable("image")
    return markdown


_markdown = _renderer()


def to_html(source: str) -> str:
    """Safe HTML for `source`; about a millisecond for a paragraph, so store what comes out."""
    return _cleaner.clean(_markdown.render(source))


def to_html_with_mentions(source: str, *, names: Collection[str]) -> tuple[str, frozenset[str]]:
    """The same with each `@name` of `names` marked, and which of them there are, case-folded.

    The longest name that fits counts, in whatever case it is written. What stands in code, in a
    formula or in a link mentions nobody.
    """
    if not names:
        return to_html(source), frozenset()
    choices = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w@])@({choices})(?!\w)", re.IGNORECASE)
    people = _People(pattern, set())
    return _cleaner.clean(_markdown.render(source, {"people": people})), frozenset(people.found)
