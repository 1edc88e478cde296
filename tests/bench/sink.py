"""A mail server that takes everything, in a process of its own: `python -m tests.bench.sink FILE`.

Prints its port, and writes the recipient of each mail on a line of the file.
"""

import asyncio
import os
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


class Sink:
    def __init__(self, path: Path) -> None:
        self._file = path.open("a", buffering=1)

    async def handle_DATA(  # noqa: N802  # the library asks for this name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self._file.writelines(f"{recipient}\n" for recipient in envelope.rcpt_tos)
        return "250 OK"


async def main() -> None:
    # It stands for a machine of its own, so it is to take no time from the others.
    os.nice(19)
    handler = Sink(Path(sys.argv[1]))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
