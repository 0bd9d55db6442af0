from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


class AddIndexBesideExchanges(AddIndexConcurrently):
    """On PostgreSQL without keeping who begins sessions waiting, and again from the start where that broke off: an
    index is left behind then that no query uses. SQLite has one writer."""

    def database_forwards(self, app_label: str, editor: BaseDatabaseSchemaEditor, *states: Any) -> None:
        if editor.connection.vendor == "postgresql":
            editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {editor.quote_name(self.index.name)}")
            super().database_forwards(app_label, editor, *states)
        else:
            migrations.AddIndex.database_forwards(self, app_label, editor, *states)

    def database_backwards(self, app_label: str, editor: BaseDatabaseSchemaEditor, *states: Any) -> None:
        if editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, editor, *states)
        else:
            migrations.AddIndex.database_backwards(self, app_label, editor, *states)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("installs", "0022_connector_session_server"),
    ]

    operations = [
        AddIndexBesideExchanges(
            model_name="session",
            index=models.Index(fields=["secret"], name="sessions_of_secret"),
        ),
    ]
