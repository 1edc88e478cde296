"""Books, courses and videos: the shelves. The page of one resource shows people, and is theirs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from catalog.graph import (
    CatalogGraph,
    ProviderNode,
    ResourceNode,
    TopicNode,
    current_graph,
)
from catalog.models import CalculusNeeded, Cost, Level
from catalog.search import LONGEST_QUERY, fold

_FILTER_NAMES = {
    "kind": "kind of resource",
    "provider": "provider",
    "cost": "price",
    "exercises": "choice of exercises",
    "calculus": "amount of calculus",
    "level": "level",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class LibraryFilters:
    """What a visitor wants to see; "" and None leave everything in."""

    words: str = ""
    kind: str = ""
    provider: str = ""
    cost: str = ""
    exercises: str = ""
    calculus: str = ""
    level: str = ""
    topic: TopicNode | None = None

    def keep(self, resource: ResourceNode) -> bool:
        text = filter_text(resource)
        return (
            all(word in text for word in fold(self.words).split())
            and self.kind in ("", resource.kind)
            and (not self.provider or self.provider in _provider_slugs(resource))
            and self.cost in ("", resource.cost)
            and (not self.exercises or resource.has_exercises)
            and self.calculus in ("", resource.calculus_needed)
            and self.level in ("", resource.level)
            and (not self.topic or bool(resource.topics_mask >> self.topic.index & 1))
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceCard:
    """A resource on the shelf. `facts` are short and in words; what is in doubt says so."""

    resource: ResourceNode
    kind_label: str
    by: str
    facts: tuple[str, ...]
    filter_text: str


@login_not_required
@require_safe
def library(request: HttpRequest) -> HttpResponse:
    graph = current_graph()
    choices = _choices(graph)
    filters, complaints = _read_filters(request.GET, graph, choices)
    resources = graph.resources.values()
    of_any_kind = replace(filters, kind="")
    counts = dict.fromkeys(choices["kind"], 0)
    for resource in resources:
        counts[resource.kind] += of_any_kind.keep(resource)
    context = {
        "filters": filters,
        "is_filtered": filters != LibraryFilters(),
        "complaints": complaints,
        "choices": choices,
        "kinds": [(slug, label, counts[slug]) for slug, label in choices["kind"].items()],
        "any_kind_count": sum(counts.values()),
        "subjects": _topics_by_subject(graph),
        "cards": [resource_card(one) for one in resources if filters.keep(one)],
        "total": len(resources),
    }
    return TemplateResponse(request, "catalog/library.html", context)


def kind_label(kind: str) -> str:
    return kind.replace("-", " ").capitalize()


def filter_text(resource: ResourceNode) -> str:
    """What the search field of the shelf looks at, folded; the browser looks at the same."""
    names = [provider.name for provider in _providers(resource)]
    return fold(" ".join([resource.title, *resource.authors, *names, kind_label(resource.kind)]))


def _providers(resource: ResourceNode) -> list[ProviderNode]:
    at = (resource.provider, resource.offered_by, *resource.also_at)
    return [provider for provider in at if provider]


def _provider_slugs(resource: ResourceNode) -> set[str]:
    return {provider.slug for provider in _providers(resource)}


def _choices(graph: CatalogGraph) -> dict[str, dict[str, str]]:
    """Filter → value → label, for the filters with fixed values."""
    resources = graph.resources.values()
    at_least_one = {slug for resource in resources for slug in _provider_slugs(resource)}
    return {
        "kind": {resource.kind: kind_label(resource.kind) for resource in resources},
        "provider": {
            slug: provider.name
            for slug, provider in graph.providers.items()
            if slug in at_least_one
        },
        "cost": dict(Cost.choices),
        "exercises": {"yes": "Exercises"},
        "calculus": dict(CalculusNeeded.choices),
        "level": dict(Level.choices),
    }


def _read_filters(
    params: QueryDict, graph: CatalogGraph, choices: Mapping[str, Mapping[str, str]]
) -> tuple[LibraryFilters, list[str]]:
    """The filters that make sense, and a sentence about each one that does not."""
    values, complaints = {}, []
    for name, known in choices.items():
        value = params.get(name, "")
        if value in known or not value:
            values[name] = value
        else:
            complaints.append(f"There is no {_FILTER_NAMES[name]} “{_short(value)}” here.")
    wanted = params.get("topic", "")
    topics = graph.successors(wanted)
    if wanted and not topics:
        complaints.append(f"There is no topic “{_short(wanted)}” here.")
    words = " ".join(params.get("q", "").replace("\0", "").split())[:LONGEST_QUERY]
    return LibraryFilters(**values, words=words, topic=topics[0] if topics else None), complaints


def _short(value: str) -> str:
    return value.replace("\0", "")[:60]


def _topics_by_subject(graph: CatalogGraph) -> list[tuple[str, list[TopicNode]]]:
    """The topics that some unit teaches, by the title of their subject."""
    groups: dict[str, list[TopicNode]] = {slug: [] for slug in graph.subjects}
    for topic in graph.topics:
        if graph.covering[topic.index]:
            groups[topic.subject.slug].append(topic)
    return [(graph.subjects[slug].title, topics) for slug, topics in groups.items() if topics]


def by_line(resource: ResourceNode) -> str:
    """Authors and provider; a provider that is among the authors is not named twice."""
    authors, provider = ", ".join(resource.authors), resource.provider.name
    if provider in resource.authors:
        return authors
    return f"{authors} · {provider}" if authors else provider


def unit_count(resource: ResourceNode) -> str:
    """Such as "1 chapter" or "27 classes"."""
    count, unit = len(resource.units), resource.unit_kind or "unit"
    ending = "" if count == 1 else "es" if unit.endswith("s") else "s"
    return f"{count} {unit}{ending}"


def resource_card(resource: ResourceNode) -> ResourceCard:
    doubtful = resource.unverified_fields
    by = [by_line(resource)]
    if resource.year and "year" not in doubtful:
        by.append(str(resource.year))
    facts = []
    if resource.units:
        facts.append(unit_count(resource))
    if resource.parts:
        facts.append(f"{len(resource.parts)} parts")
    if resource.has_exercises:
        is_sure = "has_exercises" not in doubtful
        facts.append("exercises" if is_sure else "exercises (not verified)")
    if "calculus_needed" not in doubtful:
        facts.append(resource.calculus_label.lower())
    if resource.hours_hint and "hours_hint" not in doubtful:
        facts.append(f"about {resource.hours_hint} h")
    return ResourceCard(
        resource=resource,
        kind_label=kind_label(resource.kind),
        by=" · ".join(by),
        facts=tuple(facts),
        filter_text=filter_text(resource),
    )
