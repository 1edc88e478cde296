"""Topics, what they rest on, and where ticks go when a topic is renamed, split or merged."""

from collections.abc import Hashable
from decimal import Decimal

from catalog.loading.files import Content, Record, TopicText
from catalog.loading.sync import Counts, sync
from catalog.models import AliasKind, Article, Prerequisite, Subject, Topic, TopicAlias, TopicMove
from mlmath.markdown import to_html


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
        ).items()
    }
    wanted: dict[Hashable, dict[str, object]] = {
        record["slug"]: _topic_fields(content, record, place, subjects)
        for place, record in enumerate(records, start=1)
    }
    sync(Topic.objects, wanted, lambda row: row.slug, counts["topics"], retire=True)
    topics = {row.slug: row for row in Topic.objects.all()}
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
    wanted: dict[Hashable, dict[str, object]] = {}
    for record in records:
        for key, kind in (
            ("renamed_from", AliasKind.RENAMED),
            ("split_from", AliasKind.SPLIT),
            ("merged_from", AliasKind.MERGED),
        ):
            for old in record.get(key) or []:
                topic = topics[record["slug"]]
                wanted[str(old), topic.id] = {"slug": str(old), "topic": topic, "kind": kind}
    known = set(TopicAlias.objects.values_list("slug", "topic_id"))
    sync(TopicAlias.objects, wanted, lambda row: (row.slug, row.topic_id), counts)
    moves: dict[int, TopicMove] = {}
    for key, fields in wanted.items():
        old, topic = topics.get(str(fields["slug"])), fields["topic"]
        if key in known or old is None or fields["kind"] == AliasKind.RENAMED:
            continue
        assert isinstance(topic, Topic)
        before = moves[old.id].new_ids if old.id in moves else ()
        kind = AliasKind(str(fields["kind"]))
        moves[old.id] = TopicMove(kind=kind, old_id=old.id, new_ids=(*before, topic.id))
    return list(moves.values())
