"""A network of the database's own, whose cable can be pulled (F5b). Only root may lay one."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import sleep

from tests.clusters import free_port
from tests.faults.run import Run
from tests.faults.site import Site
from tests.faults.wire import wire
from tests.server import ROOT


@contextmanager
def by_network(site: Site) -> Iterator[dict[str, str]]:
    """The line leads through a network of its own, where nothing confirms what is sent."""
    with (
        wire(("127.0.0.1", site.cluster.port), (_NEAR, 0)) as line,
        _running_wire_in_namespace(line.address) as port,
    ):
        yield {"DATABASE_URL": site.url_by(_FAR, port)}


# A network of this machine's own, from those that are for tests (RFC 2544).
_NEAR, _FAR = "198.18.51.1", "198.18.51.2"
_NAMESPACE = f"mlmath-{os.getpid()}"


@contextmanager
def network() -> Iterator[bool]:
    """Two ends of a cable, one here and one in a namespace; False where we may not lay one."""
    inside = f"netns exec {_NAMESPACE} ip"
    steps = [
        f"netns add {_NAMESPACE}",
        f"link add mlmath-near type veth peer name mlmath-far netns {_NAMESPACE}",
        f"addr add {_NEAR}/30 dev mlmath-near",
        "link set mlmath-near up",
        f"{inside} addr add {_FAR}/30 dev mlmath-far",
        f"{inside} link set mlmath-far up",
    ]
    try:
        yield all(_ip(step) for step in steps)
    finally:
        _ip(f"netns del {_NAMESPACE}")


def _ip(arguments: str) -> bool:
    try:
        command = ["ip", *arguments.split()]
        done = subprocess.run(command, check=False, capture_output=True)
    except FileNotFoundError:
        return False
    return done.returncode == 0


@contextmanager
def _running_wire_in_namespace(there: tuple[str, int]) -> Iterator[int]:
    port = free_port()
    command = ["ip", "netns", "exec", _NAMESPACE, sys.executable, "-m", "tests.faults.wire"]
    process = subprocess.Popen([*command, _FAR, str(port), *map(str, there)], cwd=ROOT)
    try:
        for _ in range(100):
            try:
                socket.create_connection((_FAR, port), timeout=1).close()
                break
            except OSError:
                sleep(0.1)
        yield port
    finally:
        process.kill()
        process.wait()


def cable_is_pulled(run: Run) -> None:
    inside = f"netns exec {_NAMESPACE} ip link set mlmath-far"
    assert _ip(f"{inside} down")
    sleep(12)
    assert _ip(f"{inside} up")
