"""A database with rows in every table, for tests that try every call on real things.

`fill()` runs on an empty database with the catalog; a test sees to it that it leaves no table of
ours empty. The things that the schema's examples name are among what it makes.
"""

import json
from datetime import timedelta

from django.utils import timezone

from catalog.graph import current_graph
from catalog.models import TopicAlias
from tests.factories import (
    make_answer,
    make_assignment,
    make_delivery,
    make_group,
    make_meeting,
    make_question,
    make_session,
    make_token,
    make_user,
)
from tracker.actions.acts import record_look
from tracker.actions.calls import count_call
from tracker.actions.history import undo
from tracker.actions.idempotency import keep_answer
from tracker.actions.jobs import take_slot
from tracker.actions.mail import unsubscribe, write_news_mails
from tracker.actions.meetings import answer_rsvp, change_date, choose_presenter
from tracker.actions.notes import write_note
from tracker.actions.notices import tell
from tracker.actions.people import delete_account
from tracker.actions.progress import Mark, mark_topics
from tracker.actions.questions import edit_question
from tracker.actions.reviews import grade_review
from tracker.actions.sessions import log_session, start_timer
from tracker.actions.sign_ins import note_sign_in
from tracker.actions.units import mark_unit
from tracker.api.assignments import EXAMPLE as ASSIGNMENT
from tracker.api.groups import EXAMPLE as GROUP
from tracker.api.groups import MEMBER
from tracker.api.history import BATCH
from tracker.api.invitations import CODE
from tracker.api.invitations import EXAMPLE as INVITATION
from tracker.api.meeting_dates import HELD, HELD_ON
from tracker.api.meetings import EXAMPLE as MEETING
from tracker.api.members import ASKER_ID, BANNED_ID, PUBLIC_GROUP_ID
from tracker.api.notices import EXAMPLE as NOTICE
from tracker.api.questions import ANSWER_ID
from tracker.api.questions import EXAMPLE as QUESTION
from tracker.api.schedule import PLAN, SHIFT
from tracker.api.sessions import EXAMPLE as SESSION
from tracker.api.tokens import EXAMPLE as TOKEN
from tracker.api.webhooks import DELIVERY_EXAMPLE as DELIVERY
from tracker.api.webhooks import EXAMPLE as WEBHOOK
from tracker.models import (
    Activity,
    Answer,
    ApiToken,
    AssignmentProgress,
    Ban,
    Grade,
    Inactivity,
    Invitation,
    JobRun,
    JoinRequest,
    MailSettings,
    Notice,
    Nudge,
    Outgoing,
    Question,
    Recipient,
    RsvpAnswer,
    Scope,
    Silence,
    Source,
    StudySession,
    TopicState,
    User,
    Webhook,
)
from tracker.models.invitations import digest_of_code

ROLE = "data-scientist"
# What the addresses in the schema's examples are about.
TOPIC = "stochastic-gradient-descent"


# How what nobody else may see begins; the address of its owner follows.
SECRET = "my secret"


def fill() -> dict[str, str]:
    """Fills the database; returns the secrets of those who may call.

    A learner is in no group, a leader and a member are in one, and the reader is the leader with
    a token that may only read. The others may do everything. The browser is the learner's, signed
    in by the cookie.
    """
    learner, leader, member = (
        make_user(f"{name.lower()}@example.org", name=f"{name} {other}", role=ROLE)
        for name, other in (("Ada", "Lovelace"), ("Grace", "Hopper"), ("Emmy", "Noether"))
    )
    for person in (learner, member):
        study(person)
    make_examples(leader, member=member)
    topic = current_graph().topic_by_slug[TOPIC]
    JobRun.objects.create(name="morning", slot=timezone.now())
    TopicAlias.objects.create(slug="old-name", topic_id=topic.id, kind="renamed")
    delete_account(user=make_user())
    Inactivity.objects.create(user=learner, told_at=timezone.now())
    record_look(by=leader, table="tracker.User", person_id=learner.pk)
    token = make_token(learner)
    ApiToken.objects.filter(pk=token.token.pk).update(public_id=TOKEN.id)
    return {
        "browser": make_session(learner),
        "learner": token.secret,
        "leader": make_token(leader).secret,
        "member": make_token(member).secret,
        "reader": make_token(leader, scopes=[Scope.READ]).secret,
    }


def print_filled() -> None:
    print(json.dumps(fill()))


def make_examples(user: User, *, member: User | None = None) -> None:
    """Everything that the schema's examples name: `user` has made it, and leads its group."""
    study(user)
    StudySession.objects.filter(user=user, minutes=45).update(public_id=SESSION.id)
    latest = Activity.objects.filter(user=user).latest("pk").batch
    Activity.objects.filter(user=user, batch=latest).update(batch=BATCH)
    _meet(user, member or make_user(name="Emmy Noether"))


def _secret(user: User) -> str:
    """What nobody else may ever be shown."""
    return f"{SECRET}: {user.email}"


def study(user: User) -> None:
    """Everything that one person makes for themselves."""
    graph, now = current_graph(), timezone.now()
    topic, unit = graph.topic_by_slug[TOPIC], graph.covering[0][0]
    learnt = [Mark(topic=topic, state=TopicState.DONE)]
    mark_topics(
        user=user,
        marks=learnt,
        source=Source.MANUAL,
        with_prerequisites=True,
        at=now - timedelta(days=20),
    )
    skipped = Mark(topic=graph.topics[-1], state=TopicState.SKIPPED)
    undo(user=user, batch=mark_topics(user=user, marks=[skipped], source=Source.API).batch)
    stuck = Mark(
        topic=graph.topics[-2], state=TopicState.LEARNING, is_stuck=True, stuck_note=_secret(user)
    )
    mark_topics(user=user, marks=[stuck], source=Source.MANUAL)
    mark_unit(user=user, unit=unit, is_done=True)
    log_session(user=user, minutes=45, topic=topic, at=now - timedelta(days=3))
    log_session(user=user, minutes=30, unit=unit, at=now - timedelta(days=2))
    grade_review(user=user, topic=topic, grade=Grade.GOOD, at=now - timedelta(days=9))
    write_note(user=user, topic=topic, body=_secret(user))
    start_timer(user=user, topic=topic)
    count_call(user=user, at=0, writes=True)
    keep_answer(user=user, key="kept", fingerprint="", status=201, body="{}")
    MailSettings.objects.create(user=user, choices={"digest": False})
    Outgoing.objects.create(user=user, kind="news", key=user.email, written_at=now, not_before=now)


def _meet(leader: User, member: User) -> None:
    """A group in which everything happens that can."""
    User.objects.filter(pk=member.pk).update(public_id=MEMBER)
    member.refresh_from_db()
    graph, now = current_graph(), timezone.now()
    resource = next(one for one in graph.resources.values() if len(one.units) > 2)
    group = make_group(
        "Linear algebra",
        leader=leader,
        members=[member],
        observers=[make_user()],
        public_id=GROUP.id,
        resource_id=resource.id,
        visibility="public",
    )
    for_all = make_assignment(group, resource.units[0].id, public_id=ASSIGNMENT.id)
    for_one = make_assignment(group, resource.units[1].id, is_for_everyone=False, batch=PLAN)
    make_assignment(group, resource.units[2].id, is_draft=True, batch=SHIFT, shifted_days=7)
    Recipient.objects.create(assignment=for_one, user=member)
    AssignmentProgress.objects.create(
        assignment=for_all, user=member, is_reading=True, answer="in", changed_at=now
    )
    Invitation.objects.create(
        group=group,
        public_id=INVITATION.id,
        digest=digest_of_code(CODE),
        prefix=CODE[:8],
        invited_by=leader,
        created_at=now,
        expires_at=now + timedelta(days=14),
    )
    Ban.objects.create(group=group, user=make_user(public_id=BANNED_ID), banned_at=now)
    JoinRequest.objects.create(group=group, user=make_user(public_id=ASKER_ID), asked_at=now)
    make_group(visibility="public", public_id=PUBLIC_GROUP_ID)
    group.memberships.filter(user=member).update(shares_readiness=True)
    yesterday = now.date() - timedelta(days=1)
    Nudge.objects.create(group=group, user=member, by=leader, day=yesterday, nudged_at=now)
    delivery = make_delivery(group, public_id=DELIVERY.id)
    Webhook.objects.filter(pk=delivery.webhook_id).update(public_id=WEBHOOK.id)
    question = make_question(group, leader, body=f"@{member.name}?")
    make_answer(question, member)
    answer = make_answer(question, leader)
    edit_question(
        user=leader, question=question, title="Why?", body=question.body, unit=None, topic=None
    )
    Question.objects.filter(pk=question.pk).update(public_id=QUESTION.id)
    Answer.objects.filter(pk=answer.pk).update(public_id=ANSWER_ID)
    meeting = make_meeting(
        group, public_id=MEETING.id, rule=MEETING.rrule or "", starts_on=MEETING.starts_on
    )
    make_meeting(group, public_id=HELD, starts_on=HELD_ON)
    change_date(user=leader, meeting=meeting, day=MEETING.starts_on, place="Library")
    answer_rsvp(user=member, meeting=meeting, day=MEETING.starts_on, answer=RsvpAnswer.YES)
    choose_presenter(user=leader, assignment=for_all, presenter=member)
    for person in (leader, member):
        tell(people=[person], kind=NOTICE.kind, key="filled", text=NOTICE.text, address="/today/")
    write_news_mails(at=now + timedelta(days=1))
    unsubscribe(user=member, categories=["digest"])
    take_slot(name="filled", slot=now)
    Silence.objects.create(since=now, because="Restored, and told to resume.", ended_at=now)
    note_sign_in(user=leader, browser="Firefox on Linux")
    Notice.objects.filter(user=leader, key="filled").update(public_id=NOTICE.id, group=group)
