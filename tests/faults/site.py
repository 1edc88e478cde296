"""mlmath with several processes on a PostgreSQL of its own, and people whose writes are watched."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypedDict

from tests.clusters import Cluster, cluster
from tests.faults.mail import Mail
from tests.faults.wire import Wire
from tests.server import ROOT, Server, manage, prepare, running

WORKERS = 3
PEOPLE = 400
# For each run some, who have groups.
RUNS = 50
DATABASE = "mlmath"
# Nothing is written to the disk but what a commit asks for: a careless one is found out.
LAZY = {
    "wal_writer_delay": "10s",
    "wal_writer_flush_after": "1GB",
    "bgwriter_lru_maxpages": "0",
}
# As few as a mutant needs, so that a storm of connections is soon there.
CONNECTIONS = {"max_connections": "60"}

# Of the log of changes, on a disk that is to be filled.
SMALL = {"max_wal_size": "64MB", "min_wal_size": "32MB"}

_MAKE_PEOPLE = """
import json
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from importlib import import_module
from tests.factories import make_group, make_token
from tracker.models import GroupRole, User
store = import_module(settings.SESSION_ENGINE).SessionStore
users, people = [], []
for number in range({count}):
    user = User(email=f"fault-{{number}}@example.org")
    user.set_unusable_password()
    user.save()
    session = store()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    users.append(user)
    people.append([user.pk, user.public_id, make_token(user).secret, session.session_key])
leaders = []
for place in range(0, 4 * {runs}, 4):
    leader, guest, one, other = users[place:place + 4]
    both = make_group(leader=one, members=[other])
    both.memberships.update(role=GroupRole.LEADER)
    leaders.append([make_group(leader=leader).public_id, both.public_id])
from catalog.graph import current_graph
graph = current_graph()
units = [[one.slug, unit.slug] for one in graph.resources.values() for unit in one.units]
print(json.dumps([people, leaders, [topic.slug for topic in graph.topics], units]))
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    pk: int
    id: str
    token: str
    session: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaders:
    """`leader` leads the group `own`, in which `guest` is not; both of `pair` lead `shared`."""

    own: str
    leader: Person
    guest: Person
    shared: str
    pair: tuple[Person, Person]


class Inhabitants(TypedDict):
    """Who is there and what there is to learn; of a unit, the resource comes first."""

    people: list[Person]
    leaders: list[Leaders]
    topics: list[str]
    units: list[tuple[str, str]]


@dataclass(kw_only=True)
class Site:
    """`people` and `leaders` are handed out once each, so that every run starts with people who
    have nothing, and groups in which nothing has happened."""

    cluster: Cluster
    folder: Path
    topics: list[str]
    units: list[tuple[str, str]]
    people: list[Person]
    leaders: list[Leaders]
    settings: dict[str, str] = field(default_factory=dict)
    # What a fault may fill, cut and freeze.
    data_disk: Path | None = None
    wal_disk: Path | None = None
    line: Wire | None = None
    mail: Mail | None = None

    def url_by(self, host: str, port: int) -> str:
        """The address of the database by another way."""
        own = f"127.0.0.1:{self.cluster.port}"
        return self.cluster.url(DATABASE).replace(own, f"{host}:{port}")

    def take_people(self, count: int) -> list[Person]:
        taken, self.people = self.people[:count], self.people[count:]
        assert len(taken) == count, "There are not enough people: raise PEOPLE."
        return taken

    @contextmanager
    def server(
        self, *, mutant: str = "", settings: Mapping[str, str] = MappingProxyType({}), port: int = 0
    ) -> Iterator[Server]:
        settings = {**self.settings, "FAULTS_MUTANT": mutant, **settings}
        with running(self.folder, workers=WORKERS, port=port, **settings) as server:
            yield server

    def sql(self, query: str, *parameters: Any) -> list[Any]:
        return self.cluster.sql(query, *parameters, database=DATABASE)


@contextmanager
def site(
    folder: Path, *, disks: Path | None = None, people: int = PEOPLE, runs: int = RUNS
) -> Iterator[Site]:
    """A site with its data in `folder`, or on `disks` of its own that may be filled; with so many
    people, and leaders for so many runs."""
    data, wal = (disks / "data", disks / "wal") if disks else (None, None)
    small = SMALL if disks else {}
    with cluster(within=data, wal=wal and wal / "wal", **LAZY, **CONNECTIONS, **small) as own:
        own.sql(f"CREATE DATABASE {DATABASE}")
        settings = {
            "DATABASE_URL": own.url(DATABASE),
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "API_CALLS_PER_MINUTE": "1000000",
        }
        prepare(folder, **settings)
        made = make_people(folder, settings, count=people, runs=runs)
        # Nobody waits for a letter about the token that everybody has.
        own.sql("DELETE FROM tracker_outgoing", database=DATABASE)
        yield Site(
            cluster=own,
            folder=folder,
            settings=settings,
            data_disk=data,
            wal_disk=wal,
            **made,
        )


def make_people(
    folder: Path,
    settings: dict[str, str],
    *,
    count: int = PEOPLE,
    runs: int = RUNS,
    code: Path = ROOT,
) -> Inhabitants:
    """So many people on the prepared database, and leaders for so many runs."""
    script = _MAKE_PEOPLE.format(count=count + 4 * runs, runs=runs)
    printed = manage(folder, settings, "shell", "-v0", "-c", script, code=code)
    made, groups, topics, units = json.loads(printed.splitlines()[-1])
    people = [Person(pk=pk, id=id_, token=token, session=key) for pk, id_, token, key in made]
    leaders = [
        Leaders(own=own, leader=leader, guest=guest, shared=shared, pair=(one, other))
        for (own, shared), leader, guest, one, other in zip(
            groups, people[::4], people[1::4], people[2::4], people[3::4], strict=False
        )
    ]
    return Inhabitants(people=people[4 * runs :], leaders=leaders, topics=topics, units=units)


@contextmanager
def small_disks(folder: Path) -> Iterator[Path | None]:
    """Two disks in memory, `data` and `wal`; None where we may not make any."""
    disks = {"data": "400m", "wal": "160m"}
    made = []
    # The account of the database has to come through.
    folder.chmod(0o755)
    try:
        for name, size in disks.items():
            (folder / name).mkdir()
            command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=1777", "tmpfs"]
            done = subprocess.run([*command, folder / name], check=False, capture_output=True)
            if done.returncode != 0:
                break
            made.append(name)
        yield folder if len(made) == len(disks) else None
    finally:
        for name in made:
            subprocess.run(["umount", "-l", folder / name], check=False)  # noqa: S607
