"""What is installed is what was looked at: every file of every package is pinned by its hash."""

import re
import tomllib

import pytest

from mlmath import VERSION
from tests.server import ROOT

PIN = re.compile(r"(?P<name>[a-z0-9][a-z0-9._-]*)==\S+( ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
COMMENT = re.compile(r"\s*#")
FILES = ["runtime.txt", "dev.txt"]


def read(text):
    """How many hashes each package has. A line that is no pin, hash or comment fails."""
    found: dict[str, int] = {}
    name = ""
    for line in text.splitlines():
        if pin := PIN.fullmatch(line):
            name = pin["name"]
            found[name] = 0
        elif HASH.fullmatch(line):
            found[name] += 1
        else:
            assert not line or COMMENT.match(line), line
    return found


@pytest.mark.parametrize("name", [*FILES, "sentry.txt"])
def test_every_package_is_pinned_with_hashes_and_from_no_host_of_its_own(name):
    found = read((ROOT / "requirements" / name).read_text())

    assert len(found) > 30
    assert [package for package, hashes in found.items() if not hashes] == []


@pytest.mark.parametrize(
    "line",
    [
        *(f"--{kind}-url elsewhere" for kind in ("index", "extra-index")),
        "--find-links elsewhere",
        "django>=5.2 \\",
        "django==5.2.19",
        "django @ https://packages.example/django.tar.gz",
        "git+https://code.example/django.git",
        "    --hash=md5:0123456789abcdef0123456789abcdef",
    ],
)
def test_the_look_would_find_what_is_not_pinned(line):
    with pytest.raises(AssertionError):
        read(f"asgiref==3.9.1 \\\n{line}\n")


def test_what_runs_is_what_was_tested():
    runtime, dev = (
        set(
            re.findall(
                r"^([a-z0-9._-]+==[^\s;]+)",
                (ROOT / "requirements" / name).read_text(),
                re.MULTILINE,
            )
        )
        for name in FILES
    )

    assert runtime - dev == set()


def test_everything_that_installs_asks_for_the_hashes():
    lines = [
        line
        for name in ("Makefile", "docker-compose.yml", "Dockerfile")
        if (ROOT / name).exists()
        for line in (ROOT / name).read_text().splitlines()
    ]
    installs = [line for line in lines if re.search(r"pip\b.* install|\$\(PIP\) install", line)]

    assert len(installs) >= 2
    assert [line for line in installs if "--require-hashes" not in line] == []


def test_every_dependency_says_why_it_is_here():
    text = (ROOT / "pyproject.toml").read_text()
    project = tomllib.loads(text)["project"]

    for one in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        assert re.search(rf'^    "{re.escape(one)}", +# \S.+$', text, re.MULTILINE), one


def test_the_version_is_that_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert project["version"] == VERSION
