"""Tables and verdicts about what was measured; plain data in, text out."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from tests.bench.mail import MAILS
from tests.bench.scenarios import FLOOR

MARK = "<!-- What follows is what `make bench` has measured. -->"
# Fewer people say nothing about a site that has grown.
ENOUGH_PEOPLE = 100_000
# Ten times the people are a quarter more steps down a tree; the database is the noisier part.
WEB_GROWTH, DATABASE_GROWTH = 1.25, 1.5
# What is less than so much of the floor is noise.
NOISE = 0.3
# How long a class that starts at once waits, in ms: to sign in, and for a tick meanwhile.
MOST_SIGN_IN, MOST_TICK = 1000, 300
# A reminder of a class of ten thousand leaves within this many seconds, unnoticed by the pages.
MAIL_SECONDS, MAIL_CHANGE = 600, 0.2

Result = dict[str, Any]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown, in columns that also read well on a screen; all but the first to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        first = cells[0].ljust(widths[0])
        others = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
        return f"| {' | '.join([first, *others])} |"

    marks = ["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])]
    rule = f"|{'|'.join(marks)}|"
    return "\n".join([line(head), rule, *map(line, rows)])


def written_into(page: str, result: Result) -> str:
    """The text of a page with the report in place of what stands below its mark."""
    kept, mark, _ = page.partition(MARK)
    return f"{kept}{mark}\n\n{markdown(result)}\n"


def markdown(result: Result) -> str:
    """The whole report, as it stands in docs/performance.md."""
    parts = [_facts(result)]
    for size in result["sizes"]:
        parts += [f"### {size['users']:,} people", _ratios(size), _latencies(size)]
    if len(result["sizes"]) > 1:
        parts += ["### Ten times the people", _growth(*result["sizes"][-2:])]
    parts += ["### Which index answers", _plans(result["sizes"][-1])]
    if "rush" in result or "mail" in result:
        parts.append("### A class that signs in, and ten thousand mails")
    if "rush" in result:
        parts.append(_rush(result["rush"]))
    if "mail" in result:
        parts.append(_mail(result["mail"]))
    return "\n\n".join(parts)


def _facts(result: Result) -> str:
    machine = result["machine"]
    worlds = "; ".join(
        f"{size['users']:,} people: {size['rows']['topicprogress']:,} states, "
        f"{size['rows']['activity']:,} entries in the log, {size['rows']['studygroup']:,} groups, "
        f"filled in {size['fill_seconds']:.0f} s"
        for size in result["sizes"]
    )
    return (
        f"{result['date']}, {result['commit']}: {machine['cores']} cores ({machine['processor']}), "
        f"Python {machine['python']}, PostgreSQL {machine['postgresql']}, "
        f"{result['workers']} web processes. {worlds}."
    )


def _number(value: float | None, digits: int = 1) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _ratios(size: Result) -> str:
    head = ["CPU of one request", "web ms", "ratio", "must", "ambition", "db ms", "queries"]
    rows = [
        [
            one["title"],
            _number(one["web_ms"], 2),
            _number(one["ratio"], 2),
            _number(one["must"]),
            _number(one["ambition"]),
            _number(one["db_ms"], 2),
            str(one.get("queries", "")),
        ]
        for one in size["scenarios"].values()
    ]
    return table(head, rows)


def _latencies(size: Result) -> str:
    head = ["ms, p50 / p95 / p99", "1 client", "16 clients", "requests/s", "kB sent", "kB raw"]
    rows = [
        [
            one["title"],
            " / ".join(_number(value) for value in one["one_client"]),
            " / ".join(_number(value) for value in one["sixteen_clients"]),
            f"{one['rate']:.0f}",
            _number(one["sent_bytes"] / 1000),
            _number(one["raw_bytes"] / 1000),
        ]
        for one in size["scenarios"].values()
    ]
    return table(head, rows)


def _growth(small: Result, large: Result) -> str:
    head = [
        "With ten times the people", f"{small['users']:,}", f"{large['users']:,}", "db ms before",
        "db ms after", "p50 before", "p50 after",
    ]  # fmt: skip
    rows = []
    for key, one in large["scenarios"].items():
        before = small["scenarios"].get(key)
        if before:
            rows.append(
                [
                    one["title"],
                    _number(before["ratio"], 2),
                    _number(one["ratio"], 2),
                    _number(before["db_ms"], 2),
                    _number(one["db_ms"], 2),
                    _number(before["one_client"][0]),
                    _number(one["one_client"][0]),
                ]
            )
    return table(head, rows)


def _plans(size: Result) -> str:
    used: dict[tuple[str, str], list[str]] = defaultdict(list)
    for key, one in size["scenarios"].items():
        for relation, index in one.get("ways", ()):
            used[relation, index].append(key)
    for name, ways in size.get("worker", {}).items():
        for relation, index in ways:
            used[relation, index].append(name)
    rows = [
        [f"`{index}`", relation.removeprefix("tracker_"), ", ".join(keys)]
        for (relation, index), keys in sorted(used.items())
    ]
    unused = ", ".join(f"`{name}` ({megabytes:.0f} MB)" for name, megabytes in size["unused"])
    said = f"Large indexes that nothing here has used: {unused or 'none'}."
    return f"{table(['Index', 'table', 'used by'], rows)}\n\n{said}"


def _rush(rush: Result) -> str:
    return (
        f"{rush['sign_ins']} people signed in within {rush['seconds']} s while others made "
        f"{rush['others'] / rush['seconds']:.0f} requests a second: a sign-in took "
        f"{rush['sign_in'][0]:.0f} ms (p95 {rush['sign_in'][1]:.0f}), a tick meanwhile "
        f"{rush['tick'][0]:.0f} ms (p95 {rush['tick'][1]:.0f})."
    )


def _mail(mail: Result) -> str:
    held, sending = mail["held"], mail["sending"]
    return (
        f"{mail['count']:,} mails left in {mail['count'] / mail['rate']:.0f} s ({mail['rate']:.0f} "
        f"a second; {mail['worker_ms']:.1f} ms of the worker's CPU for each). The worker sent for "
        f"{mail['turns'][0]:.0f} s and was held for {mail['turns'][1]:.0f} s, in turns: Today took "
        f"{sending['ms'][0]:.2f} ms (p95 {sending['ms'][1]:.2f}) while it sent and "
        f"{held['ms'][0]:.2f} ms (p95 {held['ms'][1]:.2f}) while it was held, which at p95 is "
        f"{_slower(mail):+.0%}; web CPU of one request {sending['web_ms']:.2f} and "
        f"{held['web_ms']:.2f} ms."
    )


def _slower(mail: Result) -> float:
    """By how much of itself the p95 of a page grows while mail leaves."""
    return float(mail["sending"]["ms"][1] / mail["held"]["ms"][1] - 1)


def failures(result: Result) -> Iterator[str]:
    """A sentence for each target that is missed; none below a hundred thousand people."""
    for size in result["sizes"]:
        if size["rows"]["user"] < ENOUGH_PEOPLE:
            continue
        for one in size["scenarios"].values():
            title = one["title"]
            if one["must"] and one["ratio"] > one["must"]:
                yield f"{title}: {one['ratio']:.2f} times the floor, at most {one['must']}"
            spent = one["web_ms"] + (one["db_ms"] or 0)
            if one["most_ms"] and spent > one["most_ms"]:
                yield f"{title}: {spent:.1f} ms of CPU, at most {one['most_ms']}"
            if one["most_queries"] and one.get("queries", 0) > one["most_queries"]:
                yield f"{title}: {one['queries']} queries, at most {one['most_queries']}"
            for relation, index in one.get("ways", ()):
                if index == "all rows":
                    yield f"{title}: reads all of {relation}"
        yield from _grown(result["sizes"][0], size)
    rush = result.get("rush")
    if rush and rush["people"] >= ENOUGH_PEOPLE:
        for key, most in (("sign_in", MOST_SIGN_IN), ("tick", MOST_TICK)):
            if rush[key][1] > most:
                yield f"A class signs in: {rush[key][1]:.0f} ms (p95 of {key}), at most {most}"
    mail = result.get("mail")
    if mail and mail["people"] >= ENOUGH_PEOPLE:
        # Whoever sends fewer in a quick look is judged by the same pace.
        if MAILS / mail["rate"] > MAIL_SECONDS:
            yield f"Mail: {mail['rate']:.0f} a second"
        if _slower(mail) > MAIL_CHANGE:
            yield f"Mail: Today takes {_slower(mail):.0%} longer (p95) while it leaves"


def _grown(small: Result, large: Result) -> Iterator[str]:
    """What costs more than the logarithm of the people, by the floor of its own size."""
    for key, one in large["scenarios"].items():
        before = small["scenarios"].get(key)
        if before is None or key == FLOOR:
            continue
        then, now = before["ratio"], one["ratio"]
        if now > then * WEB_GROWTH and now > then + NOISE:
            yield f"{one['title']}: grows from {then:.2f} to {now:.2f}"
        if one["db_ms"] is not None and before["db_ms"] is not None:
            then = before["db_ms"] / small["scenarios"][FLOOR]["db_ms"]
            now = one["db_ms"] / large["scenarios"][FLOOR]["db_ms"]
            if now > then * DATABASE_GROWTH and now > then + NOISE:
                yield (
                    f"{one['title']}: its database work grows from {then:.1f} to {now:.1f} times "
                    "that of the floor"
                )


def compare(old: Result, new: Result) -> str:
    """Ratios of two runs side by side, for the sizes and scenarios that both have."""
    tables = []
    sizes = {size["users"]: size for size in old["sizes"]}
    for size in new["sizes"]:
        before = sizes.get(size["users"])
        if before is None:
            continue
        rows = [
            [
                one["title"],
                _number(was["ratio"], 2),
                _number(one["ratio"], 2),
                f"{(one['ratio'] / was['ratio'] - 1) * 100:+.0f} %",
                _change(was["db_ms"], one["db_ms"]),
                f"{one.get('queries', 0) - was.get('queries', 0):+d}",
            ]
            for key, one in size["scenarios"].items()
            if key != FLOOR and (was := before["scenarios"].get(key))
        ]
        head = [f"{size['users']:,} people", "old ratio", "new ratio", "web", "db", "queries"]
        tables.append(table(head, rows))
    return "\n\n".join(tables) or "Nothing is in both."


def _change(old: float | None, new: float | None) -> str:
    return f"{(new / old - 1) * 100:+.0f} %" if old and new else ""
