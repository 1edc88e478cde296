"""Rows and catalog graphs for tests. Every argument has a default: name only what a test is about."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import count
from typing import Any

from django.utils.text import slugify

from catalog.effort import Hours, Workload
from catalog.graph import CatalogGraph, DepthNode, Need, RoleEntry, RoleNode, SubjectNode, TopicNode
from catalog.graph.order import closures
from catalog.models import (
    Depth,
    Prerequisite,
    Provider,
    Resource,
    Role,
    RoleTopic,
    Subject,
    Topic,
    Unit,
)
from tracker.actions.tokens import NewToken, create_token
from tracker.models import Scope, User

PASSWORD = "correct horse battery"

_numbers = count(1)


def make_user(
    email: str = "", *, name: str = "", role: str | Role | None = None, **fields: Any
) -> User:
    """A person with the password `PASSWORD`; `role` may be the slug of a role."""
    if isinstance(role, str):
        role = Role.objects.get(slug=role)
    return User.objects.create_user(
        email or f"person-{next(_numbers)}@example.org", PASSWORD, name=name, role=role, **fields
    )


def make_token(
    user: User, *, name: str = "script", scopes: Sequence[Scope] = tuple(Scope), days: int = 90
) -> NewToken:
    """A token with its secret; with every scope unless the test is about scopes."""
    return create_token(user=user, name=name, scopes=scopes, days=days)


def make_subject(title: str = "", **fields: Any) -> Subject:
    number = next(_numbers)
    title = title or f"Subject {number}"
    defaults = {"slug": slugify(title), "summary": f"About {title}.", "position": 1000 + number}
    return Subject.objects.create(title=title, **defaults | fields)


def make_topic(
    title: str = "",
    *,
    subject: Subject | None = None,
    hours: str = "4",
    requires: Sequence[Topic] = (),
    **fields: Any,
) -> Topic:
    """A topic beside the real catalog. Call `forget_graph()` before the graph should know it."""
    number = next(_numbers)
    title = title or f"Topic {number}"
    defaults = {"slug": slugify(title), "summary": f"About {title}.", "position": 1000 + number}
    topic = Topic.objects.create(
        title=title, subject=subject or make_subject(), hours=Decimal(hours), **defaults | fields
    )
    for required in requires:
        Prerequisite.objects.create(
            topic=topic, requires=required, reason=f"{topic.slug} rests on {required.slug}."
        )
    return topic


def make_role(title: str = "", *, required: Sequence[Topic] = (), **fields: Any) -> Role:
    number = next(_numbers)
    title = title or f"Role {number}"
    defaults = {
        "slug": slugify(title),
        "kind": "role",
        "summary": f"About {title}.",
        "is_applied": False,
        "is_calculus_free": False,
        "position": 1000 + number,
    }
    role = Role.objects.create(title=title, **defaults | fields)
    depth, _ = Depth.objects.get_or_create(
        slug="working",
        defaults={"title": "Working", "hours_factor": 1, "meaning": "Use it.", "position": 2},
    )
    for topic in required:
        RoleTopic.objects.create(
            role=role, topic=topic, requirement="required", depth=depth, basis="addition"
        )
    return role


def make_provider(name: str = "", **fields: Any) -> Provider:
    name = name or f"Provider {next(_numbers)}"
    defaults = {"slug": slugify(name), "kind": "publisher", "summary": f"About {name}."}
    return Provider.objects.create(name=name, **defaults | fields)


def make_resource(title: str = "", **fields: Any) -> Resource:
    number = next(_numbers)
    title = title or f"Resource {number}"
    defaults = {
        "slug": slugify(title),
        "kind": "book",
        "cost": "free",
        "has_exercises": True,
        "is_standalone": True,
        "calculus_needed": "none",
        "level": "introductory",
        "evidence": "seen",
        "position": 1000 + number,
    }
    if "provider" not in fields:
        fields["provider"] = make_provider()
    return Resource.objects.create(title=title, **defaults | fields)


def make_unit(
    title: str = "", *, resource: Resource | None = None, topics: Sequence[Topic] = (), **fields: Any
) -> Unit:
    number = next(_numbers)
    title = title or f"Unit {number}"
    defaults = {"slug": slugify(title), "number": number, "label": f"Chapter {number}"}
    unit = Unit.objects.create(
        title=title, resource=resource or make_resource(), **defaults | fields
    )
    unit.topics.set(topics)
    return unit


def make_graph(
    needs: Sequence[Sequence[int]],
    *,
    hours: Sequence[float] = (),
    roles: Mapping[str, Mapping[int, bool]] | None = None,
) -> CatalogGraph:
    """A graph without database rows: topic i is called `t<i>` and needs the topics `needs[i]`.

    Needs have smaller numbers. `hours[i]` is 1 where it is missing. A role leads from numbers of
    topics to whether they are required; they are needed at the depth with the factor 1.
    """
    subject = SubjectNode(slug="subject", title="Subject", summary="A subject.")
    ancestors = closures(needs)
    size = len(needs)
    topics = tuple(
        TopicNode(
            index=index,
            id=index + 1,
            slug=f"t{index}",
            title=f"Topic {index}",
            summary="A topic.",
            body_html="",
            exercise_html="",
            answer_html="",
            subject=subject,
            hours=Hours.around(hours[index] if index < len(hours) else 1),
            also_called=(),
            citations=(),
            needs=tuple(Need(index=one, reason="It does.") for one in sorted(set(needs[index]))),
            unlocks=tuple(later for later in range(size) if index in needs[later]),
            needs_mask=sum(1 << one for one in set(needs[index])),
            ancestors_mask=ancestors[index],
            descendants_mask=sum(
                1 << later for later in range(size) if ancestors[later] >> index & 1
            ),
        )
        for index in range(size)
    )
    role_nodes = {
        slug: _role_node(number, slug, topics, entries)
        for number, (slug, entries) in enumerate((roles or {}).items(), start=1)
    }
    return CatalogGraph(
        version=1,
        subjects={subject.slug: subject},
        topics=topics,
        topic_by_slug={topic.slug: topic for topic in topics},
        index_by_id={topic.id: topic.index for topic in topics},
        aliases={},
        renamed={},
        retired={},
        retired_by_id={},
        depths={_DEPTH.slug: _DEPTH},
        roles=role_nodes,
        role_by_id={role.id: role for role in role_nodes.values()},
        providers={},
        resources={},
        covering=tuple(() for _ in topics),
        paths={},
    )


_DEPTH = DepthNode(slug="working", title="Working", meaning="Use it.", hours_factor=1.0)


def _role_node(
    number: int, slug: str, topics: Sequence[TopicNode], wanted: Mapping[int, bool]
) -> RoleNode:
    entries = tuple(
        RoleEntry(
            index=index,
            is_required=is_required,
            depth=_DEPTH,
            hours=topics[index].hours,
            weight=round(topics[index].hours.likely * 100),
            via=None,
        )
        for index, is_required in sorted(wanted.items())
    )
    required = [entry for entry in entries if entry.is_required]
    return RoleNode(
        id=number,
        slug=slug,
        title=slug.title(),
        kind="role",
        kind_label="Role",
        summary="A role.",
        note="",
        is_applied=False,
        is_calculus_free=False,
        former_slugs=(),
        builds_on=(),
        citations=(),
        entries=entries,
        required_mask=sum(1 << entry.index for entry in required),
        topics_mask=sum(1 << entry.index for entry in entries),
        required_hours=sum(entry.weight for entry in required) / 100,
        required_work=Workload.of(entry.hours for entry in required),
        months=0,
        entry_by_index={entry.index: entry for entry in entries},
    )
