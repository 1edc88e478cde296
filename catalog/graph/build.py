"""Database rows → CatalogGraph. About twenty queries, however large the catalog is."""

from collections import defaultdict
from collections.abc import Mapping

from django.db import transaction

from catalog.effort import Hours, Workload, card_months
from catalog.graph.citations import article_names, citations
from catalog.graph.nodes import (
    CatalogGraph,
    DepthNode,
    Need,
    PathNode,
    ResourceNode,
    RoleEntry,
    RoleNode,
    SubjectNode,
    TopicNode,
    UnitNode,
)
from catalog.graph.order import closures, study_order
from catalog.graph.reading import build_advice, build_estimates, build_paths, build_resources
from catalog.models import (
    Depth,
    Prerequisite,
    Requirement,
    Role,
    RoleTopic,
    Subject,
    Topic,
    TopicAlias,
)


@transaction.atomic
def build_graph(version: int) -> CatalogGraph:
    """Read the catalog; `version` is the number that the caller saw before.

    Should an edit slip in between, the number no longer fits and the next look reads again.
    """
    articles = article_names()
    subjects = {
        row.slug: SubjectNode(
            slug=row.slug,
            title=row.title,
            summary=row.summary,
            citations=citations(row.cited, articles),
        )
        for row in Subject.objects.filter(topics__is_retired=False).distinct()
    }
    rows = list(Topic.objects.select_related("subject"))
    topics = _topics([row for row in rows if not row.is_retired], subjects, articles)
    topic_by_slug = {topic.slug: topic for topic in topics}
    index_by_id = {topic.id: topic.index for topic in topics}
    depths = {
        row.slug: DepthNode(
            slug=row.slug,
            title=row.title,
            meaning=row.meaning,
            hours_factor=float(row.hours_factor),
        )
        for row in Depth.objects.all()
    }
    roles = _roles(topics, index_by_id, depths, articles)
    providers, resources, unit_by_id = build_resources(index_by_id, articles)
    covering: list[list[UnitNode]] = [[] for _ in topics]
    for resource in resources.values():
        for unit in resource.units:
            for index in unit.topics:
                covering[index].append(unit)
    paths = build_paths(topics, index_by_id, resources, articles)
    return CatalogGraph(
        version=version,
        subjects=subjects,
        topics=topics,
        topic_by_slug=topic_by_slug,
        index_by_id=index_by_id,
        aliases=_aliases(topic_by_slug),
        renamed=_renamed(roles=roles, resources=resources, paths=paths),
        retired={row.slug: row.title for row in rows if row.is_retired},
        retired_by_id={row.id: row.slug for row in rows if row.is_retired},
        depths=depths,
        roles=roles,
        role_by_id={role.id: role for role in roles.values()},
        providers=providers,
        resources=resources,
        resource_by_id={node.id: node for node in resources.values()},
        unit_by_id=unit_by_id,
        covering=tuple(tuple(units) for units in covering),
        paths=paths,
        advice=build_advice(articles),
        estimates=build_estimates(articles),
    )


def _aliases(topic_by_slug: Mapping[str, TopicNode]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for old, new in TopicAlias.objects.values_list("slug", "topic__slug"):
        if new in topic_by_slug and old not in topic_by_slug:
            found[old].append(new)
    return {old: tuple(new) for old, new in found.items()}


def _renamed(
    *,
    roles: Mapping[str, RoleNode],
    resources: Mapping[str, ResourceNode],
    paths: Mapping[str, PathNode],
) -> dict[str, str]:
    present: dict[str, Mapping[str, RoleNode | ResourceNode | PathNode]] = {
        "roles": roles,
        "resources": resources,
        "paths": paths,
    }
    return {
        f"{kind}/{old}": node.slug
        for kind, nodes in present.items()
        for node in nodes.values()
        for old in node.former_slugs
        if old not in nodes
    }


def _topics(
    rows: list[Topic],
    subjects: Mapping[str, SubjectNode],
    articles: Mapping[str, str],
) -> tuple[TopicNode, ...]:
    row_by_slug = {row.slug: row for row in rows}
    reasons: dict[str, dict[str, str]] = {slug: {} for slug in row_by_slug}
    edges = Prerequisite.objects.values_list("topic__slug", "requires__slug", "reason")
    for topic, required, reason in edges:
        # An edge to a retired topic says nothing about those that are left.
        if topic in row_by_slug and required in row_by_slug:
            reasons[topic][required] = reason
    rank = {row.slug: (row.subject.position, row.position) for row in rows}
    order = study_order({slug: list(needs) for slug, needs in reasons.items()}, rank)
    index_of = {slug: index for index, slug in enumerate(order)}
    needs = [
        tuple(
            sorted(
                (Need(index=index_of[one], reason=why) for one, why in reasons[slug].items()),
                key=lambda need: need.index,
            )
        )
        for slug in order
    ]
    ancestors = closures([[need.index for need in direct] for direct in needs])
    descendants = [0] * len(order)
    unlocks: list[list[int]] = [[] for _ in order]
    for index, direct in enumerate(needs):
        for need in direct:
            unlocks[need.index].append(index)
        for earlier in range(index):
            if ancestors[index] >> earlier & 1:
                descendants[earlier] |= 1 << index
    nodes = []
    for index, slug in enumerate(order):
        row = row_by_slug[slug]
        nodes.append(
            TopicNode(
                index=index,
                id=row.id,
                slug=slug,
                title=row.title,
                summary=row.summary,
                body_html=row.body_html,
                exercise_html=row.exercise_html,
                answer_html=row.answer_html,
                subject=subjects[row.subject.slug],
                hours=Hours.around(float(row.hours)),
                also_called=tuple(row.also_called),
                citations=citations(row.cited, articles),
                needs=needs[index],
                unlocks=tuple(unlocks[index]),
                needs_mask=sum(1 << need.index for need in needs[index]),
                ancestors_mask=ancestors[index],
                descendants_mask=descendants[index],
                note=row.note,
            )
        )
    return tuple(nodes)


def _roles(
    topics: tuple[TopicNode, ...],
    index_by_id: Mapping[int, int],
    depths: Mapping[str, DepthNode],
    articles: Mapping[str, str],
) -> dict[str, RoleNode]:
    rows = {row.id: row for row in Role.objects.prefetch_related("builds_on")}
    parents = {row.id: [parent.id for parent in row.builds_on.all()] for row in rows.values()}
    own: dict[int, dict[int, tuple[bool, str]]] = {role_id: {} for role_id in rows}
    entries = RoleTopic.objects.values_list("role_id", "topic_id", "requirement", "depth__slug")
    for role_id, topic_id, requirement, depth in entries:
        if topic_id in index_by_id:
            is_required = requirement == Requirement.REQUIRED
            own[role_id][index_by_id[topic_id]] = (is_required, depth)
    by_parents_first = study_order(
        {str(role_id): [str(parent) for parent in ids] for role_id, ids in parents.items()},
        {str(row.id): (row.position, 0) for row in rows.values()},
    )
    needed: dict[int, dict[int, tuple[bool, str, str | None]]] = {}
    for role_id in map(int, by_parents_first):
        needed[role_id] = _merge(
            own[role_id],
            [(rows[parent].slug, needed[parent]) for parent in parents[role_id]],
            depths,
        )
    return {
        row.slug: _role_node(row, topics, needed[row.id], depths, articles)
        for row in rows.values()
        if not row.is_retired
    }


def _merge(
    own: Mapping[int, tuple[bool, str]],
    inherited: list[tuple[str, dict[int, tuple[bool, str, str | None]]]],
    depths: Mapping[str, DepthNode],
) -> dict[int, tuple[bool, str, str | None]]:
    """The stricter requirement and the deeper depth win, each for itself."""
    merged: dict[int, tuple[bool, str, str | None]] = {
        index: (is_required, depth, None) for index, (is_required, depth) in own.items()
    }
    for parent, entries in inherited:
        for index, (is_required, depth, via) in entries.items():
            if index not in merged:
                merged[index] = (is_required, depth, via or parent)
                continue
            had_required, had_depth, had_via = merged[index]
            deeper = max(depth, had_depth, key=lambda slug: depths[slug].hours_factor)
            merged[index] = (is_required or had_required, deeper, had_via)
    return merged


def _role_node(
    row: Role,
    topics: tuple[TopicNode, ...],
    needed: Mapping[int, tuple[bool, str, str | None]],
    depths: Mapping[str, DepthNode],
    articles: Mapping[str, str],
) -> RoleNode:
    entries = []
    for index, (is_required, depth_slug, via) in sorted(needed.items()):
        depth = depths[depth_slug]
        # Hours and factors have one decimal each, so hundredths of an hour are whole numbers.
        weight = round(topics[index].hours.likely * 10) * round(depth.hours_factor * 10)
        entries.append(
            RoleEntry(
                index=index,
                is_required=is_required,
                depth=depth,
                hours=Hours.around(weight / 100),
                weight=weight,
                via=via,
            )
        )
    required = [entry for entry in entries if entry.is_required]
    work = Workload.of(entry.hours for entry in required)
    return RoleNode(
        id=row.id,
        slug=row.slug,
        title=row.title,
        kind=row.kind,
        kind_label=row.get_kind_display(),
        summary=row.summary,
        note=row.note,
        is_applied=row.is_applied,
        is_calculus_free=row.is_calculus_free,
        former_slugs=tuple(row.former_slugs),
        builds_on=tuple(parent.slug for parent in row.builds_on.all()),
        citations=citations(row.cited, articles),
        entries=tuple(entries),
        required_mask=sum(1 << entry.index for entry in required),
        topics_mask=sum(1 << entry.index for entry in entries),
        required_hours=sum(entry.weight for entry in required) / 100,
        required_work=work,
        months=card_months(work),
        entry_by_index={entry.index: entry for entry in entries},
    )
