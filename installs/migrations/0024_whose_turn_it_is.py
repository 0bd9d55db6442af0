from django.conf import settings
from django.db import migrations, models

from linnapp.migrations._beside import AddIndexBeside, RemoveIndexBeside


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("installs", "0023_sessions_of_secret"),
        ("linnapp", "0017_one_spelling_of_names"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AddIndexBeside(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(
                    ("next_attempt_at__isnull", False),
                    ("state", "DUE"),
                    models.Q(("number", None), ("tried__gt", 0), _connector="OR"),
                ),
                fields=["application", "event", "next_attempt_at", "created_at", "number"],
                name="deliveries_in_turn",
            ),
        ),
        AddIndexBeside(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("number__isnull", False), ("state", "DUE"), ("tried", 0)),
                fields=["application", "subject", "number"],
                name="deliveries_first_events",
            ),
        ),
        RemoveIndexBeside(
            model_name="delivery",
            name="deliveries_urgent",
        ),
    ]
