"""People in the database of the tested server; runs there, by `manage.py shell`."""

import json
import secrets
import time
from datetime import date, timedelta
from datetime import time as clock
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from catalog.models import Unit
from tests.factories import (
    PASSWORD,
    make_answer,
    make_assignment,
    make_delivery,
    make_group,
    make_meeting,
    make_question,
    make_token,
    make_user,
)
from tracker.actions.answers import edit_answer
from tracker.actions.invitations import create_invitation
from tracker.actions.meetings import answer_rsvp, change_date, write_notes
from tracker.actions.notices import tell
from tracker.actions.questions import accept_answer, close_question, edit_question, pin_question
from tracker.actions.sessions import start_timer
from tracker.management.commands import demo
from tracker.models import (
    Answer,
    Ban,
    JoinRequest,
    Meeting,
    NoticeKind,
    Question,
    RsvpAnswer,
    StudyGroup,
    User,
)
from tracker.summaries.feeds import feed_token
from tracker.summaries.mail import unsubscribe_token

AT_ONCE = 30


def sign_up() -> None:
    """Prints some people without progress, each with an open session, as JSON."""
    print(json.dumps([_newcomer(number) for number in range(AT_ONCE)]))


def _newcomer(number: int) -> dict[str, str]:
    client = Client()
    user = make_user(f"{secrets.token_hex(6)}@example.org", name=f"Newcomer {number}")
    client.force_login(user)
    return {"email": user.email, "password": PASSWORD, "session": _session(client)}


def subscriber() -> None:
    """Prints somebody who uses every way in: password, session, token and calendar feed."""
    user = make_user("ada@example.org", name="Ada Lovelace")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    print(
        json.dumps(
            {
                "email": user.email,
                "session": _signed_in(user),
                "token": make_token(user).secret,
                "feed": feed_token(user),
            }
        )
    )


def walkers() -> None:
    """Prints the sessions of those who walk over all pages, and what is in their addresses.

    Ada is in the middle of the way, with everything an account can have, and looks after the site.
    The newcomer has nothing, not even a password. Somebody in between has entered Ada's password
    and not yet the second step.
    """
    call_command("demo")
    ada = User.objects.get(email=demo.EMAIL)
    ada.is_staff = ada.is_superuser = True
    ada.save()
    newcomer = make_user(f"{secrets.token_hex(6)}@example.org")
    newcomer.set_unusable_password()
    newcomer.save()
    for user in (ada, newcomer):
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    new_address = EmailAddress.objects.create(user=ada, email="countess@example.org")
    start_timer(user=ada)
    for number in range(12):
        tell(
            people=[ada],
            kind=NoticeKind.QUESTION,
            key=f"walk-{number}",
            text=f"Grace answered your {number + 1}. question.",
            address="/today/",
        )
    sessions = {"ada": _signed_in(ada), "newcomer": _signed_in(newcomer)}
    TOTP.activate(ada, generate_totp_secret())
    RecoveryCodes.activate(ada)
    passkey = _passkey_of(ada)
    halfway = Client(SERVER_NAME="localhost")
    halfway.post("/accounts/login/", {"login": ada.email, "password": demo.PASSWORD})
    # Long words: no page may become wider than a phone by a name.
    emmy = make_user(f"{secrets.token_hex(6)}@example.org", name=f"Emmy {'Noether' * 25}")
    group = make_group(f"Tuesday {'Readers' * 25}", leader=ada, members=[emmy])
    group.memberships.filter(user=emmy).update(shares_readiness=True)
    make_group("Readers of everything", visibility="public", about_html="<p>Hello.</p>")
    invitation = create_invitation(user=ada, group=group, max_uses=8)
    _people_at_the_door_of(group)
    chapter = Unit.objects.get(resource__slug="mml-book", slug="chapter-02")
    question, answer = _thread_of(group, ada)
    delivery = make_delivery(group)
    day = timezone.now().date() - timedelta(days=7)
    meeting = _meeting_of(group, ada, day)
    values = {
        "answer": answer.public_id,
        "batch": ada.activity.latest("pk").batch,
        "confirmation": EmailConfirmationHMAC(new_address).key,
        "feed": feed_token(ada),
        "assignment": make_assignment(group, chapter).public_id,
        "day": day.isoformat(),
        "group": group.public_id,
        "invitation": invitation.invitation.public_id,
        "code": invitation.code,
        "delivery": delivery.public_id,
        "webhook": delivery.webhook.public_id,
        "meeting": meeting.public_id,
        "member": emmy.public_id,
        "notice": ada.notices.latest("pk").public_id,
        "passkey": passkey.pk,
        "question": question.public_id,
        "reset": default_token_generator.make_token(ada),
        "session": ada.study_sessions.latest("pk").public_id,
        "token": make_token(ada).token.public_id,
        "unsubscribe": unsubscribe_token(ada, ["digest", "due"]),
        "uid": user_pk_to_url_str(ada),
    }
    print(json.dumps({"sessions": sessions | {"halfway": _session(halfway)}, "values": values}))


def _people_at_the_door_of(group: StudyGroup) -> None:
    """Somebody asks, and somebody else may not come back, so that leaders see both."""
    asker, banned = (make_user(f"{secrets.token_hex(6)}@example.org") for _ in range(2))
    JoinRequest.objects.create(group=group, user=asker, message="Hi", asked_at=timezone.now())
    Ban.objects.create(group=group, user=banned, banned_at=timezone.now())


def _thread_of(group: StudyGroup, user: User) -> tuple[Question, Answer]:
    """A question by `user` with everything a question can have, and their answer to it."""
    question = make_question(
        group,
        user,
        "Why is the rank of rows that of columns?",
        body="See $\\sum_i x_i$ and `A.T`, says @Ada:\n\n```\nrank(A)\n```\n\n$$x^2$$",
    )
    answer = make_answer(question, user)
    edit_answer(user=user, answer=answer, body="Because *elimination* keeps both.")
    edit_question(
        user=user, question=question, title=question.title, body="Why?", unit=None, topic=None
    )
    accept_answer(user=user, question=question, answer=answer)
    pin_question(user=user, question=question, is_pinned=True)
    close_question(user=user, question=question, is_locked=True)
    make_question(group, group.memberships.exclude(user=user).get().user, "Another?")
    return question, answer


def _meeting_of(group: StudyGroup, user: User, day: date) -> Meeting:
    """A weekly meeting from `day` on, with notes, and with dates moved and cancelled."""
    meeting = make_meeting(
        group, starts_on=day, rule="FREQ=WEEKLY", link="https://meet.example.org/readers"
    )
    write_notes(user=user, meeting=meeting, day=day, notes="What is $x^2$ for?")
    days = [day + timedelta(days=7 * number) for number in (2, 3, 4)]
    answer_rsvp(user=user, meeting=meeting, day=days[0], answer=RsvpAnswer.YES)
    change_date(user=user, meeting=meeting, day=days[1], is_cancelled=True)
    change_date(user=user, meeting=meeting, day=days[2], start_time=clock(20))
    return meeting


def _signed_in(user: User) -> str:
    """A session for an hour in which nobody is asked again who they are."""
    client = Client()
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": time.time() + 3600, "reauthenticated": True}
    ]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return _session(client)


def _session(client: Client) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _passkey_of(user: User) -> Authenticator:
    """As a device makes it; there is none that could sign with it."""
    public_key = ec.generate_private_key(ec.SECP256R1()).public_key()
    made = AttestedCredentialData.create(
        Aaguid.NONE, secrets.token_bytes(16), ES256.from_cryptography_key(public_key)
    )
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV | AuthenticatorData.FLAG.AT
    seen = AuthenticatorData.create(bytes(32), flags, 0, made)
    said = CollectedClientData.create("webauthn.create", b"challenge", "http://localhost")
    credential: dict[str, Any] = {
        "id": websafe_encode(made.credential_id),
        "rawId": websafe_encode(made.credential_id),
        "type": "public-key",
        "response": {
            "clientDataJSON": websafe_encode(said),
            "attestationObject": websafe_encode(AttestationObject.create("none", seen, {})),
        },
        "clientExtensionResults": {"credProps": {"rk": True}},
    }
    return Authenticator.objects.create(
        user=user,
        type=Authenticator.Type.WEBAUTHN,
        data={"name": "Thumb", "credential": credential},
    )
