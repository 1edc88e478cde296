"""YAML and Markdown files → records that remember the line they stand on."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from catalog.loading.faults import CatalogFaulty, Fault

FILES = {
    "articles.yaml": ("articles",),
    "subjects.yaml": ("subjects",),
    "topics.yaml": ("topics",),
    "roles.yaml": ("depths", "roles"),
    "resources.yaml": ("providers", "resources"),
    "paths.yaml": ("paths", "time_estimates", "advice"),
}
TEXTS = "texts"
EXERCISE, ANSWER = "\n## Exercise\n", "\n## Answer\n"


class Text(str):
    """A string with its place in a file."""

    __slots__ = ("line",)
    line: int


class Record(dict[str, Any]):
    """A mapping with its place in a file."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class TopicText:
    """A topic's page text, as Markdown."""

    body: str
    exercise: str
    answer: str
    source: str


@dataclass(slots=True)
class Content:
    """All data files, read but not yet understood, and the faults found so far."""

    lists: dict[str, list[Record]] = field(default_factory=dict)
    texts: dict[str, TopicText] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    digest: str = ""

    def fault(self, where: Record | Text, text: str, *, file: str = "") -> None:
        self.faults.append(Fault(getattr(where, "file", file) or file, where.line, text))


def _loader(content: Content, file: str) -> type[yaml.SafeLoader]:
    """A YAML loader for one file that keeps lines and reports a key that stands twice."""

    class LineLoader(yaml.SafeLoader):
        pass

    def mapping(loader: LineLoader, node: yaml.MappingNode) -> Iterator[Record]:
        record = Record()
        record.file, record.line = file, node.start_mark.line + 1
        yield record
        for key_node, value_node in node.value:
            key = loader.construct_object(key_node, deep=True)
            if key in record:
                line = key_node.start_mark.line + 1
                content.faults.append(Fault(file, line, f"the key {key!r} stands here twice"))
            record[str(key)] = loader.construct_object(value_node, deep=True)

    def string(loader: LineLoader, node: yaml.ScalarNode) -> Text:
        text = Text(loader.construct_scalar(node))
        text.line = node.start_mark.line + 1
        return text

    LineLoader.add_constructor("tag:yaml.org,2002:map", mapping)
    LineLoader.add_constructor("tag:yaml.org,2002:str", string)
    return LineLoader


def read_content(directory: Path) -> Content:
    """Everything in `directory`. Raises CatalogFaulty where a file is missing or is no YAML."""
    content = Content()
    digest = hashlib.sha256()
    for file, keys in FILES.items():
        source = _read(content, directory / file, file)
        digest.update(source)
        for key, records in _parse(content, file, keys, source):
            content.lists[key] = records
    for path in sorted((directory / TEXTS).glob("*.md")):
        name = f"{TEXTS}/{path.name}"
        source = _read(content, path, name)
        digest.update(name.encode() + source)
        _take_text(content, name, path.stem, source)
    content.digest = digest.hexdigest()
    if content.faults:
        raise CatalogFaulty(content.faults)
    return content


def _read(content: Content, path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        content.faults.append(Fault(name, 1, f"cannot be read: {error.strerror}"))
        return b""


def _parse(
    content: Content, file: str, keys: tuple[str, ...], source: bytes
) -> Iterator[tuple[str, list[Record]]]:
    try:
        document = yaml.load(source, Loader=_loader(content, file))  # noqa: S506  # nosec B506  # a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        line = mark.line + 1 if mark else 1
        content.faults.append(Fault(file, line, f"is no YAML: {problem}"))
        return
    if not isinstance(document, Record) or set(document) != set(keys):
        content.faults.append(Fault(file, 1, f"must hold exactly the keys {', '.join(keys)}"))
        return
    for key in keys:
        records = document[key]
        if not isinstance(records, list) or not all(isinstance(one, Record) for one in records):
            content.faults.append(Fault(file, 1, f"{key} must be a list of mappings"))
            continue
        yield key, records


def _take_text(content: Content, name: str, slug: str, source: bytes) -> None:
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError:
        content.faults.append(Fault(name, 1, "is not UTF-8"))
        return
    parts = split_text(text)
    if parts is None:
        content.faults.append(Fault(name, 1, "needs a text, “## Exercise” and “## Answer”"))
    else:
        content.texts[slug] = parts


def split_text(source: str) -> TopicText | None:
    """A topic's text in its three parts, or None where one of them is missing."""
    source = source.replace("\r\n", "\n")
    body, _, rest = source.partition(EXERCISE)
    exercise, _, answer = rest.partition(ANSWER)
    if not (body.strip() and exercise.strip() and answer.strip()):
        return None
    return TopicText(
        body=body.strip(), exercise=exercise.strip(), answer=answer.strip(), source=source
    )
