"""What I have been told: the list behind the bell."""

from dataclasses import dataclass
from datetime import UTC, datetime

from rest_framework.response import Response

from mlmath.errors import BadRequest, NotFound
from mlmath.rest.answers import Address, Answer, CursorPage
from mlmath.rest.fields import Input, Text, YesNo
from mlmath.rest.operations import operation
from mlmath.rest.pages import cursor_page, cursor_paging, unknown_cursor
from mlmath.rest.problems import FieldError, invalid
from mlmath.rest.query import PAGE_SIZE
from mlmath.rest.query import YesNo as YesNoParameter
from mlmath.rest.views import ApiView
from tracker.actions import notices as actions
from tracker.api.authentication import ApiRequest
from tracker.api.progress import Count
from tracker.models import Notice, NoticeKind
from tracker.models.ids import PUBLIC_ID_LENGTH
from tracker.summaries.notices import notices_of, unread_count


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticeOutput(Answer):
    """Something that I have been told. `url` is the page that it is about, `group` the id of the
    group in which it happened, null outside of groups; a null `read_at` means unread."""

    id: str
    kind: NoticeKind
    text: str
    url: Address
    group: str | None
    told_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class UnreadOutput(Answer):
    """How many of my notices are still unread."""

    unread: Count


class NoticeInput(Input):
    """{"read": bool}"""

    read = YesNo()


class AllReadInput(Input):
    """{"up_to"?}: the id of the newest one that I have seen; all by default."""

    up_to = Text(required=False, max_length=PUBLIC_ID_LENGTH)


def notice_output(request: ApiRequest, notice: Notice) -> NoticeOutput:
    return NoticeOutput(
        id=notice.public_id,
        kind=NoticeKind(notice.kind),
        text=notice.text,
        url=request.build_absolute_uri(notice.address),
        group=notice.group.public_id if notice.group else None,
        told_at=notice.told_at,
        read_at=notice.read_at,
    )


EXAMPLE = NoticeOutput(
    id="n5w2k8m4t7c3x9q6b2h5",
    kind=NoticeKind.ASSIGNMENT,
    text="Tuesday Readers reads chapter 3 by 1 December.",
    url="https://mlmath.example/groups/g4m8k2v7x3q9w5n6p2t8/",
    group="g4m8k2v7x3q9w5n6p2t8",
    told_at=datetime(2026, 11, 20, 19, 15, tzinfo=UTC),
    read_at=None,
)


class MyNotices(ApiView):
    tag = "me"

    @operation(
        id="listMyNotices",
        summary="What I have been told, newest first",
        scope="read",
        query=(
            *cursor_paging(EXAMPLE.id),
            YesNoParameter(name="unread", about="Only what is unread", example=True),
        ),
        answer=CursorPage[NoticeOutput],
        example=CursorPage(
            next="https://mlmath.example/api/v1/me/notices/?page_size=1&cursor=n5w2k8m4t7c3x9q6b2h5",
            results=[EXAMPLE],
        ),
    )
    def get(self, request: ApiRequest) -> Response:
        """Follow `next` until it is null; what comes in in the meantime shifts nothing."""
        try:
            page = notices_of(
                user=request.user,
                size=self.query.whole("page_size", PAGE_SIZE),
                cursor=self.query.text("cursor"),
                is_unread=bool(self.query.yes_no("unread")),
            )
        except BadRequest as error:
            raise unknown_cursor(str(error)) from None
        results = [notice_output(request, notice) for notice in page.notices]
        return Response(cursor_page(request, self.query, results, following=page.next_cursor))

    @operation(
        id="readMyNotices",
        summary="Take what I have been told as read",
        scope="write",
        body=AllReadInput,
        body_example={"up_to": EXAMPLE.id},
        is_body_required=False,
        answer=UnreadOutput,
        example=UnreadOutput(unread=0),
    )
    def patch(self, request: ApiRequest) -> Response:
        """With `up_to` nothing newer than that notice, which may not have been seen yet."""
        data = self.read_body(request)
        try:
            actions.mark_all_read(user=request.user, up_to=data.get("up_to", ""))
        except NotFound:
            detail = "None of your notices has this id."
            raise invalid([FieldError(pointer="/up_to", code="unknown", detail=detail)]) from None
        return Response(UnreadOutput(unread=unread_count(user=request.user)))


class MyNotice(ApiView):
    tag = "me"

    @operation(
        id="changeMyNotice",
        summary="Take a notice as read, or as unread again",
        scope="write",
        address={"id": ("The notice", EXAMPLE.id)},
        body=NoticeInput,
        body_example={"read": True},
        answer=NoticeOutput,
        example=EXAMPLE,
    )
    def patch(self, request: ApiRequest, id: str) -> Response:  # noqa: A002  # as the address has it
        """Repeating it keeps the first time."""
        is_read = self.read_body(request)["read"]
        notice = actions.mark_notice(user=request.user, public_id=id, is_read=is_read)
        return Response(notice_output(request, notice))
