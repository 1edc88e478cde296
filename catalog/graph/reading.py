"""The part of the snapshot that is read: providers, resources with units, paths, advice."""

from collections.abc import Mapping

from catalog.graph.citations import citations
from catalog.graph.nodes import (
    AdviceNode,
    EstimateNode,
    PathNode,
    ProviderNode,
    ResourceNode,
    StepNode,
    StepResourceNode,
    TopicNode,
    UnitNode,
)
from catalog.models import Advice, Path, PathStep, Provider, Resource, TimeEstimate, Unit


def build_resources(
    index_by_id: Mapping[int, int], articles: Mapping[str, str]
) -> tuple[dict[str, ProviderNode], dict[str, ResourceNode], dict[int, UnitNode]]:
    """Providers and resources by slug, and units by id, retired ones among them."""
    providers = {
        row.id: ProviderNode(
            slug=row.slug,
            name=row.name,
            kind=row.kind,
            url="" if row.is_unverified else row.url,
            summary=row.summary,
        )
        for row in Provider.objects.all()
    }
    units: dict[int, list[UnitNode]] = {}
    unit_by_id: dict[int, UnitNode] = {}
    for unit in Unit.objects.select_related("resource").prefetch_related("topics"):
        unit_by_id[unit.id] = node = _unit_node(unit, index_by_id)
        if not unit.is_retired:
            units.setdefault(unit.resource_id, []).append(node)
    rows = list(
        Resource.objects.filter(is_retired=False)
        .select_related("part_of")
        .prefetch_related("also_at")
    )
    resources = {
        row.slug: _resource_node(row, rows, providers, tuple(units.get(row.id, ())), articles)
        for row in rows
    }
    return {node.slug: node for node in providers.values()}, resources, unit_by_id


def _unit_node(row: Unit, index_by_id: Mapping[int, int]) -> UnitNode:
    taught = (index_by_id[topic.id] for topic in row.topics.all() if topic.id in index_by_id)
    return UnitNode(
        id=row.id,
        resource=row.resource.slug,
        slug=row.slug,
        number=row.number,
        label=row.label,
        title=row.title,
        minutes=row.minutes,
        url=row.url,
        note=row.note,
        is_unverified=row.is_unverified,
        topics=tuple(sorted(taught)),
        is_retired=row.is_retired,
    )


def _resource_node(
    row: Resource,
    rows: list[Resource],
    providers: Mapping[int, ProviderNode],
    units: tuple[UnitNode, ...],
    articles: Mapping[str, str],
) -> ResourceNode:
    mask = 0
    for unit in units:
        for index in unit.topics:
            mask |= 1 << index
    return ResourceNode(
        id=row.id,
        slug=row.slug,
        title=row.title,
        authors=tuple(row.authors),
        provider=providers[row.provider_id],
        offered_by=providers[row.offered_by_id] if row.offered_by_id else None,
        also_at=tuple(providers[provider.id] for provider in row.also_at.all()),
        part_of=row.part_of.slug if row.part_of else None,
        parts=tuple(other.slug for other in rows if other.part_of_id == row.id),
        kind=row.kind,
        year=row.year,
        edition=row.edition,
        url=row.verified_url,
        cost=row.cost,
        cost_label=row.get_cost_display(),
        cost_note=row.cost_note,
        has_exercises=row.has_exercises,
        is_standalone=row.is_standalone,
        standalone_note=row.standalone_note,
        calculus_needed=row.calculus_needed,
        calculus_label=row.get_calculus_needed_display(),
        level=row.level,
        hours_hint=row.hours_hint,
        unit_kind=row.unit_kind,
        unverified_fields=frozenset(row.unverified.get("fields", ())),
        unverified_what=row.unverified.get("what", ""),
        note=row.note,
        citations=citations(row.cited, articles),
        former_slugs=tuple(row.former_slugs),
        units=units,
        topics_mask=mask,
    )


def build_paths(
    topics: tuple[TopicNode, ...],
    index_by_id: Mapping[int, int],
    resources: Mapping[str, ResourceNode],
    articles: Mapping[str, str],
) -> dict[str, PathNode]:
    steps: dict[int, list[StepNode]] = {}
    rows = PathStep.objects.prefetch_related(
        "step_topics", "step_resources__resource", "step_resources__units"
    )
    for row in rows:
        steps.setdefault(row.path_id, []).append(_step_node(row, index_by_id, resources))
    paths = {}
    for path in Path.objects.filter(is_retired=False).select_related("role"):
        own = tuple(steps.get(path.id, ()))
        paths[path.slug] = PathNode(
            slug=path.slug,
            title=path.title,
            role=path.role.slug if path.role and not path.role.is_retired else None,
            covers_role=path.covers_role,
            is_prerequisites_complete=path.is_prerequisites_complete,
            is_calculus_free=path.is_calculus_free,
            summary=path.summary,
            note=path.note,
            citations=citations(path.cited, articles),
            former_slugs=tuple(path.former_slugs),
            steps=own,
            hours=sum(topics[index].hours.likely for step in own for index in step.topics),
        )
    return paths


def _step_node(
    row: PathStep, index_by_id: Mapping[int, int], resources: Mapping[str, ResourceNode]
) -> StepNode:
    used = []
    for entry in row.step_resources.all():
        resource = resources.get(entry.resource.slug)
        if resource is not None:
            wanted = {unit.id for unit in entry.units.all()}
            units = tuple(unit for unit in resource.units if unit.id in wanted)
            used.append(StepResourceNode(resource=resource, use=entry.use, units=units))
    return StepNode(
        position=row.position,
        title=row.title,
        summary=row.summary,
        is_optional=row.is_optional,
        is_order_free=row.is_order_free,
        topics=tuple(
            index_by_id[entry.topic_id]
            for entry in row.step_topics.all()
            if entry.topic_id in index_by_id
        ),
        resources=tuple(used),
    )


def build_advice(articles: Mapping[str, str]) -> tuple[AdviceNode, ...]:
    return tuple(
        AdviceNode(
            slug=row.slug,
            audience=row.audience,
            text=row.text,
            citations=citations(row.cited, articles),
        )
        for row in Advice.objects.all()
    )


def build_estimates(articles: Mapping[str, str]) -> tuple[EstimateNode, ...]:
    return tuple(
        EstimateNode(
            slug=row.slug,
            claim=row.claim,
            applies_to=row.applies_to,
            citations=citations(row.cited, articles),
        )
        for row in TimeEstimate.objects.all()
    )
