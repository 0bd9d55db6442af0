from django.db import migrations, models

from linnapp.migrations._beside import AddIndexBeside, RemoveIndexBeside


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("installs", "0037_refusals_by_reason"),
    ]

    operations = [
        AddIndexBeside(
            model_name="installation",
            index=models.Index(
                fields=[
                    *("application", "-installed_at", "-id"),
                    *("version", "state", "waits_until", "first_exchange_at"),
                ],
                condition=models.Q(("first_exchange_at__isnull", True)),
                name="installations_not_connected",
            ),
        ),
        RemoveIndexBeside(model_name="installation", name="installations_silent_of_app"),
    ]
