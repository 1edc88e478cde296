"""The faults that every change to mlmath meets; `make faults` has the others."""

from collections.abc import Iterator

import pytest

from tests.faults.faults import FAULTS, WRITERS, play
from tests.faults.site import Site, site

pytestmark = pytest.mark.faults

# Each has people who write and one who reads.
RUNS = 5
BY_ID = {fault.id: fault for fault in FAULTS}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("var"), people=RUNS * (WRITERS + 1), runs=RUNS) as made:
        yield made


@pytest.mark.parametrize("name", ["F1", "F3b", "F5"])
def test_nothing_acknowledged_is_lost_doubled_or_torn_and_all_promises_are_kept(own, name):
    report = play(own, BY_ID[name], is_short=True)

    assert report.broken == []
    assert report.acknowledged > 50


@pytest.mark.parametrize(("name", "found"), [("F8", "doubled"), ("F3b", "lost")])
def test_a_mistake_is_found(own, name, found):
    report = play(own, BY_ID[name], mutant=True, is_short=True)

    assert any(sentence.endswith(found) for sentence in report.broken), report.broken
