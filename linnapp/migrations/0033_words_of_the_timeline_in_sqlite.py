from typing import Any

from django.db import migrations

from linnapp.models import audit, timeline, wording


def make(apps: Any, editor: Any) -> None:
    for words in (timeline.NAMES, timeline.FACTS, audit.WORDS):
        wording.make(editor.connection, words)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("linnapp", "0032_timeline_by_moment"),
    ]

    # PostgreSQL has them; there it is without effect.
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
