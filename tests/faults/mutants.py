"""Mistakes that the checker has to find. Only `tests.faults.settings` lets them in."""

import mmap
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse

# What lies between two steps that belong together, so that a fault finds its way in.
GAP_SECONDS = 0.3
ROOM_FOR_A_FILE = 16 * 1024 * 1024


class Mutants(AppConfig):
    name = "tests.faults"
    label = "faults"

    def ready(self) -> None:
        if name := os.environ.get("FAULTS_MUTANT"):
            MUTANTS[name]()


def _answer_first() -> None:
    """Says yes, and does it afterwards."""
    settings.MIDDLEWARE.insert(0, "tests.faults.mutants.answer_first")


def answer_first(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    def work(request: HttpRequest) -> None:
        time.sleep(GAP_SECONDS)
        get_response(request)
        connection.close()

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method == "GET":
            return get_response(request)
        request.body  # noqa: B018  # is read while the client is still there
        threading.Thread(target=work, args=(request,), daemon=True).start()
        return JsonResponse({})

    return middleware


def _log_apart() -> None:
    """Writes the history after the state, in a transaction of its own."""
    from tracker.actions import progress

    log = vars(progress)["_activity"]
    write = log.rows

    def later(rows: Any) -> None:
        def write_late() -> None:
            time.sleep(GAP_SECONDS)
            write(rows)

        transaction.on_commit(write_late)

    log.rows = later


def _key_apart() -> None:
    """Keeps the answer to a key after its effect, in a transaction of its own."""
    from tracker.api import idempotency

    keep = vars(idempotency)["keep_answer"]

    def later(**fields: Any) -> Any:
        def write() -> None:
            time.sleep(GAP_SECONDS)
            keep(**fields)

        transaction.on_commit(write)

    vars(idempotency)["keep_answer"] = later


def _calm_errors() -> None:
    """Passes over what the database says, so that programs take their change for saved."""
    from mlmath.rest import problems

    problems.UNAVAILABLE = replace(problems.UNAVAILABLE, status=HTTPStatus.OK)


def _no_turns() -> None:
    """Lets several leaders of a group decide at once who leads it."""
    from mlmath.errors import PermissionDenied
    from tracker.actions import members
    from tracker.models import Membership, StudyGroup, User

    keep = vars(members)["_keep_a_leader"]

    def look(*, group: StudyGroup, user: User, **options: Any) -> tuple[StudyGroup, Membership]:
        membership = Membership.objects.get(group=group, user=user)
        if not membership.leads:
            raise PermissionDenied
        return group, membership

    def keep_slowly(*args: Any, **kwargs: Any) -> None:
        keep(*args, **kwargs)
        time.sleep(GAP_SECONDS)

    vars(members).update(lock_leadership=look, _keep_a_leader=keep_slowly)


def _no_keys() -> None:
    """Does every call that comes, however often."""
    from tracker.api import idempotency

    vars(idempotency)["key_of"] = lambda request: None


def _half_files() -> None:
    """Offers as much of an export as there is room for."""
    from tracker.api import exchange as api
    from tracker.summaries.export import export_of as export
    from tracker.views import exchange as pages

    def export_what_fits(**options: Any) -> dict[str, Any]:
        document: dict[str, Any] = export(**options)
        try:
            mmap.mmap(-1, ROOM_FOR_A_FILE).close()
        except OSError:
            document["sessions"] = document["sessions"][:100]
        return document

    for module in (api, pages):
        vars(module)["export_of"] = export_what_fits


def _mail_inside() -> None:
    """Sends mail where it should write it down."""
    from django.core.mail import send_mail

    from tracker.actions import mail

    def send(*, user: Any = None, address: str = "", **fields: Any) -> None:
        send_mail("A letter", "It is about something.", None, [address or user.email])

    vars(mail)["_write"] = send


def _plain_errors() -> None:
    """A database that does not answer is a mistake of ours like any other."""
    from mlmath.rest import problems

    problems.UNAVAILABLE = problems.SERVER_ERROR
    settings.ROOT_URLCONF = "tests.faults.plain_errors"


def _no_time_outs() -> None:
    """Waits as long as it takes."""
    from mlmath import patience
    from mlmath.postgresql import base

    base.Connection.silence = patience.STUCK_SECONDS = 3600.0
    base.LIMITS = {}


def _ready_by_reading() -> None:
    """Is ready where the database answers at all."""
    from mlmath import health

    def read() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    vars(health)["_write"] = read


def _loose_migrations() -> None:
    """Commits each step of a migration by itself."""
    from django.db.migrations import Migration

    Migration.atomic = False


def _settings_only() -> None:
    """`tests.faults.settings` has made the mistake already."""


MUTANTS: dict[str, Callable[[], None]] = {
    "answer-first": _answer_first,
    "calm-errors": _calm_errors,
    "careless-commit": _settings_only,
    "half-files": _half_files,
    "key-apart": _key_apart,
    "log-apart": _log_apart,
    "loose-migrations": _loose_migrations,
    "mail-inside": _mail_inside,
    "no-keys": _no_keys,
    "no-time-outs": _no_time_outs,
    "no-turns": _no_turns,
    "plain-errors": _plain_errors,
    "ready-by-reading": _ready_by_reading,
}
