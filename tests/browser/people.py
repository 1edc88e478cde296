"""People in the database of the tested server; runs there, by `manage.py shell`."""

import json
import secrets
import time
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
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from tests.factories import PASSWORD, make_token, make_user
from tracker.actions.sessions import start_timer
from tracker.management.commands import demo
from tracker.models import User

AT_ONCE = 30


def sign_up() -> None:
    """Prints some people without progress, each with an open session, as JSON."""
    print(json.dumps([_newcomer(number) for number in range(AT_ONCE)]))


def _newcomer(number: int) -> dict[str, str]:
    client = Client()
    user = make_user(f"{secrets.token_hex(6)}@example.org", name=f"Newcomer {number}")
    client.force_login(user)
    return {"email": user.email, "password": PASSWORD, "session": _session(client)}


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
    sessions = {"ada": _signed_in(ada), "newcomer": _signed_in(newcomer)}
    TOTP.activate(ada, generate_totp_secret())
    RecoveryCodes.activate(ada)
    passkey = _passkey_of(ada)
    halfway = Client(SERVER_NAME="localhost")
    halfway.post("/accounts/login/", {"login": ada.email, "password": demo.PASSWORD})
    values = {
        "batch": ada.activity.latest("pk").batch,
        "confirmation": EmailConfirmationHMAC(new_address).key,
        "passkey": passkey.pk,
        "reset": default_token_generator.make_token(ada),
        "session": ada.study_sessions.latest("pk").public_id,
        "token": make_token(ada).token.public_id,
        "uid": user_pk_to_url_str(ada),
    }
    print(json.dumps({"sessions": sessions | {"halfway": _session(halfway)}, "values": values}))


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
