"""Many assignments at once: a book by a rule, moving all later dates, and publishing drafts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated

from django.urls import reverse
from django.utils import timezone
from rest_framework import serializers
from rest_framework.response import Response

from catalog.graph import ResourceNode, UnitNode, current_graph
from mlmath.rest.answers import Also, Answer
from mlmath.rest.fields import Choice, Clock, Day, Input, Text, Whole
from mlmath.rest.fields import YesNo as YesNoField
from mlmath.rest.operations import operation
from mlmath.rest.problems import CONFLICT
from mlmath.rest.query import YesNo
from mlmath.rest.views import ApiView
from tracker.actions import assignments as actions
from tracker.actions import shifts
from tracker.actions.dues import DueImpossible, dates_by_rule
from tracker.api.assignments import (
    EXAMPLE,
    check_leads,
    head_at,
    impossible,
    members_field,
    note_field,
    people_named,
    resource_named,
)
from tracker.api.authentication import ApiRequest
from tracker.api.finding import sees_group, unit_in
from tracker.api.groups import ADDRESS as GROUP_ADDRESS
from tracker.api.idempotency import operation_once
from tracker.models import Assignment
from tracker.models.assignments import END_OF_DAY
from tracker.models.people import WEEKDAYS
from tracker.summaries.members import GroupHead
from tracker.summaries.schedule import Rule

MOST_SKIPPED = 366


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedOutput(Answer):
    """A unit with the date that the rule gives it; `id` is null in a dry run."""

    id: str | None
    resource: str
    unit: str
    due_at: datetime
    due_on: date


@dataclass(frozen=True, kw_only=True, slots=True)
class AssignmentPlanOutput(Answer):
    """What a rule makes, in order. `already_assigned` are units that were left out for that.
    `batch` takes the whole plan back; it is null in a dry run."""

    batch: str | None
    count: Annotated[int, Also(minimum=0)]
    results: list[PlannedOutput]
    already_assigned: list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class ShiftedOutput(Answer):
    """An assignment with its date, and the day on which it was due before."""

    id: str
    resource: str
    unit: str
    was_due_on: date
    due_on: date
    due_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ShiftOutput(Answer):
    """What moves, the first due first. `batch` takes the move back; it is null where nothing has
    moved, as in a dry run."""

    batch: str | None
    count: Annotated[int, Also(minimum=0)]
    results: list[ShiftedOutput]


@dataclass(frozen=True, kw_only=True, slots=True)
class CountOutput(Answer):
    """How many assignments have changed."""

    count: Annotated[int, Also(minimum=0)]


class EveryInput(Input):
    """{"days"} or {"weekdays"}: every so many days, or on these days of the week."""

    takes_one = True

    days = Whole(required=False, min_value=1, max_value=366)
    weekdays = serializers.ListField(
        child=Choice(choices=WEEKDAYS), required=False, min_length=1, max_length=len(WEEKDAYS)
    )


class AssignmentPlanInput(Input):
    """{"resource", "units"? (slugs; all that are not assigned yet), "first_due_on", "every",
    "per_step"? (1), "skip"? (days), "due_time"? ("23:59" by the group's clock), "note"?,
    "members"?, "draft"?}."""

    resource = Text(max_length=80, help_text="The slug")
    units = serializers.ListField(
        child=Text(max_length=80), required=False, min_length=1, max_length=actions.MAXIMUM_AT_ONCE
    )
    first_due_on = Day()
    every = EveryInput()
    per_step = Whole(required=False, min_value=1, max_value=actions.MAXIMUM_AT_ONCE)
    skip = serializers.ListField(child=Day(), required=False, max_length=MOST_SKIPPED)
    due_time = Clock(required=False, help_text="HH:MM")
    note = note_field()
    members = members_field()
    draft = YesNoField(required=False, help_text="Members do not see them yet")


class ShiftInput(Input):
    """{"from_day", "days"}: all that is due on that day or later moves; negative days: nearer."""

    from_day = Day()
    days = Whole(min_value=-shifts.FARTHEST_DAYS, max_value=shifts.FARTHEST_DAYS)


PLAN = "p6k2m8v4x9q3w7n5t2r8"
SHIFT = "f3m8k2x7q5t9w4n6p2v7"
_PLAN_EXAMPLE = AssignmentPlanOutput(
    batch=PLAN,
    count=1,
    results=[
        PlannedOutput(
            id=EXAMPLE.id,
            resource=EXAMPLE.resource,
            unit=EXAMPLE.unit,
            due_at=EXAMPLE.due_at,
            due_on=EXAMPLE.due_on,
        )
    ],
    already_assigned=["chapter-01"],
)
_SHIFT_EXAMPLE = ShiftOutput(
    batch=SHIFT,
    count=1,
    results=[
        ShiftedOutput(
            id=EXAMPLE.id,
            resource=EXAMPLE.resource,
            unit=EXAMPLE.unit,
            was_due_on=date(2030, 2, 25),
            due_on=EXAMPLE.due_on,
            due_at=EXAMPLE.due_at,
        )
    ],
)
_DRY_RUN = YesNo(name="dry_run", about="Say what it would do, and save nothing", example=True)


class AssignmentPlan(ApiView):
    tag = "groups"

    @operation_once(
        id="planAssignments",
        summary="Assign many units by a rule",
        scope="groups",
        sees=sees_group,
        status=201,
        has_location=True,
        has_dry_run=True,
        address=GROUP_ADDRESS,
        query=(_DRY_RUN,),
        body=AssignmentPlanInput,
        body_example={
            "resource": "goodfellow-deep-learning",
            "first_due_on": "2030-03-04",
            "every": {"weekdays": ["mon", "thu"]},
            "skip": ["2030-04-22"],
        },
        answer=AssignmentPlanOutput,
        example=_PLAN_EXAMPLE,
        problems=(CONFLICT,),
    )
    def post(self, request: ApiRequest, id: str) -> Response:  # noqa: A002
        """A day in `skip` pushes the rest on. Units are those named, in that order, or else all
        that the group does not have yet. Naming one that it has is a 409, `already_assigned`."""
        head = head_at(request, id)
        check_leads(head)
        data = self.read_body(request)
        resource = resource_named(data["resource"])
        units, already = _units(head, resource, data.get("units"))
        every = data["every"]
        rule = Rule(
            first_due_on=data["first_due_on"],
            every_days=every.get("days", 1),
            weekdays=frozenset(WEEKDAYS.index(day) for day in every.get("weekdays", ())),
            per_step=data.get("per_step", 1),
            skip=frozenset(data.get("skip", ())),
        )
        due_time = time.fromisoformat(data["due_time"]) if "due_time" in data else END_OF_DAY
        is_dry_run = bool(self.query.yes_no("dry_run"))
        try:
            made = actions.assign_units(
                user=request.user,
                group=head.group,
                dates=dates_by_rule(units, rule, due_time, timezone.now()),
                note=data.get("note", ""),
                is_draft=data.get("draft", False),
                recipients=people_named(head, data.get("members")),
                is_dry_run=is_dry_run,
            )
        except DueImpossible as error:
            raise impossible("first_due_on", error) from None
        answer = AssignmentPlanOutput(
            batch=None if is_dry_run else made[0].batch,
            count=len(made),
            results=[
                PlannedOutput(
                    id=None if is_dry_run else row.public_id,
                    resource=unit.resource,
                    unit=unit.slug,
                    due_at=row.due_at,
                    due_on=row.due_on,
                )
                for unit, row in zip(units, made, strict=True)
            ],
            already_assigned=[unit.slug for unit in already],
        )
        if is_dry_run:
            return Response(answer)
        address = reverse("tracker-api:assignments", args=[id])
        return Response(answer, status=201, headers={"Location": address})


class AssignmentShift(ApiView):
    tag = "groups"

    @operation_once(
        id="shiftAssignments",
        summary="Move every later date",
        scope="groups",
        sees=sees_group,
        address=GROUP_ADDRESS,
        query=(_DRY_RUN,),
        body=ShiftInput,
        body_example={"from_day": "2026-12-24", "days": 7},
        answer=ShiftOutput,
        example=_SHIFT_EXAMPLE,
        problems=(CONFLICT,),
    )
    def post(self, request: ApiRequest, id: str) -> Response:  # noqa: A002
        """Days of the group's calendar move, times of day and people's own dates stay. Every call
        moves them again, unless it repeats an Idempotency-Key."""
        head = head_at(request, id)
        check_leads(head)
        data = self.read_body(request)
        is_dry_run = bool(self.query.yes_no("dry_run"))
        try:
            shift = shifts.shift_assignments(
                user=request.user,
                group=head.group,
                from_day=data["from_day"],
                days=data["days"],
                is_dry_run=is_dry_run,
            )
        except DueImpossible as error:
            raise impossible("days", error) from None
        graph = current_graph()
        results = [
            ShiftedOutput(
                id=row.public_id,
                resource=graph.unit_by_id[row.unit_id].resource,
                unit=graph.unit_by_id[row.unit_id].slug,
                was_due_on=was.on,
                due_on=row.due_on,
                due_at=row.due_at,
            )
            for row, was in shift.moved
        ]
        batch = shift.batch if results and not is_dry_run else None
        return Response(ShiftOutput(batch=batch, count=len(results), results=results))


class UndonePlan(ApiView):
    tag = "groups"

    @operation(
        id="undoPlan",
        summary="Take back what a plan has assigned",
        scope="groups",
        sees=sees_group,
        address=GROUP_ADDRESS | {"batch": ("The batch of the plan", PLAN)},
        answer=CountOutput,
        example=CountOutput(count=12),
        problems=(CONFLICT,),
    )
    def post(self, request: ApiRequest, id: str, batch: str) -> Response:  # noqa: A002
        """What has been changed since stays. Repeating it changes nothing."""
        head = head_at(request, id)
        count = actions.remove_batch(user=request.user, group=head.group, batch=batch)
        return Response(CountOutput(count=count))


class UndoneShift(ApiView):
    tag = "groups"

    @operation(
        id="undoShift",
        summary="Take back a move of dates",
        scope="groups",
        sees=sees_group,
        address=GROUP_ADDRESS | {"batch": ("The batch of the move", SHIFT)},
        answer=CountOutput,
        example=CountOutput(count=12),
        problems=(CONFLICT,),
    )
    def post(self, request: ApiRequest, id: str, batch: str) -> Response:  # noqa: A002
        """What has been changed since stays, and dates may be past again, as they were. Where none
        is left to go back, so also the second time, it is a 409, `nothing_to_undo`."""
        head = head_at(request, id)
        check_leads(head)
        count = shifts.undo_shift(user=request.user, group=head.group, batch=batch)
        return Response(CountOutput(count=count))


class PublishedDrafts(ApiView):
    tag = "groups"

    @operation(
        id="publishDrafts",
        summary="Publish all drafts",
        scope="groups",
        sees=sees_group,
        address=GROUP_ADDRESS,
        answer=CountOutput,
        example=CountOutput(count=3),
        problems=(CONFLICT,),
    )
    def post(self, request: ApiRequest, id: str) -> Response:  # noqa: A002
        """All of them or none: a 409, `due_impossible`, while one would be late from the start.
        Repeating it changes nothing."""
        count = actions.publish_drafts(user=request.user, group=head_at(request, id).group)
        return Response(CountOutput(count=count))


def _units(
    head: GroupHead, resource: ResourceNode, named: Sequence[str] | None
) -> tuple[list[UnitNode], list[UnitNode]]:
    """The units to plan, and those that are left out as the group has them. One query, or none."""
    if named is not None:
        return [
            unit_in(resource, slug, pointer=f"/units/{place}") for place, slug in enumerate(named)
        ], []
    taken = set(
        Assignment.objects.live().filter(group=head.group).values_list("unit_id", flat=True)
    )
    units = [unit for unit in resource.units if unit.id not in taken]
    if not units and resource.units:
        raise actions.AlreadyAssigned(f"All of “{resource.title}” is assigned in this group.")
    return units, [unit for unit in resource.units if unit.id in taken]
