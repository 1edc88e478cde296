"""mlmath as `make run` serves it, in processes of its own. Nothing here touches a database."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from mlmath import serve
from tests.prepared import prepared_database

ROOT = Path(__file__).resolve().parent.parent
# Until somebody gives up who waits for what has to come: a busy machine needs its time.
PATIENCE_SECONDS = 180


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running mlmath, with its data in a folder of its own."""

    address: str
    folder: Path
    pid: int
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def workers(self) -> list[int]:
        """The processes that answer, by their numbers."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        commands = {child: Path(f"/proc/{child}/cmdline").read_bytes() for child in children}
        # Beside them are the one that sends mail, and one that Python cleans up with.
        others = (b"manage.py", b"resource_tracker")
        return [
            int(child)
            for child, command in commands.items()
            if not any(other in command for other in others)
        ]

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def faults(self) -> list[str]:
        """The entries of its log that tell of a mistake of ours."""
        # For people a line begins with the time, for machines with a brace.
        entries = re.split(r"^(?=\d{4}-\d\d-\d\d |{)", self.log.read_text(), flags=re.MULTILINE)
        # Where somebody may not go, the log says how they came there.
        warning = re.compile(r' WARNING |"level": "warning"')
        return [one for one in entries if "Traceback" in one and not warning.search(one)]

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to work on the data of this server."""
        return _environment(self.folder, self.settings)

    def manage(self, *arguments: str) -> str:
        """What a management command prints, on the database of this server."""
        return manage(self.folder, self.settings, *arguments)

    @property
    def mails(self) -> list[EmailMessage]:
        """The mails sent so far, the oldest first; a line ends each of them."""
        return [
            message_from_bytes(raw.strip(), policy=policy.default)
            for path in sorted(
                (self.folder / "mail").glob("*"), key=lambda one: one.stat().st_mtime
            )
            # Behind the last line may be half of the next one.
            for raw in re.split(rb"^-{79}\n", path.read_bytes(), flags=re.MULTILINE)[:-1]
        ]


@contextmanager
def serving(folder: Path, *, workers: int = 1, **settings: str) -> Iterator[Server]:
    """A server with its data in `folder`; `settings` go into its environment.

    At the end no entry of its log may tell of a mistake of ours.
    """
    prepare(folder, **settings)
    with running(folder, workers=workers, port=0, **settings) as server:
        yield server
    assert server.faults == []


def prepare(folder: Path, **settings: str) -> None:
    """Fill the database and the folder with what a server needs; an empty database by a copy."""
    own = f"sqlite:///{folder / 'mlmath.sqlite3'}"
    with prepared_database(settings.get("DATABASE_URL") or own):
        prepare_from_scratch(folder, **settings)


def prepare_from_scratch(folder: Path, **settings: str) -> None:
    """The same all by `manage.py prepare`, for tests of the way from an empty database."""
    with collected_static_files(folder):
        manage(folder, settings, "prepare")


@contextmanager
def running(folder: Path, *, workers: int = 1, port: int = 0, **settings: str) -> Iterator[Server]:
    """A server on data that is prepared already, whatever it logs."""
    options = ["--workers", str(workers), "--work"]
    with _running(folder, settings, port or _free_port(), options) as server:
        yield server


@contextmanager
def running_pages(
    folder: Path, settings: dict[str, str], *, workers: int, code: Path = ROOT
) -> Iterator[Server]:
    """The same without the worker, as where that runs elsewhere; `code` may be another release."""
    options = ["--workers", str(workers)]
    with _running(folder, settings, _free_port(), options, code) as server:
        yield server


@contextmanager
def _running(
    folder: Path, settings: dict[str, str], port: int, options: list[str], code: Path = ROOT
) -> Iterator[Server]:
    log = folder / "server.log"
    with log.open("a") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlmath.serve", "--port", str(port), *options],
            cwd=code,
            env=_environment(folder, settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        address = f"http://localhost:{port}"
        _wait_for(address, process, log)
        yield Server(address=address, folder=folder, pid=process.pid, settings=settings)
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_SECONDS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def collected_static_files(folder: Path) -> Iterator[None]:
    """Spares `prepare` the hashing and compressing that another test has waited for already.

    Its stamp says of which sources, so what is out of date does no harm.
    """
    kept, stamp = ROOT / "var" / "tests" / "collected", "static.stamp"
    try:
        shutil.copytree(kept, folder, dirs_exist_ok=True)
    except OSError:
        # There is none yet, or somebody is just putting a newer one there.
        shutil.rmtree(folder / "static", ignore_errors=True)
        (folder / stamp).unlink(missing_ok=True)
    yield
    # Whoever else is about to put the same there may take it away at any moment.
    with suppress(OSError):
        if (kept / stamp).read_text() == (folder / stamp).read_text():
            return
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="collected-", dir=kept.parent) as fresh:
        shutil.copytree(folder / "static", Path(fresh) / kept.name / "static")
        shutil.copy(folder / stamp, Path(fresh) / kept.name / stamp)
        shutil.rmtree(kept, ignore_errors=True)
        with suppress(OSError):
            (Path(fresh) / kept.name).rename(kept)


def _environment(folder: Path, settings: dict[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "PATH") if name in os.environ}
    # Behind the slash that ends the empty host, the whole path follows with its own.
    mail = f"filemail:///{folder / 'mail'}"
    return kept | {"MLMATH_VAR": str(folder), "EMAIL_URL": mail} | settings


def is_killed(*, said: str, took: float) -> bool:
    """Whether a server that said this while it stopped had to kill one of its processes.

    On a busy machine it says so also of one that has just ended, but only the other kind has kept
    it waiting.
    """
    return "refused to gracefully stop" in said and took >= serve.PATIENCE


def manage(folder: Path, settings: dict[str, str], *arguments: str, code: Path = ROOT) -> str:
    """What a management command of `code` prints, with its data in `folder`."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=code,
        env=_environment(folder, settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def _wait_for(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/health/ready/", timeout=PATIENCE_SECONDS):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    raise AssertionError(f"The server does not come up:\n{log.read_text()[-10_000:]}")
