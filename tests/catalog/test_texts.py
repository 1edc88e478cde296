"""The topic texts: complete, short, unlike each other, renderable, and right.

What an exercise asks for is computed anew in `answers/`, one module per subject and one function
per topic. Reads the data files only; needs neither Django nor a database.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from itertools import groupby
from pathlib import Path
from pkgutil import iter_modules
from xml.etree import ElementTree as ET

import pytest
import yaml
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

from tests.catalog import answers

DATA = Path(__file__).resolve().parents[2] / "catalog" / "data"
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in (DATA / "texts").glob("*.md")}
TOPICS = yaml.safe_load((DATA / "topics.yaml").read_text(encoding="utf-8"))["topics"]
SUBJECT_OF = {topic["slug"]: topic["subject"] for topic in TOPICS}
MARKDOWN = MarkdownIt("commonmark").use(dollarmath_plugin, allow_space=False, double_inline=True)

WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
SENTENCE_END = re.compile(r"(?<=[.?!])[\"”)*]*\s+")

every_text = pytest.mark.parametrize("slug", sorted(TEXTS))


@cache
def tokens(slug: str) -> list[Token]:
    """All tokens in reading order, those inside of paragraphs and headings included."""
    flat: list[Token] = []
    for token in MARKDOWN.parse(TEXTS[slug]):
        flat += [token, *(token.children or [])]
    return flat


def formulas(slug: str) -> list[str]:
    return [token.content for token in tokens(slug) if token.type.startswith("math")]


def headings(slug: str) -> list[tuple[str, str]]:
    flat = tokens(slug)
    return [
        (token.markup, flat[place + 1].content)
        for place, token in enumerate(flat)
        if token.type == "heading_open"
    ]


def bold_parts(slug: str) -> list[str]:
    """What is really set in bold, formulas with their dollars."""
    parts: list[str] = []
    inside = False
    for token in tokens(slug):
        if token.type == "strong_open":
            parts.append("")
            inside = True
        elif token.type == "strong_close":
            inside = False
        elif inside:
            dollar = "$" if token.type.startswith("math") else ""
            parts[-1] += dollar + token.content + dollar
    return parts


def paragraphs(slug: str, *, formula: str = "") -> list[str]:
    """The prose of paragraphs and list items without headings, each formula replaced."""
    found: list[str] = []
    flat = tokens(slug)
    for place, token in enumerate(flat):
        if token.type == "inline" and flat[place - 1].type != "heading_open":
            words = []
            for child in token.children or []:
                is_formula = child.type.startswith("math")
                is_break = child.type in ("softbreak", "hardbreak")
                words.append(f" {formula} " if is_formula else " " if is_break else child.content)
            found.append("".join(words))
        elif token.type == "math_block":
            found.append(formula)
    return found


def words(prose: str) -> list[str]:
    return WORD.findall(prose.lower())


def sentence_openings(slug: str) -> set[str]:
    """The first four words of each sentence; shorter sentences are free.

    A formula counts once as a word and once as nothing, so that it hides no frame.
    """
    sentences = [
        words(sentence)
        for formula in ("", "formula")
        for paragraph in paragraphs(slug, formula=formula)
        for sentence in SENTENCE_END.split(paragraph)
    ]
    return {" ".join(sentence[:4]) for sentence in sentences if len(sentence) >= 4}


def runs_of_seven(slug: str) -> set[str]:
    prose = words(" ".join(paragraphs(slug)))
    return {" ".join(prose[start : start + 7]) for start in range(len(prose) - 6)}


def shared(pieces_of: Callable[[str], Iterable[str]]) -> dict[str, list[str]]:
    """The pieces that stand in more than one text, with the texts."""
    owners = defaultdict(list)
    for slug in sorted(TEXTS):
        for piece in pieces_of(slug):
            owners[piece].append(slug)
    return {piece: slugs for piece, slugs in owners.items() if len(slugs) > 1}


def answer_functions() -> dict[str, dict[str, Callable[[], list[str]]]]:
    """Subject slug → topic slug → the function that recomputes the topic's results."""
    found = {}
    for info in iter_modules(answers.__path__):
        module = import_module(f"{answers.__name__}.{info.name}")
        found[info.name.replace("_", "-")] = {
            name.replace("_", "-"): function
            for name, function in vars(module).items()
            if callable(function)
            and not name.startswith("_")
            and getattr(function, "__module__", None) == module.__name__
        }
    return found


ANSWERS = answer_functions()


def test_every_topic_has_a_text_and_every_text_a_topic():
    assert set(TEXTS) == set(SUBJECT_OF)


def test_every_topic_has_an_answer_function_in_the_module_of_its_subject():
    expected = {
        subject: sorted(slug for slug, _ in pairs)
        for subject, pairs in groupby(
            sorted(SUBJECT_OF.items(), key=lambda pair: pair[1]), key=lambda pair: pair[1]
        )
    }

    assert {subject: sorted(functions) for subject, functions in ANSWERS.items()} == expected


@every_text
def test_a_text_has_80_to_200_words(slug):
    count = sum(len(words(paragraph)) for paragraph in paragraphs(slug, formula="formula"))

    assert 80 <= count <= 200


@every_text
def test_a_text_has_an_exercise_and_then_its_answer_and_no_other_heading(slug):
    assert headings(slug) == [("##", "Exercise"), ("##", "Answer")]


@every_text
def test_a_text_is_made_of_prose_lists_and_formulas_only(slug):
    foreign = {"link_open", "image", "html_block", "html_inline", "table_open", "fence"}

    assert foreign.isdisjoint(token.type for token in tokens(slug))


@pytest.mark.parametrize("slug", sorted(SUBJECT_OF))
def test_the_bold_results_of_an_answer_are_what_the_exercise_computes_to(slug):
    computed = ANSWERS[SUBJECT_OF[slug]][slug]()

    assert computed
    assert bold_parts(slug) == computed


@every_text
def test_bold_stands_in_the_answer_only(slug):
    before_the_answer, _, _ = TEXTS[slug].partition("## Answer")

    assert not [token for token in MARKDOWN.parse(before_the_answer) if is_partly_bold(token)]


def is_partly_bold(token: Token) -> bool:
    return any(child.type == "strong_open" for child in token.children or [])


def test_no_two_texts_open_a_sentence_with_the_same_four_words():
    assert shared(sentence_openings) == {}


def test_no_two_texts_share_a_run_of_seven_words():
    assert shared(runs_of_seven) == {}


@every_text
def test_every_formula_becomes_well_formed_mathml_without_a_leftover_backslash(slug):
    assert formulas(slug)
    for formula in formulas(slug):
        mathml = convert(formula)

        assert "\\" not in mathml, formula
        ET.fromstring(mathml)  # noqa: S314 (our own files)


@every_text
def test_no_dollar_is_left_outside_the_formulas(slug):
    prose = [token.content for token in tokens(slug) if token.type == "text"]

    assert "$" not in "".join(prose)
