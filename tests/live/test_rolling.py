"""A next release takes the place of this one, and goes again, while people write.

Which code came before is not known here, so this one stands for it, and the next one is this one
with migrations of every kind that `tests/test_migrations.py` lets through, and another style.
`make rolling OLD=<commit>` does it with two real ones.
"""

import re
import runpy
import shutil
from pathlib import Path

import pytest
from django.db.migrations.loader import MigrationLoader

from tests import rolling, test_migrations
from tests.server import ROOT

MIGRATIONS = Path(__file__).parent / "migrations"
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "var", "node_modules", "docs", "tests")


@pytest.fixture
def next_release(tmp_path):
    """Makes the next release: this one and the migrations of a kind."""

    def make(kind):
        code = tmp_path / "code"
        shutil.copytree(ROOT, code, ignore=NOT_COPIED)
        folder = code / "tracker" / "migrations"
        for path in sorted((MIGRATIONS / kind).glob("*.py")):
            before = max(one.stem for one in folder.glob("[0-9]*.py"))
            text = path.read_text().replace("{before}", before)
            (folder / f"9{path.name}").write_text(text)
        return code

    return make


def faults_of(code):
    """What the rules say of the migrations that came with the next release."""
    state, found = MigrationLoader(None).project_state(), set()
    for path in sorted((code / "tracker" / "migrations").glob("9*.py")):
        migration = runpy.run_path(str(path))["Migration"](path.stem, "tracker")
        found |= test_migrations.faults(migration, state)
        state = migration.mutate_state(state)
    return found


def test_what_the_rules_let_through_nobody_notices(next_release, tmp_path):
    code = next_release("next")
    with (code / "mlmath/static/mlmath/css/base.css").open("a") as style:
        style.write("\n@layer base { h1 { color: inherit; } }\n")
    assert faults_of(code) == set()

    outcome = rolling.roll(ROOT, code, tmp_path, together=4, alone=2)

    assert outcome.broken == []
    assert outcome.acknowledged > 50
    assert [stage.name for stage in outcome.stages if not stage.answers] == []


def test_what_the_rules_refuse_is_noticed(next_release, tmp_path):
    code = next_release("careless")
    assert faults_of(code) == {test_migrations.NEEDS_DEFAULT}

    outcome = rolling.roll(ROOT, code, tmp_path, alone=0.5, is_short=True)

    assert any(re.search(r"migrations: \d+ × 500", one) for one in outcome.broken)
