"""Rows and catalog graphs for tests. Everything has a default: name only what a test is about."""

import zoneinfo
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.test import Client
from django.utils import timezone
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
from mlmath.sealing import seal
from tracker.actions.answers import answer_question
from tracker.actions.questions import ask_question
from tracker.actions.tokens import NewToken, create_token
from tracker.actions.webhooks import new_webhook_secret
from tracker.models import (
    Answer,
    Assignment,
    Delivery,
    DeliveryState,
    GroupEvent,
    GroupRole,
    Meeting,
    Membership,
    Question,
    Scope,
    StudyGroup,
    User,
    Webhook,
    WebhookKind,
)
from tracker.models.assignments import END_OF_DAY
from tracker.models.ids import new_public_id
from tracker.summaries.recurrence import last_date, read_rule

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


def make_session(user: User) -> str:
    """The cookie of a browser in which `user` is signed in, and not asked again for a day."""
    client = Client()
    client.force_login(user)
    session, tomorrow = client.session, timezone.now() + timedelta(days=1)
    session["account_authentication_methods"] = [
        {"method": "password", "at": tomorrow.timestamp(), "reauthenticated": True}
    ]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return client.cookies["sessionid"].value


def make_group(
    name: str = "",
    *,
    leader: User | None = None,
    members: Sequence[User] = (),
    observers: Sequence[User] = (),
    **fields: Any,
) -> StudyGroup:
    """A private group in UTC; without a `leader` it gets one of its own."""
    at = datetime(2026, 9, 1, tzinfo=UTC)
    name = name or f"Group {next(_numbers)}"
    group = StudyGroup.objects.create(**{"name": name, "created_at": at} | fields)
    people = [
        (leader or make_user(name="Grace Hopper"), GroupRole.LEADER),
        *((person, GroupRole.MEMBER) for person in members),
        *((person, GroupRole.OBSERVER) for person in observers),
    ]
    for person, role in people:
        Membership.objects.create(group=group, user=person, role=role, joined_at=at)
    return group


def make_assignment(
    group: StudyGroup, unit: Unit | int, *, due_on: date = date(2026, 12, 1), **fields: Any
) -> Assignment:
    """A published assignment for everybody, due at 23:59 of that day in the group's zone."""
    due_at = datetime.combine(
        due_on, fields.get("due_time", END_OF_DAY), zoneinfo.ZoneInfo(group.time_zone)
    )
    at = datetime(2026, 9, 1, tzinfo=UTC)
    defaults = {"position": 0, "batch": new_public_id(), "created_at": at, "changed_at": at}
    unit_id = unit if isinstance(unit, int) else unit.pk
    return Assignment.objects.create(
        group=group, unit_id=unit_id, due_on=due_on, due_at=due_at, **defaults | fields
    )


def make_question(
    group: StudyGroup,
    author: User,
    title: str = "Why is it so?",
    *,
    body: str = "I do not see it.",
    at: datetime = datetime(2026, 10, 1, 9, tzinfo=UTC),
    **fields: Any,
) -> Question:
    """A question as `author`, who is in the group, asks it."""
    return ask_question(user=author, group=group, title=title, body=body, at=at, **fields)


def make_answer(
    question: Question,
    author: User,
    body: str = "Because it is.",
    *,
    at: datetime = datetime(2026, 10, 1, 10, tzinfo=UTC),
    **fields: Any,
) -> Answer:
    """An answer as `author`, who is in the group, gives it."""
    return answer_question(user=author, question=question, body=body, at=at, **fields)


def make_meeting(
    group: StudyGroup,
    title: str = "Reading circle",
    *,
    starts_on: date = date(2026, 12, 1),
    start_time: time = time(18, 30),
    rule: str = "",
    **fields: Any,
) -> Meeting:
    """A meeting of an hour on Tuesday, 1 December 2026 at 18:30, or from then on by `rule`."""
    at = datetime(2026, 9, 1, tzinfo=UTC)
    wanted = read_rule(rule) if rule else None
    defaults = {"minutes": 60, "created_at": at, "changed_at": at}
    return Meeting.objects.create(
        group=group,
        title=title,
        starts_on=starts_on,
        start_time=start_time,
        rrule=str(wanted) if wanted else "",
        ends_on=last_date(wanted, starts_on=starts_on),
        **defaults | fields,
    )


def make_delivery(group: StudyGroup, **fields: Any) -> Delivery:
    """An event that was delivered to a webhook of the group."""
    at = datetime(2026, 9, 1, tzinfo=UTC)
    webhook = Webhook.objects.create(
        group=group,
        kind=WebhookKind.PROGRAM,
        name="Bot",
        sealed_url=seal("https://bot.example.org/"),
        url_digest=new_public_id(),
        shown_url="https://bot.example.org/",
        sealed_secret=seal(new_webhook_secret()),
        events=list(GroupEvent.values),
        created_at=at,
    )
    defaults = {
        "event": GroupEvent.QUESTION_ASKED,
        "key": new_public_id(),
        "message_id": "msg_1",
        "body": "{}",
        "state": DeliveryState.DELIVERED,
        "created_at": at,
        "due_at": at,
    }
    return Delivery.objects.create(webhook=webhook, **defaults | fields)


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
    title: str = "",
    *,
    resource: Resource | None = None,
    topics: Sequence[Topic] = (),
    **fields: Any,
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
        resource_by_id={},
        unit_by_id={},
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
