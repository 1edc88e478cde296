"""Writing notes."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from catalog.graph import TopicNode
from mlmath.errors import DomainError
from mlmath.markdown import to_html
from tracker.actions.locking import lock_person
from tracker.models import TopicNote, User
from tracker.models.notes import MAXIMUM_NOTE_LENGTH
from tracker.models.text import check_text


class NoteChanged(DomainError):
    code = "note_changed"


@transaction.atomic
def write_note(
    *,
    user: User,
    topic: TopicNode,
    body: str,
    based_on: datetime | None = None,
    is_forced: bool = False,
    at: datetime | None = None,
) -> TopicNote | None:
    """Make `body` the note of `user` on `topic`; None when it is empty, which deletes the note.

    May be repeated. `based_on` is the time of the version that was edited, None where there was no
    note: if another tab has written since, NoteChanged is raised and nothing is lost, unless
    `is_forced`. Raises ValidationError for a text that is too long or holds NUL.
    """
    body = body.replace("\r\n", "\n")
    if len(body) > MAXIMUM_NOTE_LENGTH:
        raise ValidationError({"body": f"Keep a note to {MAXIMUM_NOTE_LENGTH:,} characters."})
    try:
        check_text(body)
    except ValidationError as error:
        raise ValidationError({"body": error}) from None
    lock_person(user)
    note = TopicNote.objects.filter(user=user, topic_id=topic.id).first()
    if note is not None and note.body == body:
        return note
    if note is not None and note.changed_at != based_on and not is_forced:
        raise NoteChanged(
            "This note has been changed in another tab or on another device. Copy what you wrote, "
            "reload the page, and put the two together."
        )
    if not body.strip():
        TopicNote.objects.filter(user=user, topic_id=topic.id).delete()
        return None
    note, _ = TopicNote.objects.update_or_create(
        user=user,
        topic_id=topic.id,
        defaults={"body": body, "body_html": to_html(body), "changed_at": at or timezone.now()},
    )
    return note
