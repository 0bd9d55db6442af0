from typing import Any

from django.db import migrations, models

from linnapp.models.folded import make_findable


def findable(apps: Any, editor: Any) -> None:
    """SQLite makes the table anew, and its triggers are gone with the old one."""
    make_findable(editor.connection, apps.get_model("installs", "Connector"))


class Migration(migrations.Migration):
    dependencies = [
        ("installs", "0021_alerts"),
    ]

    operations = [
        migrations.AddField(
            model_name="connector",
            name="session_server",
            field=models.TextField(blank=True, editable=False),
        ),
        migrations.RunPython(findable, migrations.RunPython.noop),
    ]
