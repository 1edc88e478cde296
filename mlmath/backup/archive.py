"""The file that holds a backup: a tar of `manifest.json` and the copy of the database.

Without encryption `tar`, `pg_restore` and `sqlite3` can open it as well.
"""

import contextlib
import hashlib
import io
import json
import os
import shutil
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

from mlmath.backup import BackupError
from mlmath.backup.encryption import FIRST_LINE, Decrypting, Encrypting

FORMAT = 1
MANIFEST = "manifest.json"
_PREFIX, _UNFINISHED = "mlmath-", ".part"
_SUFFIXES = (".tar", ".tar.encrypted")
_MOST_OF_MANIFEST = 16 * 1024 * 1024
_BLOCK = 1024 * 1024
_DAY = 24 * 60 * 60

# Is told how far it is, such as “40 %” or “12 MB”.
Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """What a backup says about itself: `counts` are rows by table, `secret_key` a fingerprint."""

    format: int
    version: str
    made_at: str
    engine: str
    server: str
    migrations: list[list[str]]
    counts: dict[str, int]
    secret_key: str
    copy: str
    size: int
    sha256: str


def write_archive(folder: Path, manifest: Manifest, copy: Path, key: str) -> Path:
    """The finished file, of which nobody else can read a byte; encrypted if there is a `key`.

    It has its name only once it is whole and on the disk.
    """
    moment = manifest.made_at.replace("-", "").replace(":", "")
    name = f"{_PREFIX}{moment}{_SUFFIXES[bool(key)]}"
    unfinished = folder / f".{name}{_UNFINISHED}"
    try:
        with _private_file(unfinished) as file:
            target = Encrypting(file, key) if key else file
            with tarfile.open(fileobj=cast("BinaryIO", target), mode="w|") as tar:
                text = json.dumps(asdict(manifest), indent=1).encode()
                _add(tar, MANIFEST, io.BytesIO(text), len(text))
                with copy.open("rb") as content:
                    _add(tar, manifest.copy, content, manifest.size)
            if isinstance(target, Encrypting):
                target.close()
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(folder / name)
    finally:
        unfinished.unlink(missing_ok=True)
    _sync_folder(folder)
    return folder / name


def read_archive(path: Path, folder: Path, key: str, progress: Progress) -> tuple[Manifest, Path]:
    """What the backup says about itself, and the copy in it, unpacked into `folder` and checked.

    Raises BackupError for a file that is damaged, cut off, no backup, of a newer format, or for
    another key.
    """
    try:
        with path.open("rb") as file, tarfile.open(fileobj=_opened(file, key), mode="r|") as tar:
            manifest = _manifest(tar)
            member = tar.next()
            content = tar.extractfile(member) if member else None
            if content is None or member is None or member.name != manifest.copy:
                raise BackupError(f"{path.name} is damaged: it holds no copy of a database.")
            copy = folder / "copy"
            _unpack(content, copy, manifest, progress)
    except (tarfile.TarError, EOFError) as error:
        raise BackupError(f"{path.name} is damaged, or no backup of mlmath: {error}.") from error
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror or error}.") from error
    return manifest, copy


def prune(folder: Path, keep: int) -> list[Path]:
    """Remove all but the newest `keep` backups in `folder`, and what broke off days ago."""
    backups = sorted(
        path
        for path in folder.glob(f"{_PREFIX}*")
        if path.name.endswith(_SUFFIXES) and path.is_file()
    )
    old = backups[:-keep]
    for path in old:
        path.unlink()
    for path in folder.glob(f".{_PREFIX}*"):
        if path.stat().st_mtime < time.time() - _DAY:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return old


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _opened(file: BinaryIO, key: str) -> BinaryIO:
    if file.read(len(FIRST_LINE)) != FIRST_LINE:
        file.seek(0)
        return file
    if not key:
        raise BackupError("This backup is encrypted. Set BACKUP_KEY to the key it was made with.")
    return cast("BinaryIO", Decrypting(file, key))


def _manifest(tar: tarfile.TarFile) -> Manifest:
    member = tar.next()
    content = tar.extractfile(member) if member else None
    if content is None or member is None or member.name != MANIFEST:
        raise BackupError("This is no backup of mlmath: it does not begin with a manifest.")
    try:
        found = json.loads(content.read(_MOST_OF_MANIFEST))
    except ValueError as error:
        raise BackupError("The backup is damaged: its manifest cannot be read.") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise BackupError(
            "This backup was made by a newer mlmath, whose files this one cannot read."
        )
    try:
        return Manifest(**found)
    except TypeError as error:
        raise BackupError("The backup is damaged: its manifest is not whole.") from error


def _unpack(content: IO[bytes], copy: Path, manifest: Manifest, progress: Progress) -> None:
    digest, done = hashlib.sha256(), 0
    with _private_file(copy) as file:
        while block := content.read(_BLOCK):
            digest.update(block)
            file.write(block)
            done += len(block)
            progress(f"{100 * done // max(manifest.size, 1)} %")
    if done != manifest.size or digest.hexdigest() != manifest.sha256:
        raise BackupError("The backup is damaged: its copy of the database was changed or cut.")


def _add(tar: tarfile.TarFile, name: str, content: IO[bytes], size: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, int(time.time())
    tar.addfile(member, content)


@contextmanager
def _private_file(path: Path) -> Iterator[BinaryIO]:
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(number, "wb") as file:
        yield file


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(number)
    finally:
        os.close(number)
