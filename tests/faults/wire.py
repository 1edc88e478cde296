"""A line between two programs that can be cut: what is sent stays under way, and nobody is told.

Started as a program it carries its line in whatever network it is started in.
"""

import contextlib
import socket
import sys
import threading
from collections.abc import Iterator

Address = tuple[str, int]


class Wire:
    """Carries bytes from `here` to `there` and back, while it is whole."""

    def __init__(self, here: Address, there: Address) -> None:
        self._there = there
        self._is_whole = threading.Event()
        self._is_whole.set()
        self._listener = socket.create_server(here, backlog=256)
        self._ends: list[socket.socket] = []
        self.address: Address = self._listener.getsockname()[:2]

    def carry(self) -> None:
        """Until `close` is called."""
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        self._is_whole.wait()
        try:
            far = socket.create_connection(self._there, timeout=10)
        except OSError:
            near.close()
            return
        far.settimeout(None)
        self._ends += [near, far]
        threading.Thread(target=self._copy, args=(near, far), daemon=True).start()
        self._copy(far, near)

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                self._is_whole.wait()
                target.sendall(piece)
        self._is_whole.wait()
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        self._is_whole.clear()

    def mend(self) -> None:
        self._is_whole.set()

    def close(self) -> None:
        self.mend()
        for end in [self._listener, *self._ends]:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextlib.contextmanager
def wire(there: Address, here: Address = ("127.0.0.1", 0)) -> Iterator[Wire]:
    """A line to `there` that is carried until the end of the block."""
    line = Wire(here, there)
    carrier = threading.Thread(target=line.carry, daemon=True)
    carrier.start()
    try:
        yield line
    finally:
        line.close()
        carrier.join()


if __name__ == "__main__":
    Wire((sys.argv[1], int(sys.argv[2])), (sys.argv[3], int(sys.argv[4]))).carry()
