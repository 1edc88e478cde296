"""What the test of backups has done by processes of their own, on the database that
TEST_DATABASE_URL or DATABASE_URL names, under the settings of the tests."""

import json
import sys
import threading

from django.core.management import call_command
from django.test import Client

from catalog.graph import current_graph
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
    """Fills the database, prints the token and the history's length of Ada, and ticks in her name
    by several threads, until there are no more lines to read; answers each by how many ticks are
    committed."""
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("load_catalog", stdout=sys.stderr)
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
