from django.db import migrations, models

from linnapp.migrations._beside import AddIndexBeside


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("linnapp", "0031_mails_and_rows_by_part_of_name"),
    ]

    operations = [
        AddIndexBeside(model_name="timelineentry", index=models.Index(fields=["at"], name="timeline_moments")),
    ]
