"""Topics, what they rest on, and where ticks go when a topic is renamed, split or merged."""

from collections.abc import Hashable
from decimal import Decimal

from catalog.loading.files import Content, Record, TopicText
from catalog.loading.sync import Counts, remove_unused, sync
from catalog.models import AliasKind, Article, Prerequisite, Subject, Topic, TopicAlias, TopicMove
from mlmath.markdown import to_html

_ALIAS_KINDS = {
    "renamed_from": AliasKind.RENAMED,
    "split_from": AliasKind.SPLIT,
    "merged_from": AliasKind.MERGED,
}


def write_topics(
    content: Content, counts: dict[str, Counts]
) -> tuple[dict[str, Topic], list[TopicMove]]:
    """Write articles, subjects, topics, prerequisites and aliases.

    Returns the topics by slug, retired ones included, and the moves that this load caused.
    """
    for kind in ("articles", "subjects", "topics", "prerequisites", "aliases"):
        counts[kind] = Counts()
    sync(
        Article.objects,
        {
            record["slug"]: {
                "slug": record["slug"],
                "title": record["title"],
                "author": record.get("author") or "",
                "year": record.get("year"),
            }
            for record in content.lists["articles"]
        },
        lambda row: row.slug,
        counts["articles"],
    )
    records = content.lists["topics"]
    _rename(records, counts["topics"])
    subjects: dict[str, Subject] = {
        str(slug): row
        for slug, row in sync(
            Subject.objects,
            {
                record["slug"]: {
                    **{key: record[key] for key in ("slug", "title", "summary", "position")},
                    "cited": cited(record),
                }
                for record in content.lists["subjects"]
            },
            lambda row: row.slug,
            counts["subjects"],
            keep=True,
        ).items()
    }
    wanted: dict[Hashable, dict[str, object]] = {
        record["slug"]: _topic_fields(content, record, place, subjects)
        for place, record in enumerate(records, start=1)
    }
    sync(Topic.objects, wanted, lambda row: row.slug, counts["topics"], retire=True)
    topics = {row.slug: row for row in Topic.objects.all()}
    remove_unused(Subject.objects, subjects, lambda row: row.slug, counts["subjects"])
    sync(
        Prerequisite.objects,
        {
            (topics[record["slug"]].id, topics[edge["topic"]].id): {
                "topic": topics[record["slug"]],
                "requires": topics[edge["topic"]],
                "reason": str(edge["reason"]),
            }
            for record in records
            for edge in record["prerequisites"]
        },
        lambda row: (row.topic_id, row.requires_id),
        counts["prerequisites"],
    )
    return topics, _write_aliases(records, topics, counts["aliases"])


def cited(record: Record) -> list[dict[str, str]]:
    return [
        {key: str(entry[key]) for key in ("article", "note") if entry.get(key)}
        for entry in record.get("cited") or []
    ]


def _rename(records: list[Record], counts: Counts) -> None:
    """Give the row of an old slug its new one, so that everything that points at it follows."""
    for record in records:
        for old in record.get("renamed_from") or []:
            if not Topic.objects.filter(slug=record["slug"]).exists():
                counts.renamed += Topic.objects.filter(slug=old).update(slug=record["slug"])


def _topic_fields(
    content: Content, record: Record, place: int, subjects: dict[str, Subject]
) -> dict[str, object]:
    fields: dict[str, object] = {
        "slug": str(record["slug"]),
        "title": str(record["title"]),
        "subject": subjects[record["subject"]],
        "summary": str(record["summary"]),
        "hours": Decimal(str(record["hours"])),
        "position": place,
        "also_called": [str(name) for name in record.get("also_called") or []],
        "note": str(record.get("note") or ""),
        "cited": cited(record),
        "is_retired": bool(record.get("retired")),
    }
    text = content.texts.get(record["slug"])
    if text is not None:
        fields |= text_fields(text)
    return fields


def text_fields(text: TopicText) -> dict[str, str]:
    """A topic's fields that hold its text, as written and as shown."""
    return {
        "body": text.source,
        "body_html": to_html(text.body),
        "exercise_html": to_html(text.exercise),
        "answer_html": to_html(text.answer),
    }


def _write_aliases(
    records: list[Record], topics: dict[str, Topic], counts: Counts
) -> list[TopicMove]:
    aliases: list[tuple[str, Topic, AliasKind]] = [
        (str(old), topics[record["slug"]], kind)
        for record in records
        for key, kind in _ALIAS_KINDS.items()
        for old in record.get(key) or []
    ]
    known = set(TopicAlias.objects.values_list("slug", "topic_id"))
    sync(
        TopicAlias.objects,
        {
            (slug, topic.id): {"slug": slug, "topic": topic, "kind": kind}
            for slug, topic, kind in aliases
        },
        lambda row: (row.slug, row.topic_id),
        counts,
    )
    moves: dict[int, TopicMove] = {}
    for slug, topic, kind in aliases:
        old = topics.get(slug)
        if (slug, topic.id) in known or old is None or kind == AliasKind.RENAMED:
            continue
        before = moves[old.id].new_ids if old.id in moves else ()
        moves[old.id] = TopicMove(kind=kind, old_id=old.id, new_ids=(*before, topic.id))
    return list(moves.values())
