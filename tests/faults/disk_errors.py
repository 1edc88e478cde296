"""A disk that fails when it is asked to keep what was written (F7), by strace."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep

from tests.faults.run import Run
from tests.faults.site import Site

PATIENCE_SECONDS = 60


def disk_errors(run: Run) -> None:
    """What is to be written down fails after a while, and each time the database stops itself."""
    for _ in range(1 if run.is_short else 2):
        crashes = run.site.cluster.log.count(_PANIC)
        end = monotonic() + PATIENCE_SECONDS
        while run.site.cluster.log.count(_PANIC) == crashes:
            assert monotonic() < end, "The database does not notice."
            # Processes come and go: after a while, those that are there then.
            with _failing_disk(run.site):
                sleep(1)
        sleep(3)


# “could not fdatasync” says who commits, “could not fsync” the checkpointer.
_PANIC = "PANIC:"
# A disk is slow before it fails. Meanwhile others wait for it, whose changes are nowhere yet.
_SLOW_MICROSECONDS = 300_000


@contextmanager
def _failing_disk(site: Site) -> Iterator[None]:
    """For every process of the database that may be asked to write a change down."""
    failing = f"inject=fsync,fdatasync:error=EIO:delay_enter={_SLOW_MICROSECONDS}:when=1"
    command = ["strace", "-q", "-e", "trace=fsync,fdatasync", "-e", failing]
    command += [f"--attach={pid}" for pid in site.cluster.processes()[1:]]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def may_trace() -> bool:
    """Whether strace is here and may look at a process that is not its own child."""
    if shutil.which("strace") is None:
        return False
    with subprocess.Popen(["sleep", "60"]) as other:  # noqa: S607
        command = ["strace", "--output=/dev/null", f"--attach={other.pid}"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
            assert tracer.stderr is not None
            said = tracer.stderr.readline()
            other.kill()
    return "attached" in said
