from django.conf import settings
from django.db import migrations, models

from linnapp.migrations._beside import AddIndexBeside


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("installs", "0024_whose_turn_it_is"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AddIndexBeside(
            model_name="connectorcheck",
            index=models.Index(fields=["state", "created_at"], name="checks_by_state"),
        ),
    ]
