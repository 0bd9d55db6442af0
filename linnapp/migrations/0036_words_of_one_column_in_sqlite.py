from typing import Any

from django.db import migrations

from linnapp.models import bulk_changes, mails, wording


def make(apps: Any, editor: Any) -> None:
    if editor.connection.vendor == "sqlite":
        for words in (bulk_changes.NAMES_OF_ROWS, mails.RECIPIENTS):
            wording.make(editor.connection, words)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("linnapp", "0035_accounts_that_may_be_unowned"),
    ]

    # PostgreSQL has them since 0031.
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
