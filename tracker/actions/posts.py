"""What writing questions and writing answers have in common."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError

from mlmath.errors import DomainError, PermissionDenied
from tracker.actions.notices import tell
from tracker.models import (
    Answer,
    EarlierText,
    Membership,
    Mention,
    NoticeKind,
    Question,
    Reader,
    StudyGroup,
    User,
)
from tracker.models.questions import MAXIMUM_BODY_LENGTH
from tracker.models.text import check_text
from tracker.summaries.members import shown_name

MOST_POSTS_AN_HOUR = 30


class TooManyPosts(DomainError):
    code = "too_many_posts"


def checked_body(body: str) -> str:
    """The text as it is kept. Raises ValidationError for one that is empty or does not fit."""
    body = body.replace("\r\n", "\n")
    fault: str | ValidationError = ""
    if not body.strip():
        fault = "Write something."
    elif len(body) > MAXIMUM_BODY_LENGTH:
        fault = f"Keep it to {MAXIMUM_BODY_LENGTH:,} characters: it has {len(body):,}."
    try:
        check_text(body)
    except ValidationError as error:
        fault = error
    if fault:
        raise ValidationError({"body": fault})
    return body


def refuse_haste(*, user: User, group: StudyGroup, at: datetime) -> None:
    """Raises TooManyPosts for the 31st post of a person in an hour in one group. Two queries.

    Deleted ones count. Whoever calls it holds the lock on the membership of `user`, so no two posts
    are counted at once.
    """
    since = at - timedelta(hours=1)
    count = (
        Question.objects.filter(author=user, group=group, written_at__gt=since).count()
        + Answer.objects.filter(author=user, question__group=group, written_at__gt=since).count()
    )
    if count >= MOST_POSTS_AN_HOUR:
        raise TooManyPosts(
            f"You have written {MOST_POSTS_AN_HOUR} posts in this group within an hour. Keep your "
            "text and send it a little later."
        )


def refuse_others(*, user: User, post: Question | Answer) -> None:
    if post.author_id != user.pk:
        raise PermissionDenied("Only its author can change this text.")


def refuse_unless_own_or_led(
    *, user: User, post: Question | Answer, membership: Membership
) -> None:
    if post.author_id != user.pk and not membership.leads:
        raise PermissionDenied("Only its author and the leaders can delete this.")


def keep_earlier(post: Question | Answer) -> None:
    """Write down how `post` reads before it is changed. One query."""
    EarlierText.objects.create(
        question=post if isinstance(post, Question) else None,
        answer=post if isinstance(post, Answer) else None,
        title=post.title if isinstance(post, Question) else "",
        body=post.body,
        body_html=post.body_html,
        written_at=post.edited_at or post.written_at,
    )


def mention(
    *,
    post: Question | Answer,
    question: Question,
    group: StudyGroup,
    people: Iterable[User],
    by: User,
    at: datetime,
) -> None:
    """Make `people` those whom `post` mentions, and tell the new ones. At most four queries."""
    wanted = {person.pk: person for person in people}
    had = set(post.mentions.values_list("user", flat=True)) if post.edited_at else set()
    if gone := had - wanted.keys():
        post.mentions.filter(user__in=gone).delete()
    new = [person for key, person in wanted.items() if key not in had]
    if not new:
        return
    Mention.objects.bulk_create(
        [
            Mention(
                question=post if isinstance(post, Question) else None,
                answer=post if isinstance(post, Answer) else None,
                user=person,
            )
            for person in new
        ]
    )
    tell(
        people=new,
        kind=NoticeKind.MENTION,
        key=mention_key(post),
        text=f"{shown_name(by)} mentions you in “{question.title}”.",
        address=address_of(group, question, post),
        group=group,
        by=by,
        at=at,
    )


def mention_key(post: Question | Answer) -> str:
    return f"mention:{post.public_id}"


def address_of(group: StudyGroup, question: Question, post: Question | Answer) -> str:
    """The local address at which `post` is read."""
    page = f"/groups/{group.public_id}/questions/{question.public_id}/"
    return page if post is question else f"{page}#answer-{post.public_id}"


def subscribe_author(*, user: User, question: Question, at: datetime) -> None:
    """Let the writer of a post hear of what follows; they have read what is there. One query.

    Somebody who has unsubscribed before hears of it again by writing.
    """
    Reader.objects.bulk_create(
        [Reader(question=question, user=user, read_at=at, is_subscribed=True)],
        update_conflicts=True,
        unique_fields=["question", "user"],
        update_fields=["read_at", "is_subscribed"],
    )


def those_in(group: StudyGroup, readers: Iterable[int]) -> list[User]:
    """Of the people with those keys, the ones who are in the group. One query."""
    return [
        membership.user
        for membership in Membership.objects.filter(
            group=group, user__in=list(readers)
        ).select_related("user")
    ]
