"""Static files with the hash of their content in the name, compressed beforehand."""

import json
import re
import tempfile
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.management.commands import collectstatic
from django.core.files import File
from django.core.management import call_command
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedManifestStaticFilesStorage

_HASH = re.compile(r"\.[0-9a-f]{12}(?=\.\w+$)")


class HashedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # brings no types
    """As WhiteNoise does it, but a reference to a source map that is left out does no harm.

    `manage.py prepare` leaves source maps out, which are for debugging other people's scripts.
    """

    def hashed_name(
        self, name: str, content: "File[bytes] | None" = None, filename: str | None = None
    ) -> str:
        if name.endswith(".map") and not self.exists(filename or name):
            return name
        hashed: str = super().hashed_name(name, content, filename)
        return hashed


class AnyReleasesFiles(WhiteNoiseMiddleware):  # type: ignore[misc]  # brings no types
    """As WhiteNoise does it, but what another release calls a file leads to the one of this.

    While a release takes the place of another, a page may come from the one and its files be asked
    of the other: better a style of yesterday than none. Nobody keeps it under that name.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if path not in self.files and path.startswith(self.static_prefix):
            name, changed = _HASH.subn("", path.removeprefix(self.static_prefix))
            own = self.files.get(self.get_static_url(name)) if changed else None
            if own is not None:
                response: HttpResponseBase = self.serve(own, request)
                response["Cache-Control"] = "no-cache"
                return response
        answer: HttpResponseBase = super().__call__(request)
        return answer


def collect(*, but: list[str]) -> None:
    """Put the files of this release into STATIC_ROOT, all `but` those patterns.

    A server of the release before may be serving from there: what is there is not written again,
    and what that release names stays until the next one is collected.
    """
    root: Path = settings.STATIC_ROOT
    root.mkdir(parents=True, exist_ok=True)
    manifest = Path(HashedFiles.manifest_name)
    with tempfile.TemporaryDirectory(prefix="static-", dir=root.parent) as name:
        folder = Path(name)
        command = collectstatic.Command()
        command.storage = HashedFiles(location=folder)
        call_command(command, interactive=False, verbosity=0, ignore_patterns=but)
        kept = _named_by(root / manifest) | _named_by(folder / manifest) | {manifest}
        made = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
        for path in made - {manifest}:
            if not (root / path).exists():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).replace(root / path)
        # Broken off before this, it would take the files of the release before for nobody's.
        (folder / manifest).replace(root / manifest)
    for path in root.rglob("*"):
        if path.is_file() and not {path.relative_to(root), _plain(path.relative_to(root))} & kept:
            path.unlink()


def _named_by(manifest: Path) -> set[Path]:
    """The files of a release; none where there is no such manifest."""
    if not manifest.is_file():
        return set()
    return set(map(Path, json.loads(manifest.read_text())["paths"].values()))


def _plain(path: Path) -> Path:
    """The file of which this is the compressed one."""
    return path.with_suffix("") if path.suffix in {".br", ".gz"} else path
