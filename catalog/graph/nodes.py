"""What the catalog in memory is made of.

Topics are numbered in study order, and sets of topics are integers with bit i for topic i: the
closures of a hundred topics then cost one machine operation each, and plans stay cheap.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from catalog.effort import Hours, Workload


@dataclass(frozen=True, kw_only=True, slots=True)
class Citation:
    """An article and what it says about the thing that cites it; `note` may be empty."""

    article: str
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SubjectNode:
    slug: str
    title: str
    summary: str
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """A direct prerequisite, by its index, and why it is one."""

    index: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class TopicNode:
    """One topic. `index` is its place in study order; masks are sets of such indexes."""

    index: int
    id: int
    slug: str
    title: str
    summary: str
    body_html: str
    exercise_html: str
    answer_html: str
    subject: SubjectNode
    hours: Hours
    also_called: tuple[str, ...]
    citations: tuple[Citation, ...]
    needs: tuple[Need, ...]
    unlocks: tuple[int, ...]
    needs_mask: int
    ancestors_mask: int
    descendants_mask: int
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DepthNode:
    slug: str
    title: str
    meaning: str
    hours_factor: float


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class RoleEntry:
    """A topic as one role needs it. `via` is the role it is inherited from, or None if own.

    `weight` is the likely time in hundredths of an hour, a whole number, so that sums are exact.
    """

    index: int
    is_required: bool
    depth: DepthNode
    hours: Hours
    weight: int
    via: str | None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class RoleNode:
    """A role with all topics it needs, its own and inherited, in study order."""

    id: int
    slug: str
    title: str
    kind: str
    kind_label: str
    summary: str
    note: str
    is_applied: bool
    is_calculus_free: bool
    former_slugs: tuple[str, ...]
    builds_on: tuple[str, ...]
    citations: tuple[Citation, ...]
    entries: tuple[RoleEntry, ...]
    required_mask: int
    topics_mask: int
    required_hours: float
    required_work: Workload
    months: float
    entry_by_index: Mapping[int, RoleEntry] = field(repr=False)

    @property
    def required_count(self) -> int:
        return self.required_mask.bit_count()

    @property
    def recommended_count(self) -> int:
        return len(self.entries) - self.required_count


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderNode:
    slug: str
    name: str
    kind: str
    url: str
    summary: str


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class UnitNode:
    id: int
    resource: str
    slug: str
    number: int
    label: str
    title: str
    minutes: int | None
    url: str
    note: str
    is_unverified: bool
    topics: tuple[int, ...]
    is_retired: bool = False


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ResourceNode:
    """A resource. Fields named in `unverified` are empty here unless they are marked on the page;
    an address that nobody checked is always empty."""

    id: int
    slug: str
    title: str
    authors: tuple[str, ...]
    provider: ProviderNode
    offered_by: ProviderNode | None
    also_at: tuple[ProviderNode, ...]
    part_of: str | None
    parts: tuple[str, ...]
    kind: str
    year: int | None
    edition: str
    url: str
    cost: str
    cost_label: str
    cost_note: str
    has_exercises: bool
    is_standalone: bool
    standalone_note: str
    calculus_needed: str
    calculus_label: str
    level: str
    hours_hint: int | None
    unit_kind: str
    unverified_fields: frozenset[str]
    unverified_what: str
    note: str
    citations: tuple[Citation, ...]
    former_slugs: tuple[str, ...]
    units: tuple[UnitNode, ...]
    topics_mask: int


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class StepResourceNode:
    """No `units` means all of the resource."""

    resource: ResourceNode
    use: str
    units: tuple[UnitNode, ...]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class StepNode:
    position: int
    title: str
    summary: str
    is_optional: bool
    is_order_free: bool
    topics: tuple[int, ...]
    resources: tuple[StepResourceNode, ...]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PathNode:
    slug: str
    title: str
    role: str | None
    covers_role: bool
    is_prerequisites_complete: bool
    is_calculus_free: bool
    summary: str
    note: str
    citations: tuple[Citation, ...]
    former_slugs: tuple[str, ...]
    steps: tuple[StepNode, ...]
    hours: float


@dataclass(frozen=True, kw_only=True, slots=True)
class AdviceNode:
    slug: str
    audience: str
    text: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class EstimateNode:
    """What an article says about how long it takes. `applies_to` is a slug or a few words."""

    slug: str
    claim: str
    applies_to: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class CatalogGraph:
    """Everything there is to learn, as one consistent picture of one catalog version.

    Mappings are in study order (topics, subjects) or in the order of the data files. `aliases`
    leads from an old topic slug to the slugs that took its place; `renamed` from "roles/old-slug",
    "resources/..." or "paths/..." to the present slug; `retired` from the slug of a topic that is
    no longer taught to its title. `unit_by_id` holds retired units too, which no resource lists.
    """

    version: int
    subjects: Mapping[str, SubjectNode]
    topics: tuple[TopicNode, ...]
    topic_by_slug: Mapping[str, TopicNode]
    index_by_id: Mapping[int, int]
    aliases: Mapping[str, tuple[str, ...]]
    renamed: Mapping[str, str]
    retired: Mapping[str, str]
    retired_by_id: Mapping[int, str]
    depths: Mapping[str, DepthNode]
    roles: Mapping[str, RoleNode]
    role_by_id: Mapping[int, RoleNode]
    providers: Mapping[str, ProviderNode]
    resources: Mapping[str, ResourceNode]
    resource_by_id: Mapping[int, ResourceNode]
    unit_by_id: Mapping[int, UnitNode]
    covering: tuple[tuple[UnitNode, ...], ...]
    paths: Mapping[str, PathNode]
    advice: tuple[AdviceNode, ...] = ()
    estimates: tuple[EstimateNode, ...] = ()

    def topics_in(self, mask: int) -> Iterator[TopicNode]:
        """The topics of a set, in study order."""
        while mask:
            lowest = mask & -mask
            yield self.topics[lowest.bit_length() - 1]
            mask ^= lowest

    def successors(self, slug: str) -> tuple[TopicNode, ...]:
        """The topics that `slug` means today: one, several after a split, none if unknown."""
        topic = self.topic_by_slug.get(slug)
        if topic is not None:
            return (topic,)
        return tuple(self.topic_by_slug[new] for new in self.aliases.get(slug, ()))
