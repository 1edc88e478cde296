"""`make bench` itself: every scenario is answered, and its verdicts follow from its numbers."""

import json
from datetime import date

import pytest

from tests.bench import people
from tests.bench.load import percentile
from tests.bench.queries import asked_by, ways_of_worker
from tests.bench.report import MARK, compare, failures, markdown, table, written_into
from tests.bench.scenarios import FLOOR, scenarios
from tracker.management.world import make_world


def scenario(title, *, ratio=1.0, db_ms=1.0, queries=4, **more):
    return {
        "title": title,
        "web_ms": ratio * 2,
        "ratio": ratio,
        "db_ms": db_ms,
        "queries": queries,
        "must": None,
        "ambition": None,
        "most_ms": None,
        "most_queries": 8,
        "one_client": [1.0, 2.0, 3.0],
        "sixteen_clients": [4.0, 5.0, 6.0],
        "rate": 100.0,
        "sent_bytes": 1000,
        "raw_bytes": 2000,
        "ways": [["tracker_user", "tracker_user_pkey"]],
    } | more


def size(users, **today):
    return {
        "users": users,
        "rows": {"user": users, "topicprogress": 1, "activity": 1, "studygroup": 1},
        "fill_seconds": 1.0,
        "unused": [],
        "worker": {"news to mail": [["tracker_notice", "notices_to_mail"]]},
        "scenarios": {FLOOR: scenario("Floor"), "today": scenario("Today", **today)},
    }


def result(*sizes, **more):
    facts = {"cores": "2", "processor": "x", "python": "3.11", "postgresql": "16"}
    return {
        "date": "2026-11-21",
        "commit": "abc",
        "workers": 2,
        "machine": facts,
        "sizes": list(sizes),
    } | more


def mail(*, sending=2.0, rate=100.0, people=100_000):
    return {
        "people": people,
        "count": 10_000,
        "rate": rate,
        "turns": [5.0, 2.0],
        "worker_ms": 5.0,
        "sending": {"ms": [1.0, sending, 3.0], "web_ms": 1.0, "requests": 500},
        "held": {"ms": [1.0, 2.0, 3.0], "web_ms": 1.0, "requests": 300},
    }


LARGE = 100_000


@pytest.mark.parametrize(
    ("today", "sentence"),
    [
        ({"ratio": 2.1, "must": 2}, "Today: 2.10 times the floor, at most 2"),
        ({"ratio": 3.0, "most_ms": 5}, "Today: 7.0 ms of CPU, at most 5"),
        ({"queries": 9}, "Today: 9 queries, at most 8"),
        ({"ways": [["tracker_user", "all rows"]]}, "Today: reads all of tracker_user"),
    ],
)
def test_a_missed_target_is_told_where_there_are_enough_people(today, sentence):
    assert list(failures(result(size(LARGE, **today)))) == [sentence]
    assert list(failures(result(size(LARGE - 1, **today)))) == []


def test_what_grows_faster_than_the_logarithm_is_told():
    small, large = size(10_000), size(LARGE, ratio=1.4, db_ms=1.6)

    assert list(failures(result(small, large))) == [
        "Today: grows from 1.00 to 1.40",
        "Today: its database work grows from 1.0 to 1.6 times that of the floor",
    ]
    nothing, next_to_nothing = size(10_000, db_ms=0.0), size(LARGE, db_ms=0.01)
    assert list(failures(result(nothing, next_to_nothing))) == []


@pytest.mark.parametrize(
    ("told", "sentences"),
    [
        (mail(), []),
        (mail(sending=2.5), ["Mail: Today takes 25% longer (p95) while it leaves"]),
        (mail(rate=16), ["Mail: 16 a second"]),
        (mail(sending=9, rate=1, people=10), []),
    ],
)
def test_mail_is_to_leave_soon_and_unnoticed(told, sentences):
    assert list(failures(result(size(LARGE), mail=told))) == sentences


def rush(*, sign_in=500.0, tick=100.0, people=100_000):
    return {
        "people": people,
        "sign_ins": 100,
        "others": 1000,
        "seconds": 20,
        "sign_in": [100.0, sign_in],
        "tick": [10.0, tick],
    }


@pytest.mark.parametrize(
    ("told", "sentences"),
    [
        (rush(), []),
        (rush(sign_in=1100), ["A class signs in: 1100 ms (p95 of sign_in), at most 1000"]),
        (rush(tick=310), ["A class signs in: 310 ms (p95 of tick), at most 300"]),
        (rush(sign_in=9000, people=10), []),
    ],
)
def test_a_class_that_starts_at_once_waits_for_next_to_nothing(told, sentences):
    assert list(failures(result(size(LARGE), rush=told))) == sentences


def test_two_runs_are_compared_by_their_ratios():
    old, new = result(size(LARGE, ratio=2.0)), result(size(LARGE, ratio=1.5, db_ms=2.0, queries=3))

    assert compare(old, new) == (
        "| 100,000 people | old ratio | new ratio |   web |     db | queries |\n"
        "|----------------|----------:|----------:|------:|-------:|--------:|\n"
        "| Today          |      2.00 |      1.50 | -25 % | +100 % |      -1 |"
    )
    assert compare(result(size(1)), new) == "Nothing is in both."


def test_the_report_says_everything():
    said = markdown(result(size(10_000), size(LARGE), mail=mail(), rush=rush()))

    assert "100 people signed in within 20 s while others made 50 requests a second" in said
    assert "2 cores" in said
    assert "| `notices_to_mail`   | notice | news to mail |" in said
    assert "| `tracker_user_pkey` |   user | floor, today |" in said
    assert "With ten times the people" in said
    assert "10,000 mails left in 100 s" in said


def test_the_report_takes_the_place_of_the_last_one_on_its_page():
    measured = result(size(LARGE))
    once = written_into(f"# Performance\n\n{MARK}\n\nold", measured)

    assert once.startswith(f"# Performance\n\n{MARK}\n\n2026-11-21, abc: 2 cores")
    assert "old" not in once
    assert written_into(once, measured) == once


def test_a_table_is_markdown():
    assert table(["a", "b"], [["x", "1"]]) == "| a | b |\n|---|--:|\n| x | 1 |"


def test_percentiles_count_from_the_fastest():
    times = [float(one) for one in range(1, 101)]

    assert [percentile(times, one) for one in (50, 95, 99)] == [51, 96, 100]


def test_every_scenario_is_answered_as_it_should_be(catalog, capsys, settings):
    make_world(users=60, groups=3, seed=1, until=date(2026, 11, 1))
    people.choose()
    chosen = json.loads(capsys.readouterr().out)

    for one in scenarios(chosen):
        if one.key != FLOOR:
            queries = asked_by(next(one.requests))
            assert one.most_queries is None or len(queries) <= one.most_queries, one.key


@pytest.mark.postgresql
def test_whatever_the_worker_takes_for_itself_an_index_finds(catalog):
    make_world(users=60, groups=3, seed=1, until=date(2026, 11, 1))

    ways = ways_of_worker()

    for name in (
        "news to mail",
        "mail to send",
        "a mail's claim",
        "webhooks to call",
        "a job's turn",
    ):
        assert ways[name], name
        assert "all rows" not in {index for _, index in ways[name]}, name
