"""Everything of one person as one document, as `tracker/schemas/export-1.json` describes it."""

from datetime import UTC, datetime

from tracker.models import (
    Activity,
    ReviewAnswer,
    StudySession,
    TopicNote,
    TopicProgress,
    TopicReview,
    UnitProgress,
    User,
)

FORMAT, VERSION = "mlmath", 1

def instant(moment: datetime) -> str:
    """RFC 3339 in UTC, to the microsecond, so that nothing is lost on the way back."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def export_of(*, user: User, at: datetime) -> dict[str, object]:
    """The document, oldest things first. Nine queries, however much there is."""
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
                "topic": row.topic.slug,
                "state": row.state,
                "stuck": row.is_stuck,
                "stuck_note": row.stuck_note,
                "source": row.source,
                "changed_at": instant(row.changed_at),
            }
            for row in TopicProgress.objects.filter(user=user)
            .select_related("topic")
            .order_by("topic__position")
        ],
        "units": [
            {"unit": f"{row.unit.resource.slug}/{row.unit.slug}", "done_at": instant(row.done_at)}
            for row in UnitProgress.objects.filter(user=user)
            .select_related("unit__resource")
            .order_by("done_at", "id")
        ],
        "sessions": [
            {
                "started_at": instant(row.started_at),
                "day": row.day.isoformat(),
                "minutes": row.minutes,
                "topic": row.topic.slug if row.topic else None,
                "unit": f"{row.unit.resource.slug}/{row.unit.slug}" if row.unit else None,
            }
            for row in StudySession.objects.filter(user=user)
            .select_related("topic", "unit__resource")
            .order_by("started_at", "id")
        ],
        "reviews": [
            {
                "topic": row.topic.slug,
                "stability": row.stability,
                "difficulty": row.difficulty,
                "reviewed_at": instant(row.reviewed_at) if row.reviewed_at else None,
                "due_at": instant(row.due_at),
            }
            for row in TopicReview.objects.filter(user=user)
            .select_related("topic")
            .order_by("topic__position")
        ],
        "review_answers": [
            {
                "topic": row.topic.slug,
                "grade": row.grade,
                "at": instant(row.at),
                "day": row.day.isoformat(),
            }
            for row in ReviewAnswer.objects.filter(user=user)
            .select_related("topic")
            .order_by("at", "id")
        ],
        "notes": [
            {"topic": row.topic.slug, "body": row.body, "changed_at": instant(row.changed_at)}
            for row in TopicNote.objects.filter(user=user)
            .select_related("topic")
            .order_by("topic__position")
        ],
        "activity": [
            _activity(row)
            for row in Activity.objects.filter(user=user)
            .select_related("topic", "unit__resource")
            .order_by("id")
        ],
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
            "source": row.before_source,
            "changed_at": instant(row.before_changed_at) if row.before_changed_at else None,
        },
        "after": {"state": row.after_state, "stuck": row.after_is_stuck},
        "source": row.source,
        "at": instant(row.at),
    }
