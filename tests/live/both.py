"""Two servers with a folder each, on one database, behind one proxy."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from email.message import EmailMessage
from pathlib import Path

from tests.balancer import Balancer
from tests.clusters import free_port
from tests.live.visitors import Program
from tests.server import Server, is_killed, prepare_from_scratch, running

CALLS_PER_MINUTE = 40
PEOPLE = 8
_MAKE = f"""
from allauth.account.models import EmailAddress
from tests.factories import make_token, make_user
for number in range({PEOPLE}):
    user = make_user(f"p{{number}}@example.org")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    print(make_token(user).secret)
"""


class Both:
    """p0@example.org and others have accounts, and a token each."""

    def __init__(self, database: str, balancer: Balancer, folders: tuple[Path, Path]) -> None:
        self.balancer, self.database, self._folders = balancer, database, folders
        self._settings = {
            "DATABASE_URL": database,
            "SECRET_KEY": "the same on both, and as long as a real one has to be 0123456789",
            "SITE_URL": balancer.address,
            "API_CALLS_PER_MINUTE": str(CALLS_PER_MINUTE),
        }
        self._stacks = (ExitStack(), ExitStack())
        balancer.ports += [free_port(), free_port()]
        # At once, so that they meet at the empty database.
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda one: prepare_from_scratch(one, **self._settings), folders))
            self.servers = list(pool.map(self._start, range(2)))
        printed = self.servers[0].manage("shell", "-v0", "-c", _MAKE)
        self.tokens = printed.splitlines()[-PEOPLE:]

    def _start(self, place: int) -> Server:
        folder, port = self._folders[place], self.balancer.ports[place]
        context = running(folder, workers=1, port=port, **self._settings)
        return self._stacks[place].enter_context(context)

    def restart(self, place: int) -> bool:
        """Stop one server and start it anew; returns whether its processes ended by themselves."""
        log, began = self.servers[place].log, time.monotonic()
        before = len(log.read_text())
        self._stacks[place].close()
        took, said = time.monotonic() - began, log.read_text()[before:]
        self.servers[place] = self._start(place)
        return not is_killed(said=said, took=took)

    def close(self) -> None:
        for stack in self._stacks:
            stack.close()

    def program(self, number: int) -> Program:
        return Program(address=self.balancer.address, token=self.tokens[number])

    @property
    def mails(self) -> list[EmailMessage]:
        return [mail for server in self.servers for mail in server.mails]
