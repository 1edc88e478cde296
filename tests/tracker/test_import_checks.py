"""What is wrong with a document that cannot be taken in."""

import json
from copy import deepcopy

import pytest
from django.db import transaction

from catalog.graph import current_graph
from tests.exchange import document_of, live, rows
from tests.factories import make_user
from tracker.actions.import_checks import (
    LATER_PARTS,
    MAXIMUM_BYTES,
    ImportFaulty,
    check_document,
    read_document,
)
from tracker.actions.imports import import_document


@pytest.fixture(scope="module")
def export(django_db_setup, django_db_blocker):
    """What Ada has done and takes with her. Made once: what a test does is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        ada = make_user("ada@example.org", name="Ada Lovelace")
        live(ada, current_graph())
        yield document_of(ada)
        transaction.set_rollback(True)


@pytest.fixture
def document(export, db):
    return deepcopy(export)


def changed(document, path, value):
    """A copy with `value` at `path`; the whole document for an empty path."""
    if not path:
        return value
    copy = deepcopy(document)
    inner = copy
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    return copy


def nested(depth):
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


BIG = 10**400
FAULTS = [
    ((), None, ""),
    ((), [], ""),
    ((), "text", ""),
    ((), {}, ""),
    ((), {"format": "mlmath"}, ""),
    (("format",), "other", "/format"),
    (("version",), 2, "/version"),
    (("version",), True, "/version"),
    (("version",), BIG, "/version"),
    (("extra",), 1, ""),
    (("extra/~name",), "\0", "/extra~1~0name"),
    (("exported_at",), "yesterday", "/exported_at"),
    (("person",), [], "/person"),
    (("person", "name"), ["Ada"], "/person/name"),
    (("person", "name"), "a\0b", "/person/name"),
    (("person", "name"), "two\nlines", "/person/name"),
    (("person", "name"), "a last line break\n", "/person/name"),
    (("person", "name"), "half \ud83d", "/person/name"),
    (("person", "name"), "x" * 201, "/person/name"),
    (("person", "minutes_per_day"), 0, "/person/minutes_per_day"),
    (("person", "minutes_per_day"), 1441, "/person/minutes_per_day"),
    (("person", "minutes_per_day"), 30.5, "/person/minutes_per_day"),
    (("person", "minutes_per_day"), "30", "/person/minutes_per_day"),
    (("person", "minutes_per_day"), True, "/person/minutes_per_day"),
    (("person", "minutes_per_day"), float("nan"), "/person/minutes_per_day"),
    (("person", "minutes_per_day"), float("inf"), "/person/minutes_per_day"),
    (("person", "minutes_per_day"), BIG, "/person/minutes_per_day"),
    (("person", "study_days"), "mon", "/person/study_days"),
    (("person", "study_days"), ["monday"], "/person/study_days/0"),
    (("person", "study_days"), ["mon"] * 8, "/person/study_days"),
    (("person", "days_off"), ["2027-02-30"], "/person/days_off/0"),
    (("person", "days_off"), ["2027-02-03\n"], "/person/days_off/0"),
    (("person", "days_off"), ["2027-02-03"] * 367, "/person/days_off"),
    (("person", "days_off"), {"0": "2027-02-03"}, "/person/days_off"),
    (("person", "time_zone"), 1, "/person/time_zone"),
    (("person", "time_zone"), "../../etc/passwd\0", "/person/time_zone"),
    (("person", "show_dates"), 1, "/person/show_dates"),
    (("person", "reviews_per_day"), 101, "/person/reviews_per_day"),
    (("person", "role"), "No Slug", "/person/role"),
    (("person", "role"), {}, "/person/role"),
    (("person", "password"), "secret", "/person"),
    (("topics",), {}, "/topics"),
    (("topics",), None, "/topics"),
    (("topics", 0), "vectors", "/topics/0"),
    (("topics", 0, "topic"), ["vectors"], "/topics/0/topic"),
    (("topics", 0, "topic"), None, "/topics/0/topic"),
    (("topics", 0, "topic"), "vectors\n", "/topics/0/topic"),
    (("topics", 0, "state"), "finished", "/topics/0/state"),
    (("topics", 0, "state"), ["done"], "/topics/0/state"),
    (("topics", 0, "stuck"), "yes", "/topics/0/stuck"),
    (("topics", 0, "stuck_note"), "x" * 301, "/topics/0/stuck_note"),
    (("topics", 0, "stuck_note"), "a\0b", "/topics/0/stuck_note"),
    (("topics", 0, "source"), "", "/topics/0/source"),
    (("topics", 0, "changed_at"), "2027-03-01T12:00:00", "/topics/0/changed_at"),
    (("topics", 0, "changed_at"), "2027-03-01", "/topics/0/changed_at"),
    (("topics", 0, "changed_at"), "2027-02-30T12:00:00Z", "/topics/0/changed_at"),
    (("topics", 0, "changed_at"), "0001-01-01T00:00:00+14:00", "/topics/0/changed_at"),
    (("topics", 0, "changed_at"), "9999-12-31T23:59:59-12:00", "/topics/0/changed_at"),
    (("topics", 0, "changed_at"), "2027-03-01T12:00:00+99:99", "/topics/0/changed_at"),
    (("topics", 0, "changed_at"), "2027-03-01T25:00:00Z", "/topics/0/changed_at"),
    (("topics", 0, "changed_at"), "2027-03-01T12:00:00Z\n", "/topics/0/changed_at"),
    (("topics", 0, "changed_at"), 1_800_000_000, "/topics/0/changed_at"),
    (("topics", 0, "note"), "x", "/topics/0"),
    (("units", 0, "unit"), "no-slash", "/units/0/unit"),
    (("units", 0, "done_at"), None, "/units/0/done_at"),
    (("sessions", 0, "minutes"), 0, "/sessions/0/minutes"),
    (("sessions", 0, "minutes"), 1e300, "/sessions/0/minutes"),
    (("sessions", 0, "minutes"), -BIG, "/sessions/0/minutes"),
    (("sessions", 0, "day"), "2027-03-09", "/sessions/0/day"),
    (("sessions", 0, "day"), "0001-01-01", "/sessions/0/day"),
    (("sessions", 0, "started_at"), "1969-12-31T23:59:59Z", "/sessions/0/started_at"),
    (("sessions", 0, "topic"), 7, "/sessions/0/topic"),
    (("reviews", 0, "stability"), 0, "/reviews/0/stability"),
    (("reviews", 0, "stability"), float("nan"), "/reviews/0/stability"),
    (("reviews", 0, "stability"), 1e300, "/reviews/0/stability"),
    (("reviews", 0, "stability"), None, "/reviews/0/stability"),
    (("reviews", 0, "difficulty"), None, "/reviews/0/difficulty"),
    (("reviews", 0, "difficulty"), 11, "/reviews/0/difficulty"),
    (("reviews", 0, "reviewed_at"), None, "/reviews/0/stability"),
    (("review_answers", 0, "grade"), "perfect", "/review_answers/0/grade"),
    (("notes", 0, "body"), "", "/notes/0/body"),
    (("notes", 0, "body"), "x" * 20_001, "/notes/0/body"),
    (("notes", 0, "body"), "a\0b", "/notes/0/body"),
    (("notes", 0, "body"), ["text"], "/notes/0/body"),
    (("activity", 0, "batch"), "", "/activity/0/batch"),
    (("activity", 0, "batch"), "x" * 21, "/activity/0/batch"),
    (("activity", 0, "topic"), None, "/activity/0"),
    (("activity", 0, "unit"), "a/b", "/activity/0"),
    (("activity", 0, "before"), [], "/activity/0/before"),
    (("activity", 0, "before", "source"), "x", "/activity/0/before/source"),
    (("activity", 0, "after", "state"), None, "/activity/0/after/state"),
    (("notes",), nested(400), ""),
    (("notes",), nested(20), ""),
]


@pytest.mark.parametrize(
    ("path", "value", "pointer"), FAULTS, ids=[str(number) for number in range(len(FAULTS))]
)
def test_a_faulty_document_is_refused_with_a_pointer_and_nothing_written(
    document, path, value, pointer
):
    other = make_user()
    before = rows()

    with pytest.raises(ImportFaulty) as refusal:
        import_document(user=other, document=changed(document, path, value))

    faults = refusal.value.faults
    assert faults[0].pointer == pointer
    assert all(0 < len(fault.detail) <= 200 for fault in faults)
    assert rows() == before


@pytest.mark.parametrize("missing", ["version", "person", "topics", "activity"])
def test_a_missing_part_is_named(document, missing):
    del document[missing]

    with pytest.raises(ImportFaulty, match=f"'{missing}' is a required property"):
        check_document(document)


@pytest.mark.parametrize(("document", "pointer"), [({}, ""), ({"format": 1}, "/format")])
def test_the_json_of_another_program_is_refused_with_one_sentence(document, pointer):
    with pytest.raises(ImportFaulty) as refusal:
        check_document(document)

    [fault] = refusal.value.faults
    assert (fault.pointer, fault.detail.split(":")[0]) == (pointer, "this is no mlmath export")


@pytest.mark.parametrize("later", sorted(LATER_PARTS))
def test_an_export_from_before_there_were_groups_still_fits(document, later):
    del document[later]

    check_document(document)


def test_twenty_faults_are_told_at_most(document):
    document["topics"] = ["x"] * 900

    with pytest.raises(ImportFaulty) as refusal:
        check_document(document)

    assert len(refusal.value.faults) == 20
    assert refusal.value.faults[7].pointer == "/topics/7"


def test_what_is_shown_of_a_long_value_is_short(document):
    document["person"]["days_off"] = "x" * 100_000

    with pytest.raises(ImportFaulty) as refusal:
        check_document(document)

    assert refusal.value.faults[0].detail.endswith("… is not of type 'array'")


def test_lists_of_all_kinds_of_things_are_refused_in_no_time(document):
    document["person"]["days_off"] = [[n] if n % 2 else str(n) for n in range(50_000)]

    with pytest.raises(ImportFaulty):
        check_document(document)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe{}",
        b"{",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b"[" * 100_000,
        b"1" * 5000,
        b" " * (MAXIMUM_BYTES + 1),
    ],
    ids=["empty", "utf-16", "cut off", "nan", "infinity", "deep", "huge number", "too large"],
)
def test_a_file_that_is_no_json_is_refused(content):
    with pytest.raises(ImportFaulty) as refusal:
        read_document(content)

    assert refusal.value.faults[0].pointer == ""


def test_a_file_may_begin_with_a_byte_order_mark():
    assert read_document(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


def test_an_export_comes_back_from_its_file(document):
    check_document(read_document(json.dumps(document, indent=1).encode()))
