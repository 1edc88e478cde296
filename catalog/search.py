"""Search in memory over the catalog: topics, roles, resources and units in one ranked list.

Words may be cut short, written with or without accents and plural endings, and have one letter
wrong. Both the page and the API ask here.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Literal

from catalog.graph import CatalogGraph

LONGEST_QUERY = 200
MOST_WORDS = 8
# A shorter word with one letter wrong could be nearly anything.
SHORTEST_MISTYPED = 4

Kind = Literal["topic", "role", "resource", "unit"]
_KINDS: tuple[Kind, ...] = ("topic", "role", "resource", "unit")

_POSSESSIVE = re.compile(r"['’]s?\b|['’]")
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_FILLERS = frozenset("a an and are for how in is of on or the to what with".split())


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """Something found. `subject` is a slug for topics and "" otherwise; `resource` is the slug of
    the resource that a unit belongs to and "" otherwise. `detail` is a line of plain text."""

    kind: Kind
    slug: str
    title: str
    detail: str
    subject: str
    resource: str


class _Field(IntEnum):
    """Where a word stands, the better place first. Running text forgives no typing errors, since
    among many ordinary words nearly every mistake is a word as well."""

    TITLE = 0
    OTHER_NAME = 1
    ABOUT = 2
    TEXT = 3


class _Match(IntEnum):
    EXACT = 0
    PREFIX = 1


# A typing error ranks behind every correct match.
_TYPO_COST = 2 * len(_Field)


def fold(text: str) -> str:
    """`text` in small letters and without accents, as words are compared."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(one for one in decomposed if not unicodedata.combining(one)).casefold()


def search(graph: CatalogGraph, query: str, limit: int | None = 50) -> list[Hit]:
    """What `query` finds, the best first; nothing for a query without words.

    Every word has to match somewhere. First come those whose title or other name it is, then by
    where the worst matching word stands: title, other names, subject and authors, running text.
    Equals are ordered by kind (topic, role, resource, unit) and then as the catalog orders them.
    """
    return _index_of(graph).find(query_words(query), limit)


def query_words(query: str) -> list[str]:
    """The words that count: at most `MOST_WORDS` of the first `LONGEST_QUERY` characters."""
    words = list(_words(query[:LONGEST_QUERY]))
    meant = [word for word in words if word not in _FILLERS] or words
    return list(dict.fromkeys(meant))[:MOST_WORDS]


def _words(text: str) -> Iterator[str]:
    """The words of `text`, folded; "k-means" is two."""
    for match in _WORD.finditer(_POSSESSIVE.sub("", fold(text))):
        yield from match[0].split("-")


def _indexed_words(text: str) -> Iterator[str]:
    """The words, their singulars, and compounds in one piece for those who type "kmeans"."""
    for match in _WORD.finditer(_POSSESSIVE.sub("", fold(text))):
        for word in {*match[0].split("-"), match[0].replace("-", "")}:
            yield word
            yield _singular(word)


def _singular(word: str) -> str:
    """Without a plural's s; what is no plural loses it on both sides and is found all the same."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and word[-2] != "s" else word


def _name(words: Iterable[str]) -> frozenset[str]:
    """By this a query is recognised as somebody's name."""
    words = list(words)
    return frozenset(map(_singular, [word for word in words if word not in _FILLERS] or words))


@dataclass(frozen=True, slots=True)
class _Entry:
    """A hit before it is one: `texts` are its fields in the order of `_Field`."""

    hit: Hit
    names: tuple[str, ...]
    texts: tuple[str, str, str, str]


class _Index:
    """Words → where they stand. Costs some 50 ms to build and a fraction of one to ask."""

    def __init__(self, entries: Iterable[_Entry]) -> None:
        self.hits: list[Hit] = []
        self.named: dict[frozenset[str], set[int]] = defaultdict(set)
        self.places: dict[str, dict[int, _Field]] = defaultdict(dict)
        for number, entry in enumerate(entries):
            self.hits.append(entry.hit)
            for name in entry.names:
                self.named[_name(_words(name))].add(number)
            for field, text in zip(_Field, entry.texts, strict=True):
                for word in _indexed_words(text):
                    self.places[word].setdefault(number, field)
        self.words = sorted(self.places)
        self.shortened: dict[str, list[str]] = defaultdict(list)
        for word in self.words:
            for shorter in _with_one_letter_less(word):
                self.shortened[shorter].append(word)

    def find(self, words: list[str], limit: int | None) -> list[Hit]:
        if not words:
            return []
        costs = [self._costs(word) for word in words]
        fewest = min(costs, key=len)
        named = self.named.get(_name(words), ())
        ranks = []
        for number in fewest:
            if all(number in found for found in costs):
                own = [found[number] for found in costs]
                kind = _KINDS.index(self.hits[number].kind)
                ranks.append((number not in named, max(own), sum(own), kind, number))
        ranks.sort()
        return [self.hits[rank[-1]] for rank in ranks[:limit]]

    def _costs(self, word: str) -> Mapping[int, int]:
        """What a match of `word` costs, by entry that has one."""
        costs: dict[int, int] = {}

        def take(found: str, extra: int, *, up_to: _Field) -> None:
            for number, field in self.places[found].items():
                cost = 2 * field + extra
                if field <= up_to and cost < costs.get(number, cost + 1):
                    costs[number] = cost

        for form in {word, _singular(word)}:
            for found in self.words[bisect_left(self.words, form) :]:
                if not found.startswith(form):
                    break
                take(found, _Match.EXACT if found == form else _Match.PREFIX, up_to=_Field.TEXT)
        if len(word) >= SHORTEST_MISTYPED:
            for found in self._mistyped(word):
                take(found, _TYPO_COST, up_to=_Field.ABOUT)
        return costs

    def _mistyped(self, word: str) -> Iterator[str]:
        """Known words that are one letter away from `word`."""
        shorter = _with_one_letter_less(word)
        near = {found for found in shorter if found in self.places}
        near.update(self.shortened.get(word, ()))
        for one in shorter:
            near.update(self.shortened.get(one, ()))
        near.discard(word)
        return (found for found in near if _is_one_letter_away(word, found))


def _with_one_letter_less(word: str) -> set[str]:
    return {word[:place] + word[place + 1 :] for place in range(len(word))}


def _is_one_letter_away(one: str, other: str) -> bool:
    """True when a letter more, a letter less, another letter or two swapped ones make it."""
    if abs(len(one) - len(other)) > 1:
        return False
    shared = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        shared += 1
    rest, other_rest = one[shared:], other[shared:]
    return (
        rest[1:] == other_rest[1:]
        or rest == other_rest[1:]
        or rest[1:] == other_rest
        or (rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:])
    )


@lru_cache(maxsize=1)
def _index_of(graph: CatalogGraph) -> _Index:
    """One index per snapshot; a new snapshot pushes the old index out."""
    return _Index(_entries(graph))


def _entries(graph: CatalogGraph) -> Iterator[_Entry]:
    """Everything that can be found, in the catalog's own order."""
    for topic in graph.topics:
        yield _Entry(
            hit=Hit(
                kind="topic",
                slug=topic.slug,
                title=topic.title,
                detail=topic.summary,
                subject=topic.subject.slug,
                resource="",
            ),
            names=(topic.title, *topic.also_called),
            texts=(topic.title, " ".join(topic.also_called), topic.subject.title, topic.summary),
        )
    for role in graph.roles.values():
        yield _Entry(
            hit=Hit(
                kind="role",
                slug=role.slug,
                title=role.title,
                detail=role.summary,
                subject="",
                resource="",
            ),
            names=(role.title,),
            texts=(role.title, "", role.kind_label, role.summary),
        )
    for resource in graph.resources.values():
        by = ", ".join(resource.authors)
        at = " ".join(
            provider.name
            for provider in (resource.provider, resource.offered_by, *resource.also_at)
            if provider
        )
        yield _Entry(
            hit=Hit(
                kind="resource",
                slug=resource.slug,
                title=resource.title,
                detail=by or resource.provider.name,
                subject="",
                resource="",
            ),
            names=(resource.title,),
            texts=(resource.title, "", f"{by} {at} {resource.kind}", resource.note),
        )
        for unit in resource.units:
            yield _Entry(
                hit=Hit(
                    kind="unit",
                    slug=unit.slug,
                    title=unit.title,
                    detail=f"{unit.label} of {resource.title}",
                    subject="",
                    resource=resource.slug,
                ),
                names=(unit.title,),
                texts=(unit.title, "", f"{unit.label} {resource.title} {by}", unit.note),
            )
