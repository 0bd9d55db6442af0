from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

NAMES = {
    "look_into_accounts": "Can open accounts to look, with a reason",
    "work_in_accounts": "Can open accounts to work, with a reason",
}
KINDS = [
    ("INVITATION", "Invitation"),
    ("CONFIRMATION", "Confirmation of an address"),
    ("PASSWORD", "Link for a new password"),
    ("SIGN_IN", "Sign-in"),
    ("NOTICE", "Notice"),
    ("UPDATES", "Available updates"),
    ("POSTBACKS", "Postbacks and events"),
    ("HELP", "Answers from support"),
    ("CASES", "Support cases"),
    ("OTHER", "Other"),
]


def rename_permissions(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Django names a permission when it makes it, and never again."""
    permissions = apps.get_model("auth", "Permission").objects
    for codename, name in NAMES.items():
        permissions.filter(content_type__app_label="linnapp", codename=codename).update(name=name)


class Migration(migrations.Migration):
    """Words that people read; no table changes."""

    dependencies = [
        ("linnapp", "0039_mails_and_suspended_accounts_in_order"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="staffaccess",
            options={
                "permissions": (
                    ("look_into_accounts", "Can open accounts to look, with a reason"),
                    ("work_in_accounts", "Can open accounts to work, with a reason"),
                    ("reveal_credentials", "Can reveal secrets and permanent tokens while working in an account"),
                ),
                "verbose_name": "staff access",
                "verbose_name_plural": "staff accesses",
            },
        ),
        migrations.AlterField(
            model_name="account",
            name="slug",
            field=models.SlugField(
                help_text="Part of the address of every page of the account.", max_length=60, unique=True
            ),
        ),
        migrations.AlterField(
            model_name="application",
            name="description",
            field=models.TextField(
                blank=True,
                help_text="People who install the application see it, and it is in the store.",
                max_length=2000,
            ),
        ),
        migrations.AlterField(
            model_name="outgoingmail",
            name="ended_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="sent or failed"),
        ),
        migrations.AlterField(
            model_name="outgoingmail",
            name="kind",
            field=models.CharField(choices=KINDS, default="OTHER", editable=False, max_length=20, verbose_name="about"),
        ),
        migrations.AlterField(
            model_name="mailrefusal",
            name="kind",
            field=models.CharField(choices=KINDS, max_length=20),
        ),
        migrations.RunPython(rename_permissions, migrations.RunPython.noop),
    ]
