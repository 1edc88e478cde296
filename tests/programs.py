"""Other people's programs that some tests run for real. `.ci/run` installs Debian's packages."""

import os
import shutil

import pytest

# Debian keeps servers where only its administrator looks for programs.
_PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin"])


def program(*names: str, package: str) -> str:
    """The path of the first of `names` that is here.

    Where none is, the test is left out and says how to get it; where CI runs, it fails.
    """
    for name in names:
        if found := shutil.which(name, path=_PLACES):
            return found
    words = f"{names[0]} is not here. Debian, Ubuntu: sudo apt install {package}"
    if os.environ.get("CI") == "true":
        pytest.fail(words)
    pytest.skip(words)
