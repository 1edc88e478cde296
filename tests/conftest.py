"""What tests are given: the real catalog, Ada, her ways in, and a mailbox."""

import gc
import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import hypothesis
import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client, TransactionTestCase, override_settings
from django.test.utils import CaptureQueriesContext

from catalog.graph import CatalogGraph, current, current_graph, forget_graph
from tests.factories import make_token, make_user
from tests.kept import give_back, read_rows
from tests.smtp import Mailbox, smtp_server
from tracker.models import User

# The same cases on every run, and no verdict by the clock of a busy machine.
hypothesis.settings.register_profile("mlmath", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("mlmath")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On SQLite the tests of row locks are no part of the run: there is nothing to lock."""
    if connection.vendor == "postgresql":
        return
    races = [item for item in items if item.get_closest_marker("postgresql")]
    if races:
        config.hook.pytest_deselected(items=races)
        items[:] = [item for item in items if item not in races]


def pytest_collection_finish() -> None:
    """Thirteen thousand tests live as long as the run: nobody has to look again whether they do."""
    gc.collect()
    gc.freeze()


_BOOKKEEPING = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")

_real_graph: CatalogGraph | None = None


def _load_catalog() -> None:
    global _real_graph
    call_command("load_catalog", stdout=io.StringIO())
    forget_graph()
    _real_graph = current_graph()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker) -> Iterator[None]:
    """The real catalog is in the test database from the start: every page needs it.

    After a test that commits, Django would empty every table. It takes a fraction of the time to
    give back what they held.
    """
    with django_db_blocker.unblock():
        _load_catalog()
        kept = read_rows()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: give_back(kept))
        yield


@pytest.fixture(autouse=True)
def _no_test_sees_the_catalog_of_another() -> Iterator[None]:
    """A test's edits are rolled back, so the graph in memory has to go back as well.

    A test that edits the catalog calls `forget_graph()` itself before it looks.
    """
    yield
    if current._graph is not _real_graph:
        current._graph, current._checked_at = _real_graph, float("-inf")


@pytest.fixture
def catalog(db: None) -> CatalogGraph:
    """The real catalog as a graph and in the database."""
    return current_graph()


@pytest.fixture
def ada(db: None) -> User:
    """The reader: no role, no pace, no ticks."""
    return make_user("ada@example.org", name="Ada Lovelace")


@pytest.fixture
def ada_browser(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    return client


@pytest.fixture
def ada_htmx(ada: User) -> Client:
    client = Client(headers={"HX-Request": "true"})
    client.force_login(ada)
    return client


@pytest.fixture
def ada_api(ada: User) -> Client:
    """Sends a token with every scope; `content_type="application/json"` makes JSON of a dict."""
    return Client(headers={"Authorization": f"Bearer {make_token(ada).secret}"})


@pytest.fixture
def count_queries(db: None) -> Callable[[], AbstractContextManager[list[str]]]:
    """`with count_queries() as queries: ...`, then `len(queries)`; transactions do not count.

    Nor does the look at the catalog's version, which a process takes once a second at most.
    """

    @contextmanager
    def counting() -> Iterator[list[str]]:
        queries: list[str] = []
        with override_settings(CATALOG_CHECK_SECONDS=3600):
            current_graph()
            with CaptureQueriesContext(connection) as captured:
                yield queries
        queries += [
            query["sql"]
            for query in captured.captured_queries
            if not query["sql"].startswith(_BOOKKEEPING)
        ]

    return counting


@pytest.fixture
def mailbox(settings) -> Iterator[Mailbox]:
    """What a real SMTP server has taken; mail goes there instead of into memory."""
    with smtp_server() as mailbox:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mailbox.port
        settings.EMAIL_TIMEOUT = 5
        settings.SITE_URL = "https://mlmath.example"
        yield mailbox
