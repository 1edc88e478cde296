"""Roles, providers, resources, units, paths, advice and estimates → rows."""

from collections.abc import Hashable
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from catalog.loading.files import Content, Record
from catalog.loading.sync import Counts, remove_unused, sync, sync_links
from catalog.loading.topics import cited
from catalog.models import (
    Advice,
    Depth,
    Path,
    PathStep,
    Provider,
    Resource,
    Role,
    RoleTopic,
    StepResource,
    StepTopic,
    TimeEstimate,
    Topic,
    Unit,
)

_ESTIMATE_NUMBERS = (
    "months_min",
    "months_max",
    "hours_per_day_min",
    "hours_per_day_max",
    "total_hours_min",
    "total_hours_max",
)


def write_rows(content: Content, counts: dict[str, Counts], topics: dict[str, Topic]) -> None:
    """Write everything that stands on the topics, whose rows are there already."""
    roles = _write_roles(content, counts, topics)
    resources = _write_resources(content, counts)
    _write_units(content, counts, resources, topics)
    _write_paths(content, counts, roles, resources, topics)
    counts["advice"] = Counts()
    sync(
        Advice.objects,
        {
            record["slug"]: {
                "slug": record["slug"],
                "audience": record["audience"],
                "text": record["text"],
                "cited": cited(record),
                "position": place,
            }
            for place, record in enumerate(content.lists["advice"], start=1)
        },
        lambda row: row.slug,
        counts["advice"],
    )
    counts["time estimates"] = Counts()
    sync(
        TimeEstimate.objects,
        {
            record["slug"]: {
                "slug": record["slug"],
                "claim": record["claim"],
                "applies_to": record["applies_to"],
                "cited": cited(record),
                "position": place,
                **{key: record.get(key) for key in _ESTIMATE_NUMBERS},
            }
            for place, record in enumerate(content.lists["time_estimates"], start=1)
        },
        lambda row: row.slug,
        counts["time estimates"],
    )


def _rename(rows: QuerySet[Any], record: Record, counts: Counts) -> list[str]:
    """Give a row that stands under an old slug its new one; returns all old slugs."""
    old_slugs = [str(old) for old in record.get("renamed_from") or []]
    for old in old_slugs:
        if not rows.filter(slug=record["slug"]).exists():
            counts.renamed += rows.filter(slug=old).update(slug=str(record["slug"]))
    return old_slugs


def _write_roles(
    content: Content, counts: dict[str, Counts], topics: dict[str, Topic]
) -> dict[Hashable, Role]:
    for kind in ("depths", "roles", "role topics"):
        counts[kind] = Counts()
    depths = sync(
        Depth.objects,
        {
            record["slug"]: {
                "slug": record["slug"],
                "title": record["title"],
                "hours_factor": Decimal(str(record["hours_factor"])),
                "meaning": record["meaning"],
                "position": place,
            }
            for place, record in enumerate(content.lists["depths"], start=1)
        },
        lambda row: row.slug,
        counts["depths"],
        keep=True,
    )
    records = content.lists["roles"]
    roles = sync(
        Role.objects,
        {
            record["slug"]: {
                "former_slugs": _rename(Role.objects.all(), record, counts["roles"]),
                "slug": record["slug"],
                "title": record["title"],
                "kind": record["kind"],
                "summary": record["summary"],
                "is_applied": record["applied"],
                "is_calculus_free": record["calculus_free"],
                "note": record.get("note") or "",
                "cited": cited(record),
                "position": place,
                "is_retired": bool(record.get("retired")),
            }
            for place, record in enumerate(records, start=1)
        },
        lambda row: row.slug,
        counts["roles"],
        retire=True,
    )
    for record in records:
        parents = [roles[slug] for slug in record["builds_on"]]
        sync_links(roles[record["slug"]].builds_on, parents, counts["roles"])
    sync(
        RoleTopic.objects,
        {
            (roles[record["slug"]].id, topics[entry["topic"]].id): {
                "role": roles[record["slug"]],
                "topic": topics[entry["topic"]],
                "requirement": str(entry["requirement"]),
                "depth": depths[entry["depth"]],
                "basis": str(entry["basis"]),
                "note": str(entry.get("note") or ""),
                "cited": cited(entry),
            }
            for record in records
            for entry in record["topics"]
        },
        lambda row: (row.role_id, row.topic_id),
        counts["role topics"],
    )
    remove_unused(Depth.objects, depths, lambda row: row.slug, counts["depths"])
    return roles


def _write_resources(content: Content, counts: dict[str, Counts]) -> dict[Hashable, Resource]:
    counts["providers"], counts["resources"] = Counts(), Counts()
    providers = sync(
        Provider.objects,
        {
            record["slug"]: {
                "slug": record["slug"],
                "name": record["name"],
                "kind": record["kind"],
                "url": record.get("url") or "",
                "summary": record["summary"],
                "cited": cited(record),
                "is_unverified": bool(record.get("unverified")),
            }
            for record in content.lists["providers"]
        },
        lambda row: row.slug,
        counts["providers"],
        keep=True,
    )
    records = content.lists["resources"]
    resources = sync(
        Resource.objects,
        {
            record["slug"]: _resource_fields(record, place, providers)
            | {"former_slugs": _rename(Resource.objects.all(), record, counts["resources"])}
            for place, record in enumerate(records, start=1)
        },
        lambda row: row.slug,
        counts["resources"],
        retire=True,
    )
    for record in records:
        resource = resources[record["slug"]]
        part_of = resources[record["part_of"]] if record.get("part_of") else None
        if resource.part_of != part_of:
            resource.part_of = part_of
            resource.save(update_fields=["part_of"])
            counts["resources"].changed += 1
        also_at = [providers[slug] for slug in record.get("also_at") or []]
        sync_links(resource.also_at, also_at, counts["resources"])
    remove_unused(Provider.objects, providers, lambda row: row.slug, counts["providers"])
    return resources


def _resource_fields(
    record: Record, place: int, providers: dict[Hashable, Provider]
) -> dict[str, object]:
    unverified = record.get("unverified")
    return {
        "slug": record["slug"],
        "title": record["title"],
        "authors": [str(author) for author in record["authors"]],
        "provider": providers[record["provider"]],
        "offered_by": providers[record["offered_by"]] if record.get("offered_by") else None,
        "kind": record["kind"],
        "year": record.get("year"),
        "edition": record.get("edition") or "",
        "url": record.get("url") or "",
        "cost": record["cost"],
        "cost_note": record.get("cost_note") or "",
        "has_exercises": record["has_exercises"],
        "is_standalone": record["standalone"],
        "standalone_note": record.get("standalone_note") or "",
        "calculus_needed": record["calculus_needed"],
        "level": record["level"],
        "hours_hint": record.get("hours_hint"),
        "unit_kind": record.get("unit_kind") or "",
        "evidence": record["evidence"],
        "unverified": {
            "fields": [str(name) for name in unverified["fields"]],
            "what": str(unverified["what"]),
        }
        if unverified
        else {},
        "note": record.get("note") or "",
        "cited": cited(record),
        "position": place,
        "is_retired": bool(record.get("retired")),
    }


def _write_units(
    content: Content,
    counts: dict[str, Counts],
    resources: dict[Hashable, Resource],
    topics: dict[str, Topic],
) -> None:
    counts["units"] = Counts()
    wanted: dict[Hashable, dict[str, object]] = {}
    taught: dict[Hashable, list[Topic]] = {}
    for record in content.lists["resources"]:
        resource = resources[record["slug"]]
        for number, unit in enumerate(record["units"], start=1):
            key = (resource.id, str(unit["slug"]))
            former = _rename(Unit.objects.filter(resource=resource), unit, counts["units"])
            wanted[key] = {
                "resource": resource,
                "slug": str(unit["slug"]),
                "number": number,
                "label": str(unit["label"]),
                "title": str(unit["title"]),
                "minutes": unit.get("minutes"),
                "url": unit.get("url") or "",
                "note": str(unit.get("note") or ""),
                "is_unverified": bool(unit.get("unverified")),
                "former_slugs": former,
                "is_retired": bool(unit.get("retired")),
            }
            taught[key] = [topics[slug] for slug in unit["topics"]]
    rows = sync(
        Unit.objects,
        wanted,
        lambda row: (row.resource_id, row.slug),
        counts["units"],
        retire=True,
    )
    links = Unit.topics.through.objects
    wanted_links = {(rows[key].pk, topic.pk) for key, found in taught.items() for topic in found}
    present = set(links.values_list("unit_id", "topic_id"))
    links.bulk_create(
        [links.model(unit_id=u, topic_id=t) for u, t in sorted(wanted_links - present)]
    )
    gone = present - wanted_links
    for unit_id, topic_id in gone:
        links.filter(unit_id=unit_id, topic_id=topic_id).delete()
    counts["coverage"] = Counts(created=len(wanted_links - present), removed=len(gone))


def _write_paths(
    content: Content,
    counts: dict[str, Counts],
    roles: dict[Hashable, Role],
    resources: dict[Hashable, Resource],
    topics: dict[str, Topic],
) -> None:
    counts["paths"] = Counts()
    paths = sync(
        Path.objects,
        {
            record["slug"]: {
                "former_slugs": _rename(Path.objects.all(), record, counts["paths"]),
                "slug": record["slug"],
                "title": record["title"],
                "role": roles[record["role"]] if record.get("role") else None,
                "covers_role": record["covers_role"],
                "is_prerequisites_complete": record["prerequisites_complete"],
                "is_calculus_free": record["calculus_free"],
                "summary": record["summary"],
                "note": record.get("note") or "",
                "cited": cited(record),
                "position": place,
                "is_retired": bool(record.get("retired")),
            }
            for place, record in enumerate(content.lists["paths"], start=1)
        },
        lambda row: row.slug,
        counts["paths"],
        retire=True,
    )
    units = {(unit.resource_id, unit.slug): unit for unit in Unit.objects.all()}
    counts["steps"] = Counts()
    for record in content.lists["paths"]:
        _write_steps(paths[record["slug"]], record, counts["steps"], resources, topics, units)


def _write_steps(
    path: Path,
    record: Record,
    counts: Counts,
    resources: dict[Hashable, Resource],
    topics: dict[str, Topic],
    units: dict[tuple[int, str], Unit],
) -> None:
    """People never point at steps, so a path whose steps differ gets new ones."""
    wanted = [_step_shape(step) for step in record["steps"]]
    rows = path.steps.prefetch_related(
        "step_topics__topic", "step_resources__resource", "step_resources__units"
    )
    if [_row_shape(row) for row in rows] == wanted:
        return
    is_new = not path.steps.exists()
    path.steps.all().delete()
    for shape in wanted:
        step = PathStep.objects.create(path=path, **shape["fields"])
        StepTopic.objects.bulk_create(
            [StepTopic(step=step, topic=topics[slug]) for slug in shape["topics"]]
        )
        for slug, use, unit_slugs in shape["resources"]:
            resource = resources[slug]
            used = StepResource.objects.create(step=step, resource=resource, use=use)
            used.units.set([units[resource.id, unit] for unit in unit_slugs])
    if is_new:
        counts.created += len(wanted)
    else:
        counts.changed += len(wanted)


def _step_shape(step: Record) -> dict[str, Any]:
    return {
        "fields": {
            "position": step["position"],
            "title": str(step["title"]),
            "summary": str(step["summary"]),
            "is_optional": bool(step.get("optional")),
            "is_order_free": bool(step.get("order_free")),
        },
        "topics": [str(slug) for slug in step["topics"]],
        "resources": [
            (str(used["resource"]), str(used["use"]), sorted(map(str, used.get("units") or [])))
            for used in step["resources"]
        ],
    }


def _row_shape(row: PathStep) -> dict[str, Any]:
    return {
        "fields": {
            "position": row.position,
            "title": row.title,
            "summary": row.summary,
            "is_optional": row.is_optional,
            "is_order_free": row.is_order_free,
        },
        "topics": [entry.topic.slug for entry in row.step_topics.all()],
        "resources": [
            (used.resource.slug, used.use, sorted(unit.slug for unit in used.units.all()))
            for used in row.step_resources.all()
        ],
    }
