"""The real server on PostgreSQL, with rows in every table, as programs see it."""

import json
import secrets
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.balancer import balancing
from tests.live.both import Both
from tests.postgres import postgresql
from tests.server import Server, manage, serving

# No limit, and no name of the internet has to be found.
OPEN = {"API_CALLS_PER_MINUTE": "1000000", "OUTBOUND_MAY_BE_LOCAL": "1"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.live)


@dataclass(frozen=True, kw_only=True)
class Site:
    """A server whose database tests.filled has filled, and the tokens of those who may call."""

    server: Server
    tokens: dict[str, str]

    @property
    def api(self) -> str:
        return f"{self.server.address}/api/v1"


@pytest.fixture
def database() -> Iterator[str]:
    """The address of an empty database that is gone afterwards."""
    with postgresql() as url, made_database(url) as database:
        yield database


@pytest.fixture
def make_database() -> Iterator[Callable[[], str]]:
    """Makes an empty database each time it is called: its address. They are gone afterwards."""
    with postgresql() as url, ExitStack() as stack:
        yield lambda: stack.enter_context(made_database(url))


@pytest.fixture(scope="session")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Two servers behind one proxy; whoever stops one starts it again."""
    folders = (tmp_path_factory.mktemp("var"), tmp_path_factory.mktemp("var"))
    with postgresql() as url, balancing() as balancer, made_database(url) as database:
        both = Both(database, balancer, folders)
        yield both
        both.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("var")
    with postgresql() as url, made_database(url) as database:
        settings = OPEN | {"DATABASE_URL": database}
        with serving(folder, workers=2, **settings) as server:
            yield Site(server=server, tokens=fill(folder, settings))


def fill(folder: Path, settings: dict[str, str]) -> dict[str, str]:
    """Fill a prepared database; the secrets of those who may call."""
    script = "from tests.filled import print_filled; print_filled()"
    printed = manage(folder, settings, "shell", "-v0", "-c", script).splitlines()[-1]
    secrets_of: dict[str, str] = json.loads(printed)
    return secrets_of


@contextmanager
def made_database(url: str, *, like: str = "template1") -> Iterator[str]:
    """The address of a new database, a copy of the one named `like`, gone afterwards."""
    name = f"mlmath_live_{secrets.token_hex(4)}"
    parts = urllib.parse.urlsplit(url)
    # psycopg knows the other scheme only; a database named postgres is always there.
    server = parts._replace(scheme="postgresql", path="/postgres").geturl()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
    try:
        yield parts._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
