"""`make lighthouse`: what Google's Lighthouse says of the main pages, as a phone sees them.

Serves them with the demo account from a folder of its own. Lighthouse comes from npm into
var/lighthouse/ and reports there; Node 18 or newer and Chromium have to be on this machine.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.browser.chromium import HOW_TO_GET_ONE, find_chromium
from tests.server import ROOT, Server, serving

FOLDER = ROOT / "var" / "lighthouse"
PACKAGE = "lighthouse@12"
# Of so many runs the middle one counts: a busy machine is slower at times.
RUNS = 3
LEAST = 95
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """`path` as a guest or as the demo account sees it; search engines find what is public."""

    name: str
    path: str
    is_public: bool = False

    @property
    def categories(self) -> tuple[str, ...]:
        return CATEGORIES if self.is_public else CATEGORIES[:-1]


def main() -> None:
    chromium = find_chromium(may_fetch=True)
    if chromium is None:
        sys.exit(HOW_TO_GET_ONE)
    program = lighthouse()
    with (
        tempfile.TemporaryDirectory(prefix="mlmath-lighthouse-") as folder,
        serving(Path(folder), workers=2) as server,
    ):
        session, group = demo_account(server)
        pages = [
            Page(name="landing", path="/", is_public=True),
            Page(name="roadmap", path="/roadmap/data-scientist/", is_public=True),
            Page(name="today", path="/today/"),
            Page(name="group-progress", path=f"/groups/{group}/progress/"),
        ]
        environment = os.environ | {"CHROME_PATH": chromium}
        found = {page: measure(page, program, server, session, environment) for page in pages}
    show(found)
    sys.exit(any(score < LEAST for scores in found.values() for score in scores.values()))


def lighthouse() -> list[str]:
    """The command, which is fetched where it is not here yet."""
    for needed in ("node", "npm"):
        if shutil.which(needed) is None:
            sys.exit(f"{needed} is missing. Debian, Ubuntu: sudo apt install nodejs npm")
    script = FOLDER / "node_modules" / "lighthouse" / "cli" / "index.js"
    if not script.exists():
        print(f"Lighthouse: fetching {PACKAGE} …", flush=True)
        FOLDER.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--prefix", str(FOLDER), "--no-save", "--no-package-lock"]
        subprocess.run([*command, "--no-audit", "--no-fund", "--silent", PACKAGE], check=True)
    return ["node", str(script)]


def demo_account(server: Server) -> tuple[str, str]:
    """Session and group of the demo account."""
    server.manage("demo")
    script = (
        "from tests.browser.people import _signed_in\n"
        "from tracker.management.commands.demo import EMAIL\n"
        "from tracker.models import User\n"
        "ada = User.objects.get(email=EMAIL)\n"
        "print(_signed_in(ada), ada.memberships.first().group.public_id)"
    )
    session, group = server.manage("shell", "-v0", "-c", script).split()[-2:]
    return session, group


def measure(
    page: Page, program: list[str], server: Server, session: str, environment: dict[str, str]
) -> dict[str, int]:
    """The middle of several runs, in percent by category; the reports of the last stay."""
    print(f"{page.name} …", flush=True)
    command = [*program, server.address + page.path, "--quiet"]
    command += ["--chrome-flags=--headless=new --no-sandbox --disable-gpu"]
    command += [f"--only-categories={','.join(page.categories)}"]
    command += ["--output=json", "--output=html", f"--output-path={FOLDER / page.name}"]
    if not page.is_public:
        command += [f"--extra-headers={json.dumps({'Cookie': f'sessionid={session}'})}"]
    runs = []
    for _ in range(RUNS):
        # On a busy machine Chromium is sometimes not there in time.
        if subprocess.run(command, env=environment, check=False, timeout=300).returncode != 0:
            subprocess.run(command, env=environment, check=True, timeout=300)
        report = json.loads((FOLDER / f"{page.name}.report.json").read_text())
        if (error := report.get("runtimeError")) is not None:
            sys.exit(f"{page.name}: {error['message']}")
        runs.append({name: report["categories"][name]["score"] for name in page.categories})
    return {
        name: round(100 * statistics.median(run[name] for run in runs)) for name in page.categories
    }


def show(found: dict[Page, dict[str, int]]) -> None:
    print(f"\n| Lighthouse, phone | {' | '.join(CATEGORIES)} |")
    print(f"| --- |{' --- |' * len(CATEGORIES)}")
    for page, scores in found.items():
        print(f"| {page.name} | {' | '.join(str(scores.get(one, '')) for one in CATEGORIES)} |")
    print(f"\nReports: {FOLDER}/*.html; at least {LEAST} is wanted everywhere.")


if __name__ == "__main__":
    main()
