from typing import Any

from django.db import migrations, models

from linnapp.migrations._beside import AddIndexBeside
from linnapp.models import audit, timeline, wording

NO_HOUR = models.Q(("kind", "EXCHANGES"), _negated=True)


def make(apps: Any, editor: Any) -> None:
    for words in (timeline.NAMES, timeline.FACTS, audit.WORDS):
        wording.make(editor.connection, words)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("linnapp", "0029_accounts_by_name"),
    ]

    operations = [
        AddIndexBeside(
            model_name="timelineentry",
            index=models.Index(
                fields=["application_id", "kind", "-id"], name="timeline_application_kinds", condition=NO_HOUR
            ),
        ),
        AddIndexBeside(
            model_name="timelineentry",
            index=models.Index(fields=["kind", "-id"], name="timeline_kinds", condition=NO_HOUR),
        ),
        AddIndexBeside(
            model_name="timelineentry",
            index=models.Index(
                fields=["side", "-id"], name="timeline_sides", condition=models.Q(("side", "CLIENT"), _negated=True)
            ),
        ),
        AddIndexBeside(model_name="auditentry", index=models.Index(fields=["kind", "-id"], name="audit_by_kind")),
        AddIndexBeside(model_name="user", index=models.Index(fields=["-date_joined", "-id"], name="people_newest")),
        migrations.RunPython(make, migrations.RunPython.noop),
    ]
