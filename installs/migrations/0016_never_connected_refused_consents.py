import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

NEVER_CONNECTED = models.Q(("first_exchange_at__isnull", True))


class Migration(migrations.Migration):
    dependencies = [
        ("installs", "0015_hour_lines"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="installation",
            index=models.Index(
                fields=["state", "installed_at"], condition=NEVER_CONNECTED, name="installations_silent"
            ),
        ),
        migrations.AddIndex(
            model_name="installation",
            index=models.Index(
                fields=["application", "state", "installed_at"],
                condition=NEVER_CONNECTED,
                name="installations_silent_of_app",
            ),
        ),
        migrations.AddIndex(
            model_name="refusalgroup",
            index=models.Index(
                fields=["secret_id", "-hour"],
                condition=models.Q(("secret_id__isnull", False)),
                name="refusals_by_secret",
            ),
        ),
        migrations.CreateModel(
            name="RefusedConsent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reference", models.CharField(max_length=64, unique=True)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("application_id", models.UUIDField(null=True)),
                ("account_id", models.UUIDField(null=True)),
                ("heading", models.CharField(max_length=200)),
                ("told", models.TextField(blank=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["at"], name="refused_consents_by_time"),
                    models.Index(fields=["person", "-at"], name="refused_consents_of_person"),
                ],
            },
        ),
    ]
