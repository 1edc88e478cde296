"""A small proxy before several servers: each connection goes to the next one that lets it in."""

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count


class Balancer:
    """Passes bytes on. Connecting is all that it tries again, as proxies do by themselves.

    As theirs, its connection is made for a request that is there: a server that is told to end
    closes one on which nothing has been said.
    """

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self.port: int = listener.getsockname()[1]
        self.ports: list[int] = []
        # How many connections each server got.
        self.served: Counter[int] = Counter()
        self._turns = count()

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    def run(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            beginning = client.recv(65536)
            server = self._connect() if beginning else None
            if server is None:
                return
            with server:
                server.sendall(beginning)
                back = threading.Thread(target=_pass, args=(server, client), daemon=True)
                back.start()
                _pass(client, server)
                back.join()

    def _connect(self) -> socket.socket | None:
        # Somebody may put other servers in their place meanwhile.
        turn, ports = next(self._turns), self.ports
        for place in range(len(ports)):
            port = ports[(turn + place) % len(ports)]
            with suppress(OSError):
                server = socket.create_connection(("127.0.0.1", port), timeout=5)
                server.settimeout(None)
                self.served[port] += 1
                return server
        return None


def _pass(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def balancing() -> Iterator[Balancer]:
    """A proxy on a port of its own; whoever starts servers adds their `ports`."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        balancer = Balancer(listener)
        thread = threading.Thread(target=balancer.run, daemon=True)
        thread.start()
        try:
            yield balancer
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=10)
