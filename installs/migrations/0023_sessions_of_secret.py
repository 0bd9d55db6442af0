from django.db import migrations, models

from linnapp.migrations._beside import AddIndexBeside


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("installs", "0022_connector_session_server"),
    ]

    operations = [
        AddIndexBeside(
            model_name="session",
            index=models.Index(fields=["secret"], name="sessions_of_secret"),
        ),
    ]
