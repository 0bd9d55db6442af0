from django.db import migrations, models

from linnapp.migrations._beside import AddIndexBeside


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("installs", "0029_installations_counted"),
    ]

    operations = [
        AddIndexBeside(
            model_name="installation",
            index=models.Index(fields=["-installed_at", "id"], name="installation_newest"),
        ),
    ]
