from typing import Any

from django.db import migrations, models

from installs.models import refusals, stock
from linnapp.migrations._beside import AddIndexBeside
from linnapp.models import wording


def make(apps: Any, editor: Any) -> None:
    for words in (refusals.ADDRESSES, refusals.REFERENCES, stock.NAMES):
        wording.make(editor.connection, words)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("installs", "0030_newest_installations"),
    ]

    operations = [
        AddIndexBeside(
            model_name="updatemailing",
            index=models.Index(fields=["-sent_at", "-id"], name="update_mails_newest"),
        ),
        migrations.RunPython(make, migrations.RunPython.noop),
    ]
