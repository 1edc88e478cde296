"""My notes on topics."""

from dataclasses import dataclass
from datetime import UTC, datetime

from rest_framework.response import Response

from catalog.graph import current_graph
from catalog.search import MOST_WORDS
from mlmath.rest.answers import Answer, Page
from mlmath.rest.fields import Input, Instant, Text
from mlmath.rest.operations import operation
from mlmath.rest.pages import page_of
from mlmath.rest.problems import CONFLICT
from mlmath.rest.query import PAGING, Parameter
from mlmath.rest.views import ApiView
from tracker.actions import notes as actions
from tracker.api.authentication import ApiRequest
from tracker.api.finding import topic_at
from tracker.models import TopicNote
from tracker.models.notes import MAXIMUM_NOTE_LENGTH
from tracker.summaries.notes import notes_of


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteOutput(Answer):
    """My note on a topic: Markdown with maths, and the same as safe HTML. `updated_at` is null
    where there is no note, whose `body` is then empty."""

    slug: str
    body: str
    body_html: str
    updated_at: datetime | None


class NoteInput(Input):
    """{"body", "based_on"? (or null)}: an empty body deletes the note."""

    body = Text(allow_blank=True, trim_whitespace=False, max_length=MAXIMUM_NOTE_LENGTH)
    based_on = Instant(
        required=False,
        allow_null=True,
        help_text="`updated_at` of the version that was edited, null where there was none",
    )


def note_output(slug: str, note: TopicNote | None) -> NoteOutput:
    return NoteOutput(
        slug=slug,
        body=note.body if note else "",
        body_html=note.body_html if note else "",
        updated_at=note.changed_at if note else None,
    )


_EXAMPLE = NoteOutput(
    slug="eigenvalues-and-eigenvectors",
    body="$Av = \\lambda v$: *stretched*, not turned.",
    body_html="<p>… <em>stretched</em>, not turned.</p>\n",
    updated_at=datetime(2026, 11, 21, 8, 30, tzinfo=UTC),
)
_ADDRESS = {"slug": ("The topic, by an old slug too", _EXAMPLE.slug)}


class MyNotes(ApiView):
    tag = "study"

    @operation(
        id="listMyNotes",
        summary="My notes, the last changed first",
        scope="read",
        query=(Parameter(name="search", about="Words in them", example="stretched"), *PAGING),
        answer=Page[NoteOutput],
        example=Page(count=1, next=None, previous=None, results=[_EXAMPLE]),
    )
    def get(self, request: ApiRequest) -> Response:
        """Nobody else can see them. Those on topics that the catalog no longer has are in the
        export alone."""
        graph = current_graph()
        words = self.query.text("search").split()[:MOST_WORDS]
        found = notes_of(user=request.user, graph=graph, words=words)

        def output(note: TopicNote) -> NoteOutput:
            return note_output(graph.topics[graph.index_by_id[note.topic_id]].slug, note)

        return Response(page_of(request, self.query, found, output))


class MyNote(ApiView):
    tag = "study"

    @operation(
        id="getMyNote",
        summary="My note on a topic",
        scope="read",
        address=_ADDRESS,
        answer=NoteOutput,
        example=_EXAMPLE,
        problems=(CONFLICT,),
    )
    def get(self, request: ApiRequest, slug: str) -> Response:
        """Nobody else can see it."""
        topic = topic_at(current_graph(), slug)
        note = request.user.topic_notes.filter(topic_id=topic.id).first()
        return Response(note_output(topic.slug, note))

    @operation(
        id="writeMyNote",
        summary="Write my note on a topic",
        scope="write",
        address=_ADDRESS,
        body=NoteInput,
        body_example={"body": _EXAMPLE.body},
        answer=NoteOutput,
        example=_EXAMPLE,
        problems=(CONFLICT,),
    )
    def put(self, request: ApiRequest, slug: str) -> Response:
        """With `based_on` it is a 409, `note_changed`, once the note has been changed by another
        hand; without, the last one to write wins."""
        data = self.read_body(request)
        topic = topic_at(current_graph(), slug)
        note = actions.write_note(
            user=request.user,
            topic=topic,
            body=data["body"],
            based_on=data.get("based_on"),
            is_forced="based_on" not in data,
        )
        return Response(note_output(topic.slug, note))
