"""Those who are measured. Runs inside the site, by `manage.py shell`, and prints JSON."""

import json
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from catalog.graph import current_graph
from tests.bench.scenarios import PLAN_YEAR, ROLE
from tests.factories import PASSWORD, make_token
from tracker.models import Assignment, GroupRole, Membership, User
from tracker.summaries.feeds import feed_token

READERS, LEADERS = 30, 200
STOCK = "django.contrib.auth.backends.ModelBackend"


def choose() -> None:
    """Prints readers with their ways in, some of them in no group, and leaders with their groups.

    They are spread over the whole table, as those who come in one minute are.
    """
    graph = current_graph()
    future = User.objects.filter(role__slug=ROLE, memberships__role=GroupRole.MEMBER)
    readers = _spread(list(future.order_by("pk")), 2 * READERS)
    alone, readers = readers[::2], readers[1::2]
    Membership.objects.filter(user__in=alone).delete()
    for user in readers:
        user.set_password(PASSWORD)
        user.save()
    # What another run has assigned.
    Assignment.objects.filter(due_on__year__gte=PLAN_YEAR).delete()
    leading = Membership.objects.filter(role=GroupRole.LEADER).select_related("user", "group")
    leaders = _spread(list(leading.order_by("pk")), LEADERS)
    topics = graph.roles[ROLE].entries
    books = {
        slug: [unit.slug for unit in book.units[:12]]
        for slug, book in graph.resources.items()
        if len(book.units) >= 12
    }
    answer = Client().get("/api/v1/topics/", secure=True, headers={"Host": "localhost"})
    people = {
        "cookies": [settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME],
        "readers": [
            {
                "email": user.email,
                "session": _session(user),
                "token": make_token(user).secret,
                "feed": feed_token(user),
            }
            for user in readers
        ],
        "alone": [{"session": _session(user)} for user in alone],
        "floor": [{"session": _stock_session(user)} for user in readers],
        "leaders": [
            {
                "session": _session(one.user),
                "token": make_token(one.user).secret,
                "group": one.group.public_id,
                "book": graph.resource_by_id[one.group.resource_id].slug,
            }
            for one in leaders
        ],
        "password": PASSWORD,
        "topics": [graph.topics[entry.index].slug for entry in topics[::10]],
        # Late in study order, so that next to nobody has done it.
        "ticked": graph.topics[topics[-1].index].slug,
        "bulk": [graph.topics[entry.index].slug for entry in topics[-20:]],
        "books": list(books)[:10],
        "chapters": books,
        "etag": answer["ETag"],
    }
    print(json.dumps(people))


def _spread(all_of_them: list[Any], wanted: int) -> list[Any]:
    """So many of them, at even distances."""
    step = max(1, len(all_of_them) // wanted)
    return all_of_them[::step][:wanted]


def _session(user: User) -> str:
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _stock_session(user: User) -> str:
    """As Django alone would open it."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = STOCK
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)
