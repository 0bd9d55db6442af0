from typing import Any

from django.db import migrations, models

from installs.models import refusals, stock
from linnapp.migrations._beside import AddIndexBeside
from linnapp.models import wording


def make(apps: Any, editor: Any) -> None:
    if editor.connection.vendor == "sqlite":
        for words in (refusals.ADDRESSES, refusals.REFERENCES, stock.NAMES):
            wording.make(editor.connection, words)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("installs", "0033_sessions_by_end_accounts_in_use"),
    ]

    operations = [
        # PostgreSQL has them since 0031.
        migrations.RunPython(make, migrations.RunPython.noop),
        AddIndexBeside(
            model_name="delivery",
            index=models.Index(
                fields=["-created_at", "id"],
                condition=models.Q(("state__in", ("STOPPED", "EXHAUSTED"))),
                name="deliveries_given_up",
            ),
        ),
    ]
