from django.db import migrations, models

from linnapp.migrations._beside import AddIndexBeside


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("installs", "0036_newest_connectors"),
    ]

    operations = [
        AddIndexBeside(
            model_name="refusalgroup",
            index=models.Index(fields=["reason", "-hour", "-id"], name="refusals_by_reason"),
        ),
    ]
