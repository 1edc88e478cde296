"""The real settings, with one mistake in them where FAULTS_MUTANT names it."""

import os

from mlmath.settings import *  # noqa: F403
from mlmath.settings import DATABASES, INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.mutants.Mutants"]

_options = DATABASES["default"]["OPTIONS"]
match os.environ.get("FAULTS_MUTANT"):
    case "careless-commit":
        _options["options"] = "-c synchronous_commit=off"
    case "no-time-outs":
        for _name in [name for name in _options if "time" in name or "keepalives" in name]:
            del _options[_name]
