"""Keeps the ticks of mlmath and a text file the same, whichever of the two has changed.

    MLMATH_TOKEN=mlm_… python sync_ticks.py http://localhost:8000 ticks.txt

A line of the file is a topic and its state, such as "vectors done". Edit it as you like and run
this again. What was the same after the last run is kept beside it, in ticks.txt.synced: a topic
that differs from there on one side only has been changed on that side. Where both sides have
changed, mlmath's state stays. Needs Python 3.11 and nothing else; the token needs the scopes read
and write.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

STATES = ("todo", "learning", "done", "skipped")
AT_ONCE = 200
TRIES = 5


class Refused(Exception):
    """What the server's problem document says."""


def call(method: str, url: str, token: str, body: object = None) -> Any:
    """The answer's JSON. Waits where the server asks for it; naming a state twice does no harm, so
    every call here may be repeated."""
    request = urllib.request.Request(  # noqa: S310  # the address is the caller's own
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    for tries_left in reversed(range(TRIES)):
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            problem = json.load(error)
            if tries_left == 0 or "Retry-After" not in error.headers:
                raise Refused(f"{problem['title']}: {problem['detail']}") from None
            time.sleep(int(error.headers["Retry-After"]))
    raise AssertionError("the last try returns or raises")


def server_states(site: str, token: str) -> dict[str, str]:
    """Where I stand with every topic, following the pages."""
    states: dict[str, str] = {}
    url = f"{site}/api/v1/me/topics/?all=true&page_size={AT_ONCE}"
    while url:
        page = call("GET", url, token)
        states |= {topic["slug"]: topic["state"] for topic in page["results"]}
        url = page["next"]
    return states


def send(site: str, token: str, changes: dict[str, str]) -> None:
    """All of up to 200 at once, or none of them."""
    topics = [{"slug": slug, "state": state} for slug, state in changes.items()]
    for start in range(0, len(topics), AT_ONCE):
        body = {"topics": topics[start : start + AT_ONCE]}
        call("PATCH", f"{site}/api/v1/me/topics/", token, body)


def read(path: Path) -> dict[str, str]:
    """The states in a file, empty without one. Raises ValueError for a line that is none."""
    states: dict[str, str] = {}
    for number, line in enumerate(path.read_text().splitlines() if path.exists() else [], start=1):
        words = line.split()
        if not words:
            continue
        if len(words) != 2 or words[1] not in STATES:
            raise ValueError(
                f"Line {number} of {path} is no topic with one of {', '.join(STATES)}."
            )
        states[words[0]] = words[1]
    return states


def write(path: Path, states: dict[str, str]) -> None:
    """In one step, so that a crash leaves the old file or the new one."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text("".join(f"{slug} {state}\n" for slug, state in sorted(states.items())))
    fresh.replace(path)


def sync(site: str, token: str, path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Bring both sides together; returns what went up and what came down."""
    base_path = path.with_name(f"{path.name}.synced")
    base, here, there = read(base_path), read(path), server_states(site, token)
    up = {
        slug: state
        for slug, state in here.items()
        if state != base.get(slug, "todo")
        and there.get(slug) in {base.get(slug, "todo"), None}
        and state != there.get(slug)
    }
    send(site, token, up)
    together = there | up
    down = {slug: state for slug, state in together.items() if state != here.get(slug, "todo")}
    # First the file: if this ends here, the next run finds both sides the same.
    write(path, together)
    write(base_path, together)
    return up, down


def main() -> None:
    site, path = sys.argv[1].rstrip("/"), Path(sys.argv[2])
    try:
        up, down = sync(site, os.environ["MLMATH_TOKEN"], path)
    except (Refused, ValueError) as error:
        sys.exit(str(error))
    for arrow, states in (("up", up), ("down", down)):
        for slug, state in sorted(states.items()):
            print(f"{arrow:4} {slug} {state}")
    print(f"{len(up)} up, {len(down)} down")


if __name__ == "__main__":
    main()
