from django.db import migrations, models

from linnapp.migrations._beside import AddIndexBeside, RemoveIndexBeside


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("linnapp", "0038_mails_of_kind"),
    ]

    operations = [
        AddIndexBeside(
            model_name="account",
            index=models.Index(
                fields=["name", "id"],
                condition=models.Q(("suspended_by_staff_at__isnull", False)),
                name="suspended_accounts_by_name",
            ),
        ),
        AddIndexBeside(
            model_name="outgoingmail",
            index=models.Index(fields=["state", "-created_at", "-id"], name="mails_newest_by_state"),
        ),
        RemoveIndexBeside(model_name="account", name="accounts_suspended"),
    ]
