"""The file that holds a backup, and what `manage.py restore` refuses before it changes anything.

That a backup of a running site can be restored is shown in `tests/live/test_restore.py`.
"""

import dataclasses
import hashlib
import io
import os
import stat
import tarfile
import time

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from mlmath.backup import BackupError, databases, programs
from mlmath.backup.archive import FORMAT, Manifest, prune, read_archive, write_archive
from mlmath.backup.encryption import FIRST_LINE, PIECE, Decrypting, Encrypting
from mlmath.backup.programs import connection_of
from mlmath.sealing import fingerprint
from tests.factories import make_user
from tracker.models import User

KEY = "kept-by-the-operator-0123456789-abcdefghijklmnopqrstuvwxyz"
OTHER_KEY = KEY[::-1]
COPY = b"a copy of everything " * 5000


def encrypted(data, key=KEY):
    file = io.BytesIO()
    writer = Encrypting(file, key)
    for start in range(0, len(data), 300_001):
        writer.write(data[start : start + 300_001])
    writer.close()
    return file.getvalue()


def decrypted(data, key=KEY):
    file = io.BytesIO(data)
    assert file.read(len(FIRST_LINE)) == FIRST_LINE
    reader, found = Decrypting(file, key), b""
    while block := reader.read(500_009):
        found += block
    return found


@pytest.fixture
def make_backup(tmp_path):
    """Makes a backup file of what would be a copy of the database."""

    def make(*, key="", content=COPY, **changes):
        copy = tmp_path / "to-be-packed"
        copy.write_bytes(content)
        manifest = Manifest(
            format=FORMAT,
            version="0.1.0",
            made_at="2026-11-21T12:00:00Z",
            engine=connection.vendor,
            server="1",
            migrations=[["tracker", "0001_first"]],
            counts={"tracker_user": 1},
            secret_key=fingerprint(settings.SECRET_KEY),
            copy="database.dump",
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )
        folder = tmp_path / "backups"
        folder.mkdir(exist_ok=True)
        return write_archive(folder, dataclasses.replace(manifest, **changes), copy, key)

    return make


def read(path, tmp_path, key=""):
    folder = tmp_path / f"unpacked-{time.monotonic_ns()}"
    folder.mkdir()
    manifest, copy = read_archive(path, folder, key, lambda done: None)
    return manifest, copy.read_bytes()


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 7])
def test_what_was_encrypted_is_read_again(size):
    data = os.urandom(size)

    assert decrypted(encrypted(data)) == data


def test_the_same_encrypted_twice_looks_different():
    assert encrypted(COPY) != encrypted(COPY)
    assert b"everything" not in encrypted(COPY)


START = len(FIRST_LINE) + 32
DAMAGES = {
    "a changed salt": lambda data: flipped(data, START - 1),
    "a changed first byte": lambda data: flipped(data, START),
    "a changed byte in the middle": lambda data: flipped(data, START + PIECE + 500),
    "a changed last byte": lambda data: flipped(data, len(data) - 1),
    "cut to nothing": lambda data: data[:START],
    "cut in a piece": lambda data: data[:-1],
    "cut between pieces": lambda data: data[: START + PIECE + 16],
    "something after its end": lambda data: data + b"x",
    "pieces exchanged": lambda data: (
        data[:START]
        + data[START + PIECE + 16 : START + 2 * PIECE + 32]
        + data[START : START + PIECE + 16]
        + data[START + 2 * PIECE + 32 :]
    ),
}


def flipped(data, position):
    return data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_no_damage_to_an_encrypted_file_goes_unseen(damage):
    data = encrypted(os.urandom(2 * PIECE + 100))

    with pytest.raises(BackupError):
        decrypted(damage(data))


@pytest.mark.parametrize("key", ["", KEY])
def test_a_backup_holds_its_copy_and_says_what_it_is(make_backup, tmp_path, key):
    path = make_backup(key=key)

    manifest, copy = read(path, tmp_path, key)

    assert copy == COPY
    assert manifest.counts == {"tracker_user": 1}
    assert path.name == f"mlmath-20261121T120000Z.tar{'.encrypted' if key else ''}"
    assert (COPY in path.read_bytes()) is (not key)


def test_only_its_owner_can_read_a_backup(make_backup):
    old = os.umask(0)
    try:
        path = make_backup()
    finally:
        os.umask(old)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_backup_that_breaks_off_leaves_no_file(make_backup, tmp_path):
    with pytest.raises(OSError, match="unexpected end"):
        make_backup(size=len(COPY) + 1)

    assert list((tmp_path / "backups").iterdir()) == []


def cut(path):
    path.write_bytes(path.read_bytes()[:-20_000])


def change(path):
    position = path.read_bytes().index(b"everything")
    path.write_bytes(flipped(path.read_bytes(), position))


def replace_by_text(path):
    path.write_text("This is no backup.\n" * 1000)


def replace_by_other_tar(path):
    with tarfile.open(path, "w") as tar:
        tar.addfile(tarfile.TarInfo("readme.txt"))


def empty(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("harm", [cut, change, replace_by_text, replace_by_other_tar, empty])
def test_a_damaged_backup_is_refused(make_backup, tmp_path, harm):
    path = make_backup()
    harm(path)

    with pytest.raises(BackupError):
        read(path, tmp_path)


def test_an_encrypted_backup_asks_for_its_key(make_backup, tmp_path):
    path = make_backup(key=KEY)

    with pytest.raises(BackupError, match="Set BACKUP_KEY"):
        read(path, tmp_path)
    with pytest.raises(BackupError, match="BACKUP_KEY is another one"):
        read(path, tmp_path, OTHER_KEY)


def test_pruning_keeps_the_newest_and_what_is_no_backup(tmp_path):
    names = [f"mlmath-202611{day:02}T030000Z.tar" for day in range(1, 6)]
    for name in [*names, "mlmath-20261106T030000Z.tar.encrypted", "notes.txt"]:
        (tmp_path / name).touch()
    left, fresh = tmp_path / ".mlmath-left", tmp_path / ".mlmath-20261107T030000Z.tar.part"
    (left / "inside").mkdir(parents=True)
    fresh.touch()
    os.utime(left, (0, 0))

    removed = prune(tmp_path, 2)

    assert [path.name for path in removed] == names[:4]
    assert {path.name for path in tmp_path.iterdir()} == {
        names[4],
        "mlmath-20261106T030000Z.tar.encrypted",
        "notes.txt",
        fresh.name,
    }


def test_a_program_is_told_the_password_where_no_list_of_processes_shows_it():
    address, environment = connection_of(
        {"dbname": "mlmath", "host": "db.example", "password": "s3cret", "client_encoding": "UTF8"}
    )

    assert address == "dbname=mlmath host=db.example"
    assert environment["PGPASSWORD"] == "s3cret"


def put_programs(folder, version):
    folder.mkdir()
    for name in ("pg_dump", "pg_restore", "psql"):
        (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


def test_the_programs_are_those_of_the_servers_version(tmp_path, monkeypatch):
    older, right = put_programs(tmp_path / "b", "15.9"), put_programs(tmp_path / "a", "99.1")
    monkeypatch.setenv("PATH", f"{older}:{right}:{os.environ['PATH']}")

    assert programs.programs(99) == right


def test_missing_programs_are_named_with_their_package(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(put_programs(tmp_path / "a", "98.1")))

    with pytest.raises(BackupError, match="apt install postgresql-client-99"):
        programs.programs(99)


@pytest.fixture
def restored(monkeypatch):
    """What would have been put in the place of the database."""
    found = []
    monkeypatch.setattr(databases, "put_in_place", lambda *args, **more: found.append(args))
    return found


REFUSALS = {
    "of another engine": ({"engine": "oracle"}, [], "The backup is of oracle"),
    "of a newer release": (
        {"migrations": [["tracker", "0001_first"], ["tracker", "9999_future"]], "version": "9.0"},
        [],
        "made by mlmath 9.0, which is newer than this one .*tracker.9999_future",
    ),
    "under another secret key": ({"secret_key": "0" * 32}, [], "another SECRET_KEY"),
    "into a database in use": ({}, [], "The database is not empty"),
    "without a date": ({"made_at": "once"}, ["--replace"], "does not say when"),
    "of a newer format": ({"format": 2}, [], "newer mlmath"),
}


@pytest.mark.django_db
@pytest.mark.parametrize(("changes", "options", "because"), REFUSALS.values(), ids=REFUSALS)
def test_restore_refuses_and_changes_nothing(make_backup, restored, changes, options, because):
    make_user()
    path = make_backup(**changes)

    with pytest.raises(CommandError, match=f"(?s)Nothing was restored.*{because}"):
        call_command("restore", path, *options)

    assert restored == []
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_restore_takes_a_backup_under_a_former_secret_key(make_backup, restored, settings):
    path = make_backup(secret_key=fingerprint(KEY), counts={})
    settings.SECRET_KEY_FALLBACKS = [KEY]

    call_command("restore", path, "--replace")

    assert len(restored) == 1


@pytest.mark.django_db
def test_restore_takes_a_backup_whose_secret_key_is_lost_if_told_so(make_backup, restored):
    path = make_backup(secret_key="0" * 32, counts={})

    call_command("restore", path, "--replace", "--other-secret-key")

    assert len(restored) == 1


@pytest.mark.django_db
def test_restore_says_so_where_rows_are_missing_afterwards(make_backup, restored):
    path = make_backup(counts={"tracker_user": 77})

    with pytest.raises(CommandError, match=r"Other numbers of rows.*tracker_user"):
        call_command("restore", path, "--replace")


def test_backup_keeps_one_file_at_least():
    with pytest.raises(CommandError, match="one file at least"):
        call_command("backup", "--keep", "0")
