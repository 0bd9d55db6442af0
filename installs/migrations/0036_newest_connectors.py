from django.db import migrations, models

from linnapp.migrations._beside import AddIndexBeside


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("installs", "0035_hours_to_tell"),
    ]

    operations = [
        AddIndexBeside(
            model_name="connector",
            index=models.Index(fields=["-created_at", "id"], name="connectors_newest"),
        ),
    ]
