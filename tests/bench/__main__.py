"""Measures, and prints tables in Markdown: `python -m tests.bench --help`."""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench import load
from tests.bench.load import Measured, percentile
from tests.bench.mail import mail_server, measure_mail
from tests.bench.report import Result, compare, failures, markdown, written_into
from tests.bench.rush import measure_rush
from tests.bench.scenarios import FLOOR, WORKER, Scenario, scenarios
from tests.bench.stage import Stage, database_server, machine, queries_of, stage, unused_indexes
from tests.server import ROOT

PERCENTS = (50, 95, 99)


def main() -> int:
    options = _options()
    if options.compare:
        old, new = (json.loads(path.read_text()) for path in options.compare)
        print(compare(old, new))
        return 0
    result = _measured(options)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(result, indent=1))
    if options.page:
        options.page.write_text(written_into(options.page.read_text(), result))
    print(f"\n{markdown(result)}\n")
    missed = list(failures(result))
    for sentence in missed:
        print(f"MISSED  {sentence}")
    return 1 if missed else 0


def _measured(options: argparse.Namespace) -> Result:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607
        cwd=ROOT, capture_output=True, text=True, check=False,
    ).stdout.strip()  # fmt: skip
    result: Result = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": commit,
        "workers": options.workers,
        "sizes": [],
    }
    with (
        tempfile.TemporaryDirectory(prefix="mlmath-bench-") as name,
        mail_server(Path(name)) as (mail, taken),
        database_server(options.server) as server,
    ):
        for users in filter(None, (options.small, options.users)):
            print(f"{users:,} people …", flush=True)
            with stage(
                server,
                Path(name),
                users=users,
                seed=options.seed,
                workers=options.workers,
                mail=mail,
            ) as here:
                result["machine"] = machine(here.observer) | {"python": platform.python_version()}
                result["sizes"].append(_measure(here, options.only, options.rounds))
                if users == options.users and not options.only:
                    print("A class signs in …", flush=True)
                    result["rush"] = measure_rush(here)
                if users == options.users and options.mails:
                    print(f"{options.mails:,} mails …", flush=True)
                    result["mail"] = measure_mail(here, taken, count=options.mails)
    return result


def _measure(here: Stage, only: list[str], rounds: int) -> Result:
    wanted = [one for one in scenarios(here.people) if not only or one.key in {FLOOR, *only}]
    watched = {
        one.key: here.watched(here.floor if one.key == FLOOR else here.site) for one in wanted
    }
    measured = {one.key: Measured() for one in wanted}
    asked = queries_of(here, [one.key for one in wanted])
    for one in wanted:
        load.warm_up(one, watched[one.key])
    # In turns, so that all see the same weather.
    for _ in range(rounds):
        for one in wanted:
            load.measure_round(one, watched[one.key], measured[one.key])
    for one in wanted:
        load.measure_crowd(one, watched[one.key], measured[one.key])
        load.measure_size(one, watched[one.key], measured[one.key])
    floor = measured[FLOOR]
    return {
        "users": here.users,
        "rows": here.rows,
        "fill_seconds": here.fill_seconds,
        "unused": unused_indexes(here.observer),
        "worker": asked[WORKER],
        "scenarios": {
            one.key: _told(one, measured[one.key], floor) | asked.get(one.key, {}) for one in wanted
        },
    }


def _told(one: Scenario, measured: Measured, floor: Measured) -> dict[str, Any]:
    return {
        "title": one.title,
        "web_ms": measured.cpu,
        "ratio": measured.cpu / floor.cpu,
        "db_ms": measured.database_cpu,
        "crowd_ratio": measured.crowd_web / floor.crowd_web,
        "must": one.must,
        "ambition": one.ambition,
        "most_ms": one.most_ms,
        "most_queries": one.most_queries,
        "one_client": [percentile(measured.latencies, one) for one in PERCENTS],
        "sixteen_clients": [percentile(measured.crowd_latencies, one) for one in PERCENTS],
        "rate": measured.crowd_rate,
        "sent_bytes": measured.sent_bytes,
        "raw_bytes": measured.raw_bytes,
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--users", type=int, default=100_000, help="(default: %(default)s)")
    parser.add_argument("--small", type=int, default=10_000, help="a smaller world before; 0: none")
    parser.add_argument("--seed", type=int, default=1, help="of the worlds (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="web processes (default: 2)")
    parser.add_argument("--rounds", type=int, default=12, help="(default: %(default)s)")
    parser.add_argument(
        "--only", type=lambda text: text.split(","), default=[], help="keys of scenarios, by commas"
    )
    parser.add_argument(
        "--mails", type=int, default=10_000, help="how many drain at the end; 0: none"
    )
    parser.add_argument(
        "--server",
        default="",
        metavar="URL",
        help="a database of a PostgreSQL to use instead of our own; the worlds stay on it and are "
        "used again",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there as well")
    parser.add_argument(
        "--page", type=Path, metavar="FILE", help="put the report there, as docs/performance.md"
    )
    parser.add_argument(
        "--compare", type=Path, nargs=2, metavar=("OLD", "NEW"), help="two such files"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
