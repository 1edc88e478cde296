"""Everything of one person as one document, as `tracker/schemas/export-1.json` describes it.

Also topics for other programs: CSV for spreadsheets, Markdown for checklists.
"""

from datetime import datetime

from catalog.graph import CatalogGraph, RoleNode, TopicNode
from tracker.models import (
    Activity,
    Answer,
    AssignmentProgress,
    Membership,
    Presenter,
    Question,
    ReviewAnswer,
    Rsvp,
    StudySession,
    TopicNote,
    TopicProgress,
    TopicReview,
    TopicState,
    UnitProgress,
    User,
)
from tracker.summaries.csv_text import csv_text
from tracker.summaries.export_account import account_of, instant
from tracker.summaries.people import PersonStates
from tracker.summaries.standing import topic_row

FORMAT, VERSION = "mlmath", 1

CSV_COLUMNS = (
    "slug", "title", "subject", "requirement", "depth", "hours", "state", "implied", "ready",
    "stuck", "stuck_note", "source", "changed_at",
)  # fmt: skip


def export_of(*, user: User, at: datetime) -> dict[str, object]:
    """The document, oldest things first. Thirty-three queries, however much there is."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": instant(at),
        "person": {
            "email": user.email,
            "name": user.name,
            "role": user.role.slug if user.role else None,
            "minutes_per_day": user.minutes_per_day,
            "study_days": user.study_days,
            "days_off": list(user.days_off),
            "time_zone": user.time_zone,
            "show_dates": user.show_dates,
            "reviews_per_day": user.reviews_per_day,
            "joined_at": instant(user.joined_at),
        },
        "topics": [
            {
                "topic": topic,
                "state": state,
                "stuck": is_stuck,
                "stuck_note": note,
                "source": source,
                "changed_at": instant(changed_at),
            }
            for topic, state, is_stuck, note, source, changed_at in TopicProgress.objects.filter(
                user=user
            )
            .order_by("topic__position", "topic_id")
            .values_list("topic__slug", "state", "is_stuck", "stuck_note", "source", "changed_at")
        ],
        "units": [
            {"unit": f"{resource}/{unit}", "done_at": instant(done_at)}
            for resource, unit, done_at in UnitProgress.objects.filter(user=user)
            .order_by("done_at", "unit_id")
            .values_list("unit__resource__slug", "unit__slug", "done_at")
        ],
        "sessions": [
            {
                "started_at": instant(started_at),
                "day": day.isoformat(),
                "minutes": minutes,
                "topic": topic,
                "unit": f"{resource}/{unit}" if unit else None,
            }
            for started_at, day, minutes, topic, resource, unit in StudySession.objects.filter(
                user=user
            )
            .order_by("started_at", "id")
            .values_list(
                "started_at", "day", "minutes", "topic__slug", "unit__resource__slug", "unit__slug"
            )
        ],
        "reviews": [
            {
                "topic": topic,
                "stability": stability,
                "difficulty": difficulty,
                "reviewed_at": instant(reviewed_at) if reviewed_at else None,
                "due_at": instant(due_at),
            }
            for topic, stability, difficulty, reviewed_at, due_at in TopicReview.objects.filter(
                user=user
            )
            .order_by("topic__position", "topic_id")
            .values_list("topic__slug", "stability", "difficulty", "reviewed_at", "due_at")
        ],
        "review_answers": [
            {"topic": topic, "grade": grade, "at": instant(moment), "day": day.isoformat()}
            for topic, grade, moment, day in ReviewAnswer.objects.filter(user=user)
            .order_by("at", "id")
            .values_list("topic__slug", "grade", "at", "day")
        ],
        "notes": [
            {"topic": topic, "body": body, "changed_at": instant(changed_at)}
            for topic, body, changed_at in TopicNote.objects.filter(user=user)
            .order_by("topic__position", "topic_id")
            .values_list("topic__slug", "body", "changed_at")
        ],
        "questions": [
            {
                "id": public_id,
                "group": group,
                "title": title,
                "body": body,
                "unit": f"{resource}/{unit}" if unit else None,
                "topic": topic,
                "written_at": instant(written_at),
                "edited_at": instant(edited_at) if edited_at else None,
            }
            for (
                public_id,
                group,
                title,
                body,
                resource,
                unit,
                topic,
                written_at,
                edited_at,
            ) in Question.objects.filter(author=user, deleted_at=None)
            .order_by("written_at", "id")
            .values_list(
                "public_id",
                "group__public_id",
                "title",
                "body",
                "unit__resource__slug",
                "unit__slug",
                "topic__slug",
                "written_at",
                "edited_at",
            )
        ],
        "answers": [
            {
                "id": public_id,
                "group": group,
                "question": question,
                "body": body,
                "written_at": instant(written_at),
                "edited_at": instant(edited_at) if edited_at else None,
            }
            for public_id, group, question, body, written_at, edited_at in Answer.objects.filter(
                author=user, deleted_at=None
            )
            .order_by("written_at", "id")
            .values_list(
                "public_id",
                "question__group__public_id",
                "question__public_id",
                "body",
                "written_at",
                "edited_at",
            )
        ],
        "memberships": [
            {
                "group": group,
                "name": name,
                "role": role,
                "joined_at": instant(joined_at),
                "shares_readiness": shares,
                "seen_by_observers": is_seen,
            }
            for group, name, role, joined_at, shares, is_seen in Membership.objects.filter(
                user=user, group__deleted_at=None
            )
            .order_by("joined_at", "pk")
            .values_list(
                "group__public_id",
                "group__name",
                "role",
                "joined_at",
                "shares_readiness",
                "is_seen_by_observers",
            )
        ],
        "assignments": [
            {
                "group": group,
                "assignment": assignment,
                "unit": f"{resource}/{unit}",
                "reading": is_reading,
                "answer": answer or None,
                "due_at": instant(due_at) if due_at else None,
                "changed_at": instant(changed_at),
            }
            for (
                group,
                assignment,
                resource,
                unit,
                is_reading,
                answer,
                due_at,
                changed_at,
            ) in AssignmentProgress.objects.filter(user=user)
            .order_by("changed_at", "pk")
            .values_list(
                "assignment__group__public_id",
                "assignment__public_id",
                "assignment__unit__resource__slug",
                "assignment__unit__slug",
                "is_reading",
                "answer",
                "due_at",
                "changed_at",
            )
        ],
        "rsvps": [
            {
                "group": group,
                "meeting": meeting,
                "day": day.isoformat(),
                "answer": answer,
                "answered_at": instant(answered_at),
            }
            for group, meeting, day, answer, answered_at in Rsvp.objects.filter(user=user)
            .order_by("day", "pk")
            .values_list(
                "meeting__group__public_id", "meeting__public_id", "day", "answer", "answered_at"
            )
        ],
        "presenting": [
            {"group": group, "assignment": assignment, "chosen_at": instant(chosen_at)}
            for group, assignment, chosen_at in Presenter.objects.filter(user=user)
            .order_by("chosen_at", "pk")
            .values_list("assignment__group__public_id", "assignment__public_id", "chosen_at")
        ],
        "activity": [
            _activity(row)
            for row in Activity.objects.filter(user=user)
            .select_related("topic", "unit__resource")
            .only(
                *(field.name for field in Activity._meta.concrete_fields),
                "topic__slug",
                "unit__slug",
                "unit__resource__slug",
            )
            .order_by("id")
        ],
        "account": account_of(user),
    }


def _activity(row: Activity) -> dict[str, object]:
    return {
        "topic": row.topic.slug if row.topic else None,
        "unit": f"{row.unit.resource.slug}/{row.unit.slug}" if row.unit else None,
        "batch": row.batch,
        "undoes": row.undoes,
        "before": {
            "state": row.before_state,
            "stuck": row.before_is_stuck,
            "stuck_note": row.before_stuck_note,
            "source": row.before_source,
            "changed_at": instant(row.before_changed_at) if row.before_changed_at else None,
        },
        "after": {
            "state": row.after_state,
            "stuck": row.after_is_stuck,
            "changed_at": instant(row.after_changed_at) if row.after_changed_at else None,
        },
        "source": row.source,
        "at": instant(row.at),
    }


def topics_csv(graph: CatalogGraph, states: PersonStates, role: RoleNode | None) -> str:
    """Every topic in study order, with what `role` wants of it; empty cells where it wants nothing.

    Times are RFC 3339 in UTC.
    """
    standing = states.standing(graph)
    rows = [CSV_COLUMNS]
    for topic in graph.topics:
        entry = role.entry_by_index.get(topic.index) if role else None
        row, own = topic_row(graph, standing, topic, entry), states.current.get(topic.index)
        cells = (
            row.slug,
            row.title,
            row.subject_title,
            row.requirement,
            row.depth,
            f"{row.hours:g}",
            row.state.value,
            _yes_no(row.is_implied),
            _yes_no(row.is_ready),
            _yes_no(row.is_stuck),
            own.stuck_note if own else "",
            own.source if own else "",
            instant(own.changed_at) if own else "",
        )
        rows.append(cells)
    return csv_text(rows)


def topics_markdown(graph: CatalogGraph, states: PersonStates, role: RoleNode | None) -> str:
    """A checklist by subject of the role's topics, of all without one; what is done is ticked.

    The import of lists reads it again.
    """
    topics: list[TopicNode] = (
        [graph.topics[entry.index] for entry in role.entries] if role else list(graph.topics)
    )
    lines = [f"# {role.title if role else 'All topics'}"]
    for subject in graph.subjects.values():
        own = [topic for topic in topics if topic.subject.slug == subject.slug]
        if own:
            lines += ["", f"## {subject.title}", ""]
        for topic in own:
            state = states.current.get(topic.index)
            is_done = state is not None and state.state == TopicState.DONE
            lines.append(f"- [{'x' if is_done else ' '}] {topic.title}")
    return "\n".join(lines) + "\n"


def _yes_no(value: bool) -> str:  # noqa: FBT001  # one value, and its words
    return "yes" if value else "no"
