"""The worker beside the server: it sends mail, comes back when it falls, and ends with it."""

import os
import signal
import time
from pathlib import Path

from tests.server import PATIENCE_SECONDS, Server, serving

WRITE = """
from tracker.actions.mail import mail_about_account
mail_about_account(address={address!r}, subject="Hello", text="Hi", user=None)
"""


def wait_for(found):
    """What `found` returns once that is something."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        result = found()
        if result:
            return result
        time.sleep(0.1)
    raise AssertionError("It does not happen.")


def worker_of(folder: Path) -> int | None:
    """The process that runs `manage.py work` on the data in `folder`."""
    for process in Path("/proc").iterdir():
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
            environment = (process / "environ").read_bytes()
        except OSError:
            continue
        if b"work" in command and f"MLMATH_VAR={folder}\0".encode() in environment:
            return int(process.name)
    return None


def is_mailed(server: Server, address: str) -> bool:
    return address in [mail["To"] for mail in server.mails]


def test_the_worker_sends_comes_back_and_ends_with_the_server(tmp_path):
    with serving(tmp_path) as server:
        first = wait_for(lambda: worker_of(tmp_path))
        server.manage("shell", "-v0", "-c", WRITE.format(address="a@example.org"))
        wait_for(lambda: is_mailed(server, "a@example.org"))

        os.kill(first, signal.SIGKILL)
        # The old one is there for a moment longer.
        wait_for(lambda: {worker_of(tmp_path)} - {None, first})
        server.manage("shell", "-v0", "-c", WRITE.format(address="b@example.org"))
        wait_for(lambda: is_mailed(server, "b@example.org"))

    wait_for(lambda: worker_of(tmp_path) is None)
    assert len(server.mails) == 2
