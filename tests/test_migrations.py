"""Migrations that a site in use does not notice: the release before runs on their tables too.

What an empty database gets at first is free. Every later migration is held to the rules; each of
them says what to do instead.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently as DjangosAddIndexConcurrently
from django.db import connection, migrations, models
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models.fields import NOT_PROVIDED

from mlmath.operations import AddIndexConcurrently, ChangeRows, change_in_batches
from tests.factories import make_user
from tracker.models import User

ROOT = Path(__file__).resolve().parent.parent
# The last migrations of the first release. Move them with a major release at most.
FIRST_RELEASE = {"catalog": 1, "tracker": 20}
# Tables with a row per person and more: an index takes seconds there, and a lock is felt.
BIG = {
    "activity", "answer", "assignmentprogress", "callcount", "delivery", "keptanswer",
    "mailsettings", "membership", "notice", "outgoing", "question", "reviewanswer",
    "studysession", "topicnote", "topicprogress", "topicreview", "unitprogress", "user",
}  # fmt: skip

RENAMES = "renames what the release before asks for: add, fill, and drop in two releases"
DROPS = (
    "drops what the release before asks for: take it out of the models by "
    "SeparateDatabaseAndState(state_operations=[…]) now, and drop it by database_operations in a "
    "later release, in a migration that says `unused_since = '<that release>'`"
)
STILL_NEEDED = "leaves a column that nobody fills: give it null=True or db_default first"
NOT_RELEASED = "drops what no release of the changelog has stopped using"
NEEDS_DEFAULT = (
    "adds a column that the release before does not fill: give it null=True or db_default"
)
REWRITES = "changes the type of a column: add another one, fill it, and drop the old one"
LOCKS = "builds an index while nobody can write: use mlmath.operations.AddIndexConcurrently"
VALIDATES = "checks a whole big table while nobody can write: add it NOT VALID, validate it later"
NOT_ALONE = "needs a migration of its own with atomic = False"
NO_BATCHES = "changes rows in one go: use mlmath.operations.ChangeRows"
NO_WAY_BACK = "cannot be taken back: name reverse_sql"


def faults(migration: Migration, before: ProjectState) -> set[str]:
    """What in a migration a site in use would notice."""
    state, found = before.clone(), set()
    for operation in migration.operations:
        found |= set(_faults(operation, migration, state, before))
        operation.state_forwards(migration.app_label, state)
    return found


def _faults(  # noqa: C901  # one case after the other
    operation: Operation, migration: Migration, state: ProjectState, before: ProjectState
) -> Iterator[str]:
    model = getattr(operation, "model_name_lower", "")
    is_new = (migration.app_label, model) not in before.models
    is_big = model in BIG and not is_new
    match operation:
        case migrations.RenameField() | migrations.RenameModel() | migrations.AlterModelTable():
            yield RENAMES
        case migrations.SeparateDatabaseAndState(database_operations=[], state_operations=removed):
            for one in removed:
                if isinstance(one, migrations.RemoveField):
                    field = state.models[migration.app_label, one.model_name_lower].fields[one.name]
                    if not _fills_itself(field):
                        yield STILL_NEEDED
        case migrations.SeparateDatabaseAndState(state_operations=[]):
            if getattr(migration, "unused_since", None) not in _releases():
                yield NOT_RELEASED
        case migrations.RemoveField() | migrations.DeleteModel():
            yield DROPS
        case migrations.AddField(field=field) if not is_new:
            if not _fills_itself(field):
                yield NEEDS_DEFAULT
            if is_big and _has_index(field):
                yield LOCKS
        case migrations.AlterField(field=field) if not is_new:
            old = state.models[migration.app_label, model].fields[operation.name]
            if old.null and not field.null and field.db_default is NOT_PROVIDED:
                yield NEEDS_DEFAULT
            if _is_rewritten(old, field):
                yield REWRITES
            if is_big and _has_index(field) and not _has_index(old):
                yield LOCKS
        case DjangosAddIndexConcurrently():
            if migration.atomic or len(migration.operations) > 1:
                yield NOT_ALONE
            if not isinstance(operation, AddIndexConcurrently):
                yield LOCKS
        case migrations.AddIndex() if is_big:
            yield LOCKS
        case migrations.AddConstraint() if is_big:
            yield VALIDATES
        case ChangeRows():
            if migration.atomic or len(migration.operations) > 1:
                yield NOT_ALONE
        case migrations.RunPython():
            yield NO_BATCHES
        case migrations.RunSQL(reverse_sql=None):
            yield NO_WAY_BACK


def _fills_itself(field: models.Field) -> bool:
    return field.null or field.many_to_many or field.db_default is not NOT_PROVIDED


def _has_index(field: models.Field) -> bool:
    return bool(getattr(field, "db_index", False)) or field.unique


def _is_rewritten(old: models.Field, new: models.Field) -> bool:
    """Longer texts are the same column to PostgreSQL."""
    if isinstance(old, models.CharField) and isinstance(new, models.CharField | models.TextField):
        return new.max_length is not None and (new.max_length or 0) < (old.max_length or 0)
    return type(old).__name__ != type(new).__name__


def _releases() -> set[str]:
    return set(re.findall(r"^## \[(\d[^\]]*)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE))


# --- Ours -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def loader():
    return MigrationLoader(None)


def test_every_migration_after_the_first_release_goes_unnoticed(loader):
    found = {}
    for (app, name), migration in loader.disk_migrations.items():
        if app in FIRST_RELEASE and int(name[:4]) > FIRST_RELEASE[app]:
            parents = [node for node in migration.dependencies if node in loader.graph.nodes]
            found[app, name] = faults(migration, loader.project_state(parents))

    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_the_last_migrations_of_the_first_release_are_there(loader):
    for app, number in FIRST_RELEASE.items():
        assert any(
            name.startswith(f"{number:04}")
            for label, name in loader.disk_migrations
            if label == app
        )


# --- The rules themselves -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def now(loader):
    return loader.project_state()


def migration_of(*operations: Operation, **attributes: object) -> Migration:
    migration = Migration("9999_next", "tracker")
    for name, value in {"operations": list(operations), **attributes}.items():
        setattr(migration, name, value)
    return migration


INDEX = models.Index(fields=["state"], name="an_index")
UNIQUE = models.UniqueConstraint(fields=["name"], name="a_constraint")
NUMBER = models.IntegerField(default=0)
INDEXED = models.IntegerField(null=True, db_index=True)


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        (migrations.RenameField("user", "name", "called"), RENAMES),
        (migrations.RenameModel("User", "Person"), RENAMES),
        (migrations.RemoveField("user", "name"), DROPS),
        (migrations.DeleteModel("JobRun"), DROPS),
        (migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField("user", "name")]), STILL_NEEDED),
        (migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RemoveField("user", "name")]), NOT_RELEASED),
        (migrations.AddField("user", "height", NUMBER), NEEDS_DEFAULT),
        (migrations.AddField("user", "height", INDEXED), LOCKS),
        (migrations.AlterField("user", "minutes_per_day", NUMBER), NEEDS_DEFAULT),
        (migrations.AlterField("user", "name", NUMBER), REWRITES),
        (migrations.AlterField("user", "name", models.CharField(max_length=2)), REWRITES),
        (migrations.AddIndex("topicprogress", INDEX), LOCKS),
        (DjangosAddIndexConcurrently("topicprogress", INDEX), LOCKS),
        (AddIndexConcurrently("topicprogress", INDEX), NOT_ALONE),
        (migrations.AddConstraint("user", UNIQUE), VALIDATES),
        (migrations.RunPython(lambda apps, editor: None), NO_BATCHES),
        (ChangeRows("tracker", "User", todo=lambda rows: rows, change=len), NOT_ALONE),
        (migrations.RunSQL("SELECT 1"), NO_WAY_BACK),
    ],
)  # fmt: skip
def test_what_a_site_in_use_would_notice_is_refused(now, operation, fault):
    assert fault in faults(migration_of(operation), now)


@pytest.mark.parametrize(
    "operations",
    [
        [migrations.AddField("user", "height", models.IntegerField(default=0, db_default=0))],
        [migrations.AddField("user", "height", models.IntegerField(null=True))],
        [migrations.AlterField("user", "name", models.TextField())],
        [migrations.AddIndex("jobrun", models.Index(fields=["slot"], name="small"))],
        [
            migrations.CreateModel("Medal", [("name", models.CharField(max_length=9))]),
            migrations.AddIndex("medal", models.Index(fields=["name"], name="new")),
            migrations.AddField("medal", "height", NUMBER),
        ],
        [migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField("user", "minutes_per_day")])],
    ],
    ids=["default", "null", "longer", "small", "new", "unused"],
)  # fmt: skip
def test_what_it_does_not_notice_is_fine(now, operations):
    assert faults(migration_of(*operations), now) == set()


def test_alone_and_outside_of_a_transaction_the_rest_is_fine(now, monkeypatch):
    index = AddIndexConcurrently("topicprogress", INDEX)
    rows = ChangeRows("tracker", "User", todo=lambda rows: rows, change=len)
    drop = migrations.SeparateDatabaseAndState(
        database_operations=[migrations.RemoveField("user", "name")]
    )
    monkeypatch.setattr(f"{__name__}._releases", lambda: {"0.1.0"})

    assert faults(migration_of(index, atomic=False), now) == set()
    assert faults(migration_of(rows, atomic=False), now) == set()
    assert faults(migration_of(drop, unused_since="0.1.0"), now) == set()
    assert faults(migration_of(drop, unused_since="0.2.0"), now) == {NOT_RELEASED}


# --- What they ask for --------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_an_index_is_made_concurrently_and_taken_back(loader):
    index = models.Index(fields=["name"], name="made_concurrently")
    operation = AddIndexConcurrently("user", index)
    before = loader.project_state()
    after = before.clone()
    operation.state_forwards("tracker", after)

    def names() -> set[str]:
        with connection.cursor() as cursor:
            return set(connection.introspection.get_constraints(cursor, "tracker_user"))

    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("tracker", editor, before, after)
    made = names()
    with connection.schema_editor(atomic=False) as editor:
        operation.database_backwards("tracker", editor, after, before)

    assert "made_concurrently" in made
    assert "made_concurrently" not in names()


@pytest.mark.django_db
def test_rows_are_changed_in_batches_and_once():
    for _ in range(5):
        make_user(name="Ada")
    todo, seen = lambda rows: rows.filter(name="Ada"), []

    def change(rows):
        seen.append(rows.update(name="Ada Lovelace"))

    assert change_in_batches(User.objects.all(), todo=todo, change=change, batch=2) == 3
    assert change_in_batches(User.objects.all(), todo=todo, change=change, batch=2) == 0
    assert seen == [2, 2, 1]


@pytest.mark.django_db
def test_a_change_that_leaves_everything_as_it_is_does_not_run_for_ever():
    make_user(name="Ada")

    with pytest.raises(ValueError, match="still there to do"):
        change_in_batches(User.objects.all(), todo=lambda rows: rows, change=len)


@pytest.mark.django_db
def test_a_migration_changes_rows(loader):
    user = make_user(name="Ada")
    operation = ChangeRows(
        "tracker", "User",
        todo=lambda rows: rows.filter(name="Ada"), change=lambda rows: rows.update(name="Emmy"),
    )  # fmt: skip
    state = loader.project_state()
    operation.database_forwards("tracker", connection.schema_editor(), state, state)

    user.refresh_from_db()
    assert user.name == "Emmy"
