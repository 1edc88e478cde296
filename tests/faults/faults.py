"""What breaks, how long, and which mistake shows that the checker would find one."""

import os
import random
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

import psycopg

from tests.faults.cables import by_network, cable_is_pulled
from tests.faults.checker import HEALED_WITHIN, Promise, Report, report_on
from tests.faults.client import Client, by_session
from tests.faults.disk_errors import disk_errors
from tests.faults.echo import echo
from tests.faults.hoards import memory_runs_out
from tests.faults.letters import by_mail_server, mail_is_frozen
from tests.faults.run import Run
from tests.faults.site import DATABASE, WORKERS, Site
from tests.faults.wire import wire
from tests.faults.writers import Journal, writing
from tests.server import Server

WRITERS = 9
# Changes before a fault and after it, and how long they may take on a busy machine.
ENOUGH = 60
PATIENCE_SECONDS = 60

Around = Callable[[Site], AbstractContextManager[dict[str, str]]]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """`strike` returns once the cause is gone; `around` gives the server other settings."""

    id: str
    title: str
    strike: Callable[[Run], None]
    mutant: str
    mistake: str
    promise: Promise = field(default_factory=Promise)
    around: Around = lambda site: nullcontext({})
    mutant_strike: Callable[[Run], None] | None = None
    # The server's door; another one may stand before it.
    via: Callable[[str], AbstractContextManager[str]] = nullcontext
    keeps_lines: bool = True
    # "network" or "disks" of its own, which only root may make, or "strace".
    needs: str = ""


def play(site: Site, fault: Fault, *, mutant: bool = False, is_short: bool = False) -> Report:
    """Let people write while `fault` strikes, wait until it has healed, and look what is left."""
    name = fault.mutant if mutant else ""
    strike = (fault.mutant_strike or fault.strike) if mutant else fault.strike
    with (
        fault.around(site) as settings,
        site.server(mutant=name, settings=settings) as server,
        fault.via(server.address) as door,
    ):
        with writing(site, door, people=WRITERS, keeps_lines=fault.keeps_lines) as journal:
            run = Run(site=site, server=server, journal=journal, is_short=is_short)
            _wake(server)
            _wait_for_writes(journal)
            calm = max(answer.seconds for answer in journal.answers + journal.alive)
            strike(run)
            healed = _time_to_heal(server)
            if not _wait_for_writes(journal):
                run.notes.append("nobody could write afterwards")
        report = report_on(site, journal, healed, fault.promise, calm=calm)
        report.broken += run.notes
        report.remarks += run.remarks
        return report


def _wake(server: Server) -> None:
    """Let every process read the catalog: it is the state in which nearly all faults find them."""
    with ThreadPoolExecutor(5 * WORKERS) as pool:
        for _ in range(3):
            list(pool.map(lambda _: _call(server, "/roles/"), range(5 * WORKERS)))


def _call(server: Server, path: str) -> int | None:
    return Client(server.address, {}, is_kept=False).call("GET", path).status


def _wait_for_writes(journal: Journal) -> bool:
    """Whether some more changes were acknowledged soon; processes that have just begun are slow."""
    wanted = sum(write.is_acknowledged for write in journal.writes) + ENOUGH
    end = monotonic() + PATIENCE_SECONDS
    while monotonic() < end:
        if sum(write.is_acknowledged for write in journal.writes) >= wanted:
            return True
        sleep(0.2)
    return False


def _time_to_heal(server: Server) -> float | None:
    """Seconds until the server is ready five times in a row; None when it does not get there."""
    began = since = monotonic()
    good = 0
    while good < 5:
        if monotonic() - began > 2 * HEALED_WITHIN:
            return None
        is_ready = _call(server, "/health/ready/") == 200
        if is_ready and not good:
            since = monotonic()
        good = good + 1 if is_ready else 0
        sleep(0.1)
    return since - began


# --- Killed ---------------------------------------------------------------------------------


def _workers_are_killed(run: Run) -> None:
    """The oldest first: one that dies as soon as it has come is taken for broken for good."""
    end = monotonic() + run.lasting(8, 4.5)
    killed: list[int] = []
    while monotonic() < end:
        alive = [pid for pid in run.server.workers if pid not in killed]
        if alive:
            os.kill(min(alive), signal.SIGKILL)
            killed.append(min(alive))
        sleep(2)


def _backends_are_killed(run: Run) -> None:
    """Whenever one dies, the database ends all others and recovers."""
    end = monotonic() + run.lasting(8, 4)
    while monotonic() < end:
        backends = [
            pid
            for pid in run.site.cluster.processes()
            if f" {DATABASE} 127.0.0.1" in Path(f"/proc/{pid}/cmdline").read_text()
        ]
        if backends:
            os.kill(random.choice(backends), signal.SIGKILL)
        sleep(2)


def _postmaster_is_killed(run: Run) -> None:
    cluster = run.site.cluster
    assert cluster.process is not None
    cluster.process.kill()
    cluster.process.wait()
    sleep(2)
    cluster.start()


def _database_is_killed(run: Run) -> None:
    run.site.cluster.signal_all(signal.SIGKILL)
    sleep(run.lasting(6, 3))
    run.site.cluster.start()


# --- Silent ---------------------------------------------------------------------------------


def _database_is_frozen(run: Run) -> None:
    run.site.cluster.signal_all(signal.SIGSTOP)
    try:
        sleep(20)
    finally:
        run.site.cluster.signal_all(signal.SIGCONT)


# --- Cut off --------------------------------------------------------------------------------


@contextmanager
def _by_wire(site: Site) -> Iterator[dict[str, str]]:
    """Between server and database lies a line that the test can cut."""
    with wire(("127.0.0.1", site.cluster.port)) as line:
        site.line = line
        yield {"DATABASE_URL": site.url_by(*line.address)}


def _line_is_cut(run: Run) -> None:
    assert run.site.line is not None
    run.site.line.cut()
    sleep(run.lasting(12, 8))
    run.site.line.mend()


# --- Full -----------------------------------------------------------------------------------


def _fill(folder: Path) -> Path:
    """A file that takes all that is left."""
    path = folder / "ballast"
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(65536))
    with path.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(512))
    return path


def _data_disk_is_full(run: Run) -> None:
    assert run.site.data_disk is not None
    ballast = _fill(run.site.data_disk)
    try:
        sleep(4)
        run.notes += _while_full(run)
        sleep(3)
    finally:
        ballast.unlink()


def _while_full(run: Run) -> list[str]:
    with Client(run.server.address, by_session(run.site.take_people(1)[0])) as client:
        ready = [client.call("GET", "/health/ready/").status for _ in range(5)]
        reads = [client.call("GET", path).status for path in ("/roadmap/", "/roles/", "/today/")]
    return [
        *(["ready with a full disk"] if 200 in ready else []),
        *([f"reading: {reads}"] if not all(read in {200, 302} for read in reads) else []),
    ]


def _wal_disk_is_full(run: Run) -> None:
    """The server stops itself; what starts it again, in production, is its supervisor."""
    cluster, disk = run.site.cluster, run.site.wal_disk
    assert disk is not None
    assert cluster.process is not None
    ballast = _fill(disk)
    try:
        # More than the files that the server keeps to write over them.
        with suppress(psycopg.Error):
            run.site.sql(_WRITE_MUCH)
        sleep(4)
    finally:
        ballast.unlink()
    cluster.start()


_WRITE_MUCH = (
    "CREATE TABLE much AS SELECT repeat(md5(n::text), 40) FROM generate_series(1, 120000) n"
)


# --- Too many -------------------------------------------------------------------------------


def _connections_are_taken(run: Run) -> None:
    """Others have all connections of the database, and ours are ended."""
    site, taken = run.site, list[psycopg.Connection]()
    end = monotonic() + 6
    try:
        while monotonic() < end:
            try:
                taken.append(psycopg.connect(_url_of(site), autocommit=True))
            except psycopg.OperationalError:
                sleep(0.05)
            if len(taken) == 30:
                taken[0].execute(_END_OTHERS)
    finally:
        for one in taken:
            one.close()


def _url_of(site: Site) -> str:
    return site.cluster.url(DATABASE, scheme="postgresql") + "?application_name=storm"


_END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name <> 'storm'"
)


def _few_files_and_many_clients(run: Run) -> None:
    """400 clients say half a request and then nothing, while the database is away for a while."""
    for pid in run.server.workers:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (256, 256))
    host, port = "127.0.0.1", int(run.server.address.rpartition(":")[2])
    hanging = []
    try:
        for _ in range(400):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex((host, port))
            hanging.append(one)
        sleep(0.5)
        for one in hanging:
            with suppress(OSError):
                one.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        _database_is_killed(run)
    finally:
        for one in hanging:
            one.close()


# --- Deployed -------------------------------------------------------------------------------


def _workers_are_replaced(run: Run) -> None:
    """As for a new version: each process ends when another one has taken its place."""
    old = set(run.server.workers)
    os.kill(run.server.pid, signal.SIGHUP)
    end = monotonic() + 60
    while old & set(run.server.workers) and monotonic() < end:
        sleep(0.2)
    assert not old & set(run.server.workers)


def _nothing_breaks(run: Run) -> None:
    sleep(run.lasting(8, 4))


FAULTS = [
    Fault(
        id="F1",
        title="web processes killed, one after the other",
        strike=_workers_are_killed,
        mutant="log-apart",
        mistake="history in a transaction of its own",
        promise=Promise(may_break=True, is_always_alive=False),
    ),
    Fault(
        id="F8",
        title="the same, and the mistake is at the key",
        strike=_workers_are_killed,
        mutant="key-apart",
        mistake="key in a transaction of its own",
        promise=Promise(may_break=True, is_always_alive=False),
    ),
    Fault(
        id="F1b",
        title="the same, and the mistake is at who leads a group",
        strike=_workers_are_killed,
        mutant="no-turns",
        mistake="leaders decide at once who leads",
        promise=Promise(may_break=True, is_always_alive=False),
    ),
    Fault(
        id="F2",
        title="a connection of the database killed every 2 s",
        strike=_backends_are_killed,
        mutant="plain-errors",
        mistake="500 instead of 503",
    ),
    Fault(
        id="F3",
        title="postmaster killed, started again after 2 s",
        strike=_postmaster_is_killed,
        mutant="answer-first",
        mistake="answer before commit",
    ),
    Fault(
        id="F3b",
        title="the whole database killed, started again",
        strike=_database_is_killed,
        mutant="careless-commit",
        mistake="synchronous_commit = off",
    ),
    Fault(
        id="F4",
        title="database frozen for 20 s",
        strike=_database_is_frozen,
        mutant="no-time-outs",
        mistake="no time-outs",
        promise=Promise(answered_within=20.0),
    ),
    Fault(
        id="F5",
        title="line to the database cut for 12 s, confirmed as if it were whole",
        strike=_line_is_cut,
        around=_by_wire,
        mutant="no-time-outs",
        mistake="no time-outs",
        # The database has not noticed yet that whoever holds a key is gone.
        promise=Promise(may_answer=frozenset({409})),
    ),
    Fault(
        id="F5b",
        title="cable to the database pulled for 12 s",
        strike=cable_is_pulled,
        around=by_network,
        needs="network",
        mutant="no-time-outs",
        mistake="no time-outs",
        # The database has not noticed yet that whoever holds a key is gone.
        promise=Promise(may_answer=frozenset({409}), left_behind=15),
    ),
    Fault(
        id="F6",
        title="data disk full for 7 s",
        strike=_data_disk_is_full,
        needs="disks",
        mutant="ready-by-reading",
        mistake="readiness by reading",
    ),
    Fault(
        id="F6b",
        title="WAL disk full, database starts again when there is room",
        strike=_wal_disk_is_full,
        needs="disks",
        mutant="answer-first",
        mistake="answer before commit",
    ),
    Fault(
        id="F7",
        title="disk errors at fsync",
        strike=disk_errors,
        needs="strace",
        mutant="calm-errors",
        mistake="an error of the database passed over",
    ),
    Fault(
        id="F12",
        title="every tenth request twice, every tenth late",
        strike=_nothing_breaks,
        via=echo,
        mutant="no-keys",
        mistake="no Idempotency-Key",
        promise=Promise(may_answer=frozenset({409})),
    ),
    Fault(
        id="F13",
        title="all web processes replaced under load",
        strike=_workers_are_replaced,
        mutant="",
        mistake="processes killed instead",
        # A line that is kept may end while a request is on its way to it; a proxy repeats that.
        keeps_lines=False,
        mutant_strike=_workers_are_killed,
    ),
    Fault(
        id="F14",
        title="mail server frozen for 30 s",
        strike=mail_is_frozen,
        around=by_mail_server,
        mutant="mail-inside",
        mistake="mail sent inside of requests",
    ),
    Fault(
        id="F15",
        title="no more memory for two web processes, beside big exports and imports",
        strike=memory_runs_out,
        mutant="half-files",
        mistake="as much offered as there is room for",
        # An error of ours is what running out of memory is.
        promise=Promise(may_break=True, is_always_alive=False, may_answer=frozenset({500})),
    ),
    Fault(
        id="F16",
        title="all connections of the database taken by others",
        strike=_connections_are_taken,
        mutant="plain-errors",
        mistake="500 instead of 503",
    ),
    Fault(
        id="F21",
        title="256 files per process, 400 hanging clients, database killed meanwhile",
        strike=_few_files_and_many_clients,
        mutant="careless-commit",
        mistake="synchronous_commit = off",
        promise=Promise(answered_within=20.0, may_break=True, is_always_alive=False),
    ),
]
