"""Indexes that are made and dropped beside whoever writes the table: for a migration with `atomic = False`."""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def _drop(editor: BaseDatabaseSchemaEditor, name: str) -> None:
    """Whether it is there or not: a migration that broke off begins again, and an index whose making broke off on
    PostgreSQL is left behind, used by no query."""
    concurrently = "CONCURRENTLY " if editor.connection.vendor == "postgresql" else ""
    editor.execute(f"DROP INDEX {concurrently}IF EXISTS {editor.quote_name(name)}")


class AddIndexBeside(AddIndexConcurrently):
    """On PostgreSQL without keeping anybody waiting; SQLite has one writer."""

    def database_forwards(self, app_label: str, editor: BaseDatabaseSchemaEditor, *states: Any) -> None:
        _drop(editor, self.index.name)
        if editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, editor, *states)
        else:
            migrations.AddIndex.database_forwards(self, app_label, editor, *states)

    def database_backwards(self, app_label: str, editor: BaseDatabaseSchemaEditor, *states: Any) -> None:
        _drop(editor, self.index.name)


class RemoveIndexBeside(RemoveIndexConcurrently):
    """Stands last where another index takes its place."""

    def database_forwards(self, app_label: str, editor: BaseDatabaseSchemaEditor, *states: Any) -> None:
        _drop(editor, self.name)

    def database_backwards(self, app_label: str, editor: BaseDatabaseSchemaEditor, *states: Any) -> None:
        _drop(editor, self.name)
        if editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, editor, *states)
        else:
            migrations.RemoveIndex.database_backwards(self, app_label, editor, *states)
