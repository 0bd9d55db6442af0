"""Cases that people open with support, and what is written in them."""

import uuid

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("installs", "0013_acts_of_support"),
        ("linnapp", "0014_folded_names"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HelpCase",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(choices=[("HELP", "Help"), ("REPORT", "Report")], default="HELP", max_length=10),
                ),
                ("opened_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("about", models.CharField(blank=True, max_length=80)),
                (
                    "complaint",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("NOT_AS_SAID", "It does not do what it says"),
                            ("ASKS_TOO_MUCH", "It asks for too much"),
                            ("LOOKS_LIKE_ANOTHER", "It looks like somebody else's"),
                            ("OTHER", "Something else"),
                        ],
                        max_length=20,
                    ),
                ),
                ("reference", models.CharField(blank=True, max_length=200)),
                ("sentence", models.TextField()),
                (
                    "state",
                    models.CharField(
                        choices=[("OPEN", "Open"), ("WAITING", "Waiting for the customer"), ("SOLVED", "Solved")],
                        default="OPEN",
                        max_length=10,
                    ),
                ),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
                ("assigned_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="linnapp.account"
                    ),
                ),
                (
                    "application",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="linnapp.application",
                    ),
                ),
                (
                    "assigned_to",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "installation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="installs.installation",
                    ),
                ),
                (
                    "led_to",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="installs.installation",
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "help case",
            },
        ),
        migrations.CreateModel(
            name="HelpMessage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "writer",
                    models.CharField(choices=[("ACCOUNT", "the account"), ("SUPPORT", "support")], max_length=10),
                ),
                ("text", models.TextField()),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="messages", to="installs.helpcase"
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "help message",
                "ordering": ("pk",),
            },
        ),
        migrations.AddIndex(
            model_name="helpcase",
            index=models.Index(fields=["state", "since"], name="help_cases_by_state"),
        ),
        migrations.AddIndex(
            model_name="helpcase",
            index=models.Index(fields=["account", "-opened_at"], name="help_cases_by_account"),
        ),
        migrations.AddIndex(
            model_name="helpcase",
            index=models.Index(django.db.models.functions.text.Upper("reference"), name="help_cases_by_reference"),
        ),
    ]
