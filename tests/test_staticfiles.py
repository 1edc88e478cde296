"""Static files under a server of the release before, which serves them until it is replaced."""

from pathlib import Path

import pytest

from mlmath.staticfiles import collect


@pytest.fixture
def release(tmp_path, settings):
    """Collects the files of a release whose style has a text; the names of all that is there."""
    sources, root = tmp_path / "sources", tmp_path / "static"
    sources.mkdir()
    (sources / "logo.svg").write_text("<svg/>" * 100)
    settings.STATICFILES_DIRS = [sources]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = root

    def make(text: str) -> set[str]:
        (sources / "look.css").write_text(text * 100)
        collect(but=["*.map"])
        return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}

    return make


def styles(names: set[str]) -> set[str]:
    return {name for name in names if name.startswith("look.")}


def test_the_files_of_the_release_before_stay_until_the_next_one(release):
    first = styles(release("a {color: red}"))
    second = styles(release("a {color: blue}"))
    third = styles(release("a {color: lime}"))

    assert {Path(name).suffix for name in first} == {".css", ".gz", ".br"}
    assert len(first) == 3
    assert len(second) == 6
    assert first < second
    assert len(third) == 6
    assert not first & third
    assert second - first < third


def test_a_file_that_is_the_same_in_both_is_not_written_again(release, tmp_path):
    release("a {color: red}")
    before = {path: path.stat().st_ino for path in (tmp_path / "static").glob("logo.*")}

    release("a {color: blue}")

    assert before
    assert {path: path.stat().st_ino for path in (tmp_path / "static").glob("logo.*")} == before


def test_files_that_no_release_names_go(release, tmp_path):
    release("a {color: red}")
    (tmp_path / "static" / "left.0123456789ab.css.gz").touch()

    assert styles(release("a {color: red}")) != set()
    assert list((tmp_path / "static").glob("left.*")) == []
