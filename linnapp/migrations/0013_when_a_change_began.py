"""When a bulk change began is kept beside when it was asked for: of those on record, both were one."""

from typing import Any

import django.utils.timezone
from django.db import migrations, models


def began_when_asked_for(apps: Any, schema_editor: Any) -> None:
    apps.get_model("linnapp", "BulkChange").objects.update(began_at=models.F("created_at"))


class Migration(migrations.Migration):
    dependencies = [("linnapp", "0012_bulk_notices")]

    operations = [
        migrations.AddField(
            model_name="bulkchange",
            name="began_at",
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name="began"),
        ),
        migrations.AddField(
            model_name="bulkchange",
            name="tries",
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="user",
            name="switched_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="last switched off or on"),
        ),
        migrations.RunPython(began_when_asked_for, migrations.RunPython.noop),
    ]
