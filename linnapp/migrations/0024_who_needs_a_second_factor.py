from typing import Any

from django.db import migrations, models

from linnapp.models.folded import make_findable


def find_again(apps: Any, editor: Any) -> None:
    """SQLite makes the table anew for a column with a default, without the triggers that keep its index."""
    make_findable(editor.connection, apps.get_model("linnapp", "account"))


class Migration(migrations.Migration):
    dependencies = [
        ("linnapp", "0023_forms_that_wait"),
    ]

    operations = [
        migrations.AddField(
            model_name="account",
            name="members_need_factor",
            field=models.BooleanField(db_default=False, default=False, verbose_name="members need a second factor"),
        ),
        migrations.RunPython(find_again, migrations.RunPython.noop),
    ]
