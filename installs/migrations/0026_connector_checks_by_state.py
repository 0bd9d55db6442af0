from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("installs", "0024_whose_turn_it_is"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="connectorcheck",
            index=models.Index(fields=["state", "created_at"], name="checks_by_state"),
        ),
    ]
