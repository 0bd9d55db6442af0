import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from linnapp.models.people import SUPPORT_GROUP

PERMISSIONS = (
    ("look_into_accounts", "Can look into accounts, with a reason"),
    ("work_in_accounts", "Can work in accounts, with a reason"),
    ("reveal_credentials", "Can reveal secrets and permanent tokens while working in an account"),
)


def let_support_look(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Django makes permissions after all migrations: this one is made here."""
    model = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="linnapp", model="staffaccess"
    )
    codename, name = PERMISSIONS[0]
    permissions = apps.get_model("auth", "Permission").objects
    look, _ = permissions.get_or_create(content_type=model[0], codename=codename, defaults={"name": name})
    for group in apps.get_model("auth", "Group").objects.filter(name=SUPPORT_GROUP):
        group.permissions.add(look)


class Migration(migrations.Migration):
    dependencies = [
        ("linnapp", "0007_withdrawn_versions"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="StaffAccess",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("purpose", models.CharField(choices=[("LOOK", "to look"), ("WORK", "to work")], max_length=10)),
                ("reason", models.TextField(max_length=2000)),
                ("begun_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ends_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="staff_accesses",
                        to="linnapp.account",
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "staff access",
                "verbose_name_plural": "staff accesses",
                "permissions": PERMISSIONS,
                "indexes": [
                    models.Index(fields=["person", "ends_at"], name="accesses_of_person"),
                    models.Index(fields=["account", "begun_at"], name="accesses_to_account"),
                ],
            },
        ),
        migrations.RunPython(let_support_look, migrations.RunPython.noop),
    ]
