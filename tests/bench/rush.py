"""A class of a hundred that signs in within twenty seconds, while others go on studying."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any

from tests.bench.load import Line, percentile, together
from tests.bench.scenarios import Scenario, scenarios
from tests.bench.stage import Stage

SECONDS = 20
SIGN_INS, OTHERS = 5, 50  # a second
MIX = ("today-group", "tick", "roadmap", "topic", "tick", "api-list")
CLIENTS = 12


def measure_rush(stage: Stage) -> dict[str, Any]:
    """Times in ms from the moment at which each was to begin, so that nobody waits unseen."""
    known = {one.key: one for one in scenarios(stage.people)}
    begin = time.monotonic() + 1
    taken: dict[str, list[float]] = defaultdict(list)
    lock = threading.Lock()

    def client(due: Iterator[tuple[float, Scenario]]) -> None:
        line = Line(stage.site.address)
        while True:
            with lock:
                at, scenario = next(due, (0.0, None))
                if scenario is None:
                    break
                request = next(scenario.requests)
            time.sleep(max(0.0, at - time.monotonic()))
            line.send(request)
            with lock:
                taken[scenario.key].append((time.monotonic() - at) * 1000)
        line.close()

    def clients_of(keys: Iterator[str], rate: int) -> None:
        events = enumerate(islice(keys, rate * SECONDS))
        due = ((begin + number / rate, known[key]) for number, key in events)
        together(lambda: client(due), CLIENTS)

    sides = iter([(cycle(["sign-in"]), SIGN_INS), (cycle(MIX), OTHERS)])
    together(lambda: clients_of(*next(sides)), 2)
    return {
        "people": stage.users,
        "sign_ins": len(taken["sign-in"]),
        "others": sum(map(len, taken.values())) - len(taken["sign-in"]),
        "seconds": SECONDS,
        "sign_in": [percentile(taken["sign-in"], percent) for percent in (50, 95)],
        "tick": [percentile(taken["tick"], percent) for percent in (50, 95)],
    }
