"""A real SMTP server on loopback, for tests of mail."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Mailbox:
    """What has arrived. `answer` decides by the recipient what the server says to a mail; a mail is
    kept when that begins with 250."""

    port: int
    answer: Callable[[str], str] = lambda recipient: "250 OK"
    taken: list[EmailMessage] = field(default_factory=list)
    refused: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    async def handle_RCPT(  # noqa: N802  # the library asks for this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        said = self.answer(address)
        if not said.startswith("250"):
            self.refused += 1
            return said
        envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        # A long header starts on the next line, which Python reads as a blank before it.
        content = envelope.content.replace(b"\r\n", b"\n").replace(b": \n ", b": ")
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        with self.lock:
            self.taken.append(message)
        return "250 OK"

    @property
    def subjects(self) -> list[str]:
        return [message["Subject"] for message in self.taken]

    @property
    def recipients(self) -> list[str]:
        return [message["To"] for message in self.taken]


@contextmanager
def smtp_server() -> Iterator[Mailbox]:
    # The library wants to know the port before.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        mailbox = Mailbox(port=probe.getsockname()[1])
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
