"""What is searched stands folded beside the text, with an index of trigrams. What stands already is folded here."""

from importlib import import_module
from typing import Any

from django.db import migrations

from linnapp.models.folded import FoldedField, make_findable

FOLDED = {
    "user": ("email", "name"),
    "account": ("name", "slug", "contact_email"),
    "application": ("name", "description"),
    "version": ("notes",),
}
guards = import_module("linnapp.migrations.0007_withdrawn_versions")
# Remade with the table by whatever migration alters linnapp_version on SQLite: repeat this operation there.
WITH_FOLDED = guards.GUARDED.replace("notes", "notes, notes_folded")


def fold(apps: Any, editor: Any) -> None:
    for name in FOLDED:
        make_findable(editor.connection, apps.get_model("linnapp", name))


def guard_released_versions(apps: Any, editor: Any) -> None:
    for statement in guards.ON_POSTGRESQL if editor.connection.vendor == "postgresql" else guards.ON_SQLITE:
        editor.execute(statement.replace(guards.GUARDED, WITH_FOLDED), params=None)


class Migration(migrations.Migration):
    dependencies = [("linnapp", "0013_when_a_change_began")]

    operations = [
        *(
            migrations.AddField(model_name=model, name=f"{field}_folded", field=FoldedField(of=field))
            for model, fields in FOLDED.items()
            for field in fields
        ),
        migrations.RunPython(fold, migrations.RunPython.noop),
        # SQLite made the table of versions anew, without its guards; and there is a column more to guard.
        migrations.RunPython(guard_released_versions, migrations.RunPython.noop),
    ]
