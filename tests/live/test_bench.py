"""`make bench` from end to end, in a world so small that its numbers mean nothing."""

import json
import subprocess
import sys

from tests.server import ROOT

SMALL = ("--users=60", "--small=0", "--rounds=1", "--only=api-304", "--mails=3")


def test_the_bench_runs_to_its_end(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", *SMALL, f"--json={tmp_path / 'new.json'}"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    result = json.loads((tmp_path / "new.json").read_text())
    [size] = result["sizes"]
    assert list(size["scenarios"]) == ["floor", "api-304"]
    assert size["scenarios"]["floor"]["web_ms"] > 0 < size["scenarios"]["floor"]["db_ms"]
    assert result["mail"]["count"] == 3
    assert "| Floor: a plain signed-in view |" in done.stdout
