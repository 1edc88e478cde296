"""What the test of backups has done by processes of their own, on the database that
TEST_DATABASE_URL or DATABASE_URL names, under the settings of the tests."""

import json
import os
import signal
import sys
import threading
from pathlib import Path

from django.core.management import call_command
from django.test import Client

from catalog.graph import current_graph
from mlmath.backup import databases
from mlmath.backup.archive import Progress
from tests.factories import PASSWORD
from tests.filled import fill
from tracker.actions.progress import Mark, mark_topics
from tracker.models import Source, TopicState, User

TOPICS = ("vectors", "derivatives", "probability-basics", "descriptive-statistics")
PAGES = (
    "/today/",
    "/roadmap/data-scientist/",
    "/groups/",
    "/log/",
    "/review/",
    "/settings/",
    "/notifications/",
)


def tick_until_told() -> None:
    """Fills a prepared database, prints the token and the history's length of Ada, and ticks in her
    name by several threads, until there are no more lines to read; answers each by how many ticks
    are committed."""
    token = fill()["learner"]
    ada = User.objects.get(email="ada@example.org")
    print(json.dumps([token, ada.activity.count()]), flush=True)
    committed: list[str] = []
    is_over = threading.Event()

    def tick(slug: str) -> None:
        topic = current_graph().topic_by_slug[slug]
        while not is_over.is_set():
            for state in (TopicState.DONE, TopicState.LEARNING, TopicState.TODO):
                mark_topics(user=ada, marks=[Mark(topic=topic, state=state)], source=Source.API)
                committed.append(slug)
                # The others want to work too.
                is_over.wait(0.02)

    threads = [threading.Thread(target=tick, args=(slug,), daemon=True) for slug in TOPICS]
    for thread in threads:
        thread.start()
    for _ in sys.stdin:
        print(len(committed), flush=True)
    is_over.set()
    for thread in threads:
        thread.join()


def visit(token: str) -> None:
    """Prints the statuses of the main pages after a sign-in by password, and of a call by token."""
    browser = Client(SERVER_NAME="localhost")
    signed_in = browser.post("/accounts/login/", {"login": "ada@example.org", "password": PASSWORD})
    found = {"sign-in": signed_in["Location"]}
    found |= {page: str(browser.get(page).status_code) for page in PAGES}
    call = browser.get("/api/v1/me/", headers={"Authorization": f"Bearer {token}"})
    print(json.dumps(found | {"token": str(call.status_code)}))


def restore_and_die_half_way(backup: str) -> None:
    """Restores over what is there, and is killed with half of the copy in its place."""
    put_in_place = databases.put_in_place

    def die(done: str) -> None:
        if int(done.removesuffix(" %")) >= 50:
            os.kill(os.getpid(), signal.SIGKILL)

    def put_half(path: Path, *, statements: list[str], progress: Progress) -> None:
        put_in_place(path, statements=statements, progress=die)

    vars(databases).update(put_in_place=put_half, _PAGES_AT_ONCE=20)
    call_command("restore", backup, replace=True)
