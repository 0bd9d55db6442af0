from typing import Any

from django.db import migrations

from linnapp.models import bulk_changes, mails, wording


def make(apps: Any, editor: Any) -> None:
    for words in (mails.RECIPIENTS, bulk_changes.NAMES_OF_ROWS):
        wording.make(editor.connection, words)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("linnapp", "0030_timeline_by_kind_and_words"),
    ]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
