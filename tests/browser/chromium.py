"""Finds a Chromium to test with: the system's, else the one that Playwright brings."""

import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

HOW_TO_GET_ONE = (
    "Chromium is missing and could not be fetched. Install it by `sudo apt install chromium`, or "
    "by `.venv/bin/playwright install --with-deps chromium`, or install Google Chrome."
)

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium(*, may_fetch: bool) -> str | None:
    """The path of a Chromium that starts, or None."""
    for name in _NAMES:
        path = shutil.which(name)
        # Some systems have a script of that name that only says how to install it.
        if path and _starts(path):
            return path
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    if not Path(own).exists() and may_fetch:
        print("Chromium: none on this machine, fetching Playwright's …", flush=True)
        command = [sys.executable, "-m", "playwright", "install", "chromium"]
        subprocess.run(command, check=False, timeout=600)
    return own if Path(own).exists() and _starts(own) else None


def _starts(path: str) -> bool:
    asked = subprocess.run([path, "--version"], capture_output=True, check=False, timeout=60)
    return asked.returncode == 0
