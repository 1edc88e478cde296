"""A mail server in a process of its own, which can be frozen.

Started as a program it listens on the port that it is given, and prints for each letter that it
takes its Message-ID and for whom it is.
"""

import contextlib
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path
from time import monotonic, sleep

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.clusters import free_port
from tests.server import PATIENCE_SECONDS, ROOT


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A running mail server. What it has taken is in a file."""

    process: "subprocess.Popen[bytes]"
    port: int
    taken: Path

    @property
    def letters(self) -> Counter[str]:
        """How often each letter has come, by its Message-ID and person."""
        return Counter(self.taken.read_text().splitlines())

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections, for its kernel does, and says nothing."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


@contextmanager
def mail_server(folder: Path) -> Iterator[Mail]:
    port, taken = free_port(), folder / "letters"
    with taken.open("wb") as output:
        command = [sys.executable, "-m", "tests.faults.mail", str(port)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=output)
    try:
        end = monotonic() + PATIENCE_SECONDS
        while monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            sleep(0.05)
        yield Mail(process=process, port=port, taken=taken)
    finally:
        process.kill()
        process.wait()


class _Taker:
    async def handle_DATA(  # noqa: N802  # the library asks for this name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content)
        # A long header begins on the next line.
        print(message["Message-ID"].strip(), *envelope.rcpt_tos, flush=True)
        return "250 OK"


if __name__ == "__main__":
    controller = Controller(_Taker(), hostname="127.0.0.1", port=int(sys.argv[1]))
    controller.start()
    signal.pause()
