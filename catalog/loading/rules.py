"""What must hold across the data files: references, order, closure, and the claims of paths."""

from collections.abc import Iterable

from catalog.graph.order import Cycle, study_order
from catalog.loading.files import Content, Record, Text


def check_rules(content: Content) -> None:
    """Report every fault across records. The shapes of the records must be right already."""
    _check_references(content)
    _check_texts(content)
    _check_old_slugs(content)
    if content.faults:
        return  # the rest would only complain again, about what follows from these
    ancestors = _check_prerequisites(content)
    if ancestors is None:
        return
    needed = _check_roles(content, ancestors)
    if needed is not None:
        _check_paths(content, ancestors, needed)
        _check_time_claims(content, needed)


def _slugs(content: Content, kind: str) -> set[str]:
    return {record["slug"] for record in content.lists[kind] if not record.get("retired")}


def _known(
    content: Content, record: Record, what: str, names: Iterable[str | None], known: set[str]
) -> None:
    for name in names:
        if name is not None and name not in known:
            place = name if isinstance(name, Text) else record
            content.fault(place, f"unknown {what} {name!r}", file=record.file)


def _check_references(content: Content) -> None:
    topics, articles = _slugs(content, "topics"), _slugs(content, "articles")
    subjects, depths = _slugs(content, "subjects"), _slugs(content, "depths")
    roles, providers = _slugs(content, "roles"), _slugs(content, "providers")
    resources = _slugs(content, "resources")
    for records in content.lists.values():
        for record in records:
            entries = [*(record.get("cited") or [])]
            for key in ("topics", "steps"):
                for inner in record.get(key) or []:
                    if isinstance(inner, Record):
                        entries += inner.get("cited") or []
            for entry in entries:
                _known(content, entry, "article", [entry["article"]], articles)
    for topic in content.lists["topics"]:
        _known(content, topic, "subject", [topic["subject"]], subjects)
        for edge in topic["prerequisites"]:
            _known(content, edge, "topic", [edge["topic"]], topics)
    for role in content.lists["roles"]:
        _known(content, role, "role", role["builds_on"], roles)
        for entry in role["topics"]:
            _known(content, entry, "topic", [entry["topic"]], topics)
            _known(content, entry, "depth", [entry["depth"]], depths)
    for resource in content.lists["resources"]:
        at = [resource["provider"], resource.get("offered_by"), *(resource.get("also_at") or [])]
        _known(content, resource, "provider", at, providers)
        _known(content, resource, "resource", [resource.get("part_of")], resources)
        for unit in resource["units"]:
            _known(content, unit, "topic", unit["topics"], topics)
    units = {r["slug"]: {u["slug"] for u in r["units"]} for r in content.lists["resources"]}
    for path in content.lists["paths"]:
        _known(content, path, "role", [path.get("role")], roles)
        for step in path["steps"]:
            _known(content, step, "topic", step["topics"], topics)
            for used in step["resources"]:
                _known(content, used, "resource", [used["resource"]], resources)
                of = used["resource"]
                _known(
                    content, used, f"unit of {of}", used.get("units") or [], units.get(of, set())
                )


def _check_texts(content: Content) -> None:
    topics = content.lists["topics"]
    for topic in topics:
        if topic["slug"] not in content.texts and not topic.get("retired"):
            content.fault(topic, f"topic {topic['slug']} has no text in texts/")
        if not 0 < topic["hours"] <= 80:
            content.fault(topic, f"topic {topic['slug']}: hours must be above 0 and at most 80")
    for slug in set(content.texts) - {topic["slug"] for topic in topics}:
        place = Text(slug)
        place.line = 1
        content.fault(place, "belongs to no topic", file=f"texts/{slug}.md")


def _check_old_slugs(content: Content) -> None:
    """An old slug may not be in use again: a slug is for ever."""
    topics = content.lists["topics"]
    current = _slugs(content, "topics")
    for topic in topics:
        for key in ("renamed_from", "split_from", "merged_from"):
            for old in topic.get(key) or []:
                if old in current and key != "merged_from":
                    content.fault(old, f"{key}: {old!r} is still a topic", file=topic.file)


def _check_prerequisites(content: Content) -> dict[str, set[str]] | None:
    """The closure of every topic, or None where the prerequisites run in a circle."""
    topics = {t["slug"]: t for t in content.lists["topics"] if not t.get("retired")}
    needs = {
        slug: [edge["topic"] for edge in topic["prerequisites"]] for slug, topic in topics.items()
    }
    try:
        order = study_order(needs, {slug: (0, place) for place, slug in enumerate(topics)})
    except Cycle as cycle:
        content.fault(topics[cycle.path[0]], f"prerequisites run in a circle: {cycle}")
        return None
    ancestors: dict[str, set[str]] = {}
    for slug in order:
        ancestors[slug] = set(needs[slug]).union(*(ancestors[one] for one in needs[slug]))
    reasons: set[str] = set()
    for slug, topic in topics.items():
        seen: set[str] = set()
        for edge in topic["prerequisites"]:
            required, reason = edge["topic"], edge["reason"]
            if required in seen:
                content.fault(edge, f"topic {slug} names {required} twice")
            seen.add(required)
            if any(required in ancestors[other] for other in needs[slug]):
                content.fault(edge, f"topic {slug}: {required} is implied by another prerequisite")
            if reason in reasons or not reason.endswith("."):
                content.fault(edge, f"topic {slug}: the reason must be a sentence of its own")
            reasons.add(reason)
    return ancestors


Needed = dict[str, dict[str, tuple[bool, str]]]


def _check_roles(content: Content, ancestors: dict[str, set[str]]) -> Needed | None:
    """Role → topic → (is required, depth) with what is inherited."""
    roles = {role["slug"]: role for role in content.lists["roles"]}
    factors = {depth["slug"]: depth["hours_factor"] for depth in content.lists["depths"]}
    subject_of = {topic["slug"]: topic["subject"] for topic in content.lists["topics"]}
    parents = {slug: list(role["builds_on"]) for slug, role in roles.items()}
    try:
        order = study_order(parents, {slug: (0, place) for place, slug in enumerate(roles)})
    except Cycle as cycle:
        content.fault(roles[cycle.path[0]], f"roles build on each other in a circle: {cycle}")
        return None
    needed: Needed = {}
    for slug in order:
        role = roles[slug]
        merged: dict[str, tuple[bool, str]] = {}
        for parent in parents[slug]:
            for topic, entry in needed[parent].items():
                merged[topic] = _stricter(merged.get(topic), entry, factors)
        seen: set[str] = set()
        for entry in role["topics"]:
            if entry["topic"] in seen:
                content.fault(entry, f"role {slug} names {entry['topic']} twice")
            seen.add(entry["topic"])
            own = (entry["requirement"] == "required", str(entry["depth"]))
            merged[entry["topic"]] = _stricter(merged.get(entry["topic"]), own, factors)
        needed[slug] = merged
        required = {topic for topic, (is_required, _) in merged.items() if is_required}
        for topic in sorted(required):
            for missing in sorted(ancestors[topic] - required):
                content.fault(
                    role, f"role {slug} requires {topic} but not {missing}, on which it rests"
                )
            if role["calculus_free"] and subject_of[topic] == "calculus":
                content.fault(role, f"role {slug} is called calculus-free but requires {topic}")
        for topic in sorted(set(merged) - required):
            for missing in sorted(ancestors[topic] - set(merged)):
                content.fault(
                    role, f"role {slug} recommends {topic} but lacks {missing}, on which it rests"
                )
    return needed


def _stricter(
    one: tuple[bool, str] | None, other: tuple[bool, str], factors: dict[str, float]
) -> tuple[bool, str]:
    if one is None:
        return other
    return one[0] or other[0], max(one[1], other[1], key=lambda depth: factors[depth])


def _check_paths(content: Content, ancestors: dict[str, set[str]], needed: Needed) -> None:
    topics = {topic["slug"]: topic for topic in content.lists["topics"]}
    resources = {resource["slug"]: resource for resource in content.lists["resources"]}
    for path in content.lists["paths"]:
        where = f"path {path['slug']}"
        step_of: dict[str, int] = {}
        optional: set[str] = set()
        for number, step in enumerate(path["steps"], start=1):
            if step["position"] != number:
                content.fault(step, f"{where}: the steps must be numbered 1, 2, 3, ...")
            taught = _taught_in(step, resources)
            for topic in step["topics"]:
                if topic in step_of:
                    content.fault(topic, f"{where}: {topic} stands in two steps", file=step.file)
                if topic not in taught:
                    content.fault(
                        topic, f"{where}: no unit of the step covers {topic}", file=step.file
                    )
                if path["calculus_free"] and topics[topic]["subject"] == "calculus":
                    content.fault(
                        topic, f"{where} is called calculus-free but has {topic}", file=step.file
                    )
                step_of[topic] = number
            if step.get("optional"):
                optional.update(step["topics"])
        if path["prerequisites_complete"]:
            for topic, number in step_of.items():
                for required in sorted(edge["topic"] for edge in topics[topic]["prerequisites"]):
                    if step_of.get(required, number + 1) > number:
                        content.fault(path, f"{where}: {topic} comes before {required}")
        if path["covers_role"]:
            entries = needed[path["role"]] if path.get("role") else {}
            for topic, (is_required, _) in sorted(entries.items()):
                if is_required and (topic not in step_of or topic in optional):
                    content.fault(path, f"{where} leaves out {topic}, which its role requires")


def _taught_in(step: Record, resources: dict[str, Record]) -> set[str]:
    taught: set[str] = set()
    for used in step["resources"]:
        wanted = used.get("units")
        for unit in resources[used["resource"]]["units"]:
            if wanted is None or unit["slug"] in wanted:
                taught.update(unit["topics"])
        for part in resources.values():
            if part.get("part_of") == used["resource"]:
                taught.update(*(unit["topics"] for unit in part["units"]))
    return taught


def _check_time_claims(content: Content, needed: Needed) -> None:
    """The hours of the applied roles lie within what the articles claim."""
    hours = {topic["slug"]: topic["hours"] for topic in content.lists["topics"]}
    factors = {depth["slug"]: depth["hours_factor"] for depth in content.lists["depths"]}
    claims = [
        claim
        for claim in content.lists["time_estimates"]
        if claim["applies_to"] == "applied roles" and claim.get("total_hours_max")
    ]
    if not claims:
        return
    least = max(claim["total_hours_min"] for claim in claims)
    most = min(claim["total_hours_max"] for claim in claims)
    for role in content.lists["roles"]:
        if role["applied"]:
            required = sum(
                hours[topic] * factors[depth]
                for topic, (is_required, depth) in needed[role["slug"]].items()
                if is_required
            )
            if not least <= required <= most:
                content.fault(
                    role,
                    f"role {role['slug']}: {required:.1f} required hours are outside the claim",
                )
