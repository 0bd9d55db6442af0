import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from linnapp.models.people import SUPPORT_GROUP

PERMISSIONS = (
    ("suspend_for_support", "Can suspend installations in the support console"),
    ("resume_for_support", "Can resume installations in the support console"),
    ("end_sessions_for_support", "Can end sessions in the support console"),
    ("redeliver_for_support", "Can send an installation's postbacks again in the support console"),
    ("replay_for_support", "Can replay an application's failed postbacks in the support console"),
    ("rotate_for_support", "Can rotate permanent tokens in the support console"),
    ("end_old_token_for_support", "Can end old permanent tokens in the support console"),
    ("tell_developer_for_support", "Can write to developers from the support console"),
    ("tell_customer_for_support", "Can write to customers from the support console"),
)
# What stops a customer's client program is given to support by hand.
NOT_BY_DEFAULT = ("suspend_for_support", "end_old_token_for_support")


def let_support_act(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Django makes permissions after all migrations: these are made here."""
    model = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="installs", model="installation"
    )[0]
    permissions = apps.get_model("auth", "Permission").objects
    made = [
        permissions.get_or_create(content_type=model, codename=codename, defaults={"name": name})[0]
        for codename, name in PERMISSIONS
    ]
    for group in apps.get_model("auth", "Group").objects.filter(name=SUPPORT_GROUP):
        group.permissions.add(*(permission for permission in made if permission.codename not in NOT_BY_DEFAULT))


class Migration(migrations.Migration):
    dependencies = [
        ("installs", "0012_folded_names"),
        ("linnapp", "0014_folded_names"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="installation",
            options={"permissions": PERMISSIONS},
        ),
        migrations.CreateModel(
            name="CaseAssignment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("note", models.TextField(blank=True, max_length=2000)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "assigned_to",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "installation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="assignment",
                        to="installs.installation",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["assigned_to", "-at"], name="cases_of_person"),
                    models.Index(fields=["at"], name="cases_by_age"),
                ],
            },
        ),
        migrations.CreateModel(
            name="StaffNote",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("text", models.TextField(max_length=4000)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="linnapp.account",
                    ),
                ),
                (
                    "application",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="linnapp.application",
                    ),
                ),
                (
                    "by",
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
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="installs.installation",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["at"], name="staff_notes_by_age"),
                    models.Index(
                        condition=models.Q(("installation__isnull", False)),
                        fields=["installation", "-at"],
                        name="staff_notes_of_installation",
                    ),
                    models.Index(
                        condition=models.Q(("application__isnull", False)),
                        fields=["application", "-at"],
                        name="staff_notes_of_application",
                    ),
                    models.Index(
                        condition=models.Q(("account__isnull", False)),
                        fields=["account", "-at"],
                        name="staff_notes_of_account",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("account", None), ("application", None), ("installation__isnull", False)),
                            models.Q(("account", None), ("application__isnull", False), ("installation", None)),
                            models.Q(("account__isnull", False), ("application", None), ("installation", None)),
                            _connector="OR",
                        ),
                        name="a_staff_note_is_on_one_thing",
                    )
                ],
            },
        ),
        migrations.RunPython(let_support_act, migrations.RunPython.noop),
    ]
