"""Migrations of which each is done and written down in one transaction."""

from django.db import transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState


class Executor(MigrationExecutor):
    """Django writes a migration that makes an index or a foreign key down after its transaction.

    Killed in between, it would find its own tables when it is repeated, and fail for ever.
    """

    def apply_migration(
        self,
        state: ProjectState,
        migration: Migration,
        fake: bool = False,  # noqa: FBT001, FBT002  # as Django calls it
        fake_initial: bool = False,  # noqa: FBT001, FBT002
    ) -> ProjectState:
        if fake or not migration.atomic:
            return super().apply_migration(state, migration, fake, fake_initial)
        # SQLite cannot leave off checking foreign keys within a transaction.
        was_checking = self.connection.disable_constraint_checking()
        try:
            with transaction.atomic(using=self.connection.alias):
                return super().apply_migration(state, migration, fake, fake_initial)
        finally:
            if was_checking:
                self.connection.enable_constraint_checking()
