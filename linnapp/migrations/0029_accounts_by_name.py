from django.db import migrations, models

from linnapp.migrations._beside import AddIndexBeside


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("linnapp", "0028_sign_ins_that_wait_end"),
    ]

    operations = [
        AddIndexBeside(
            model_name="account",
            index=models.Index(fields=["name", "id"], name="accounts_by_name"),
        ),
        AddIndexBeside(
            model_name="account",
            index=models.Index(
                condition=models.Q(("suspended_by_staff_at__isnull", False)), fields=["id"], name="accounts_suspended"
            ),
        ),
        AddIndexBeside(
            model_name="version",
            index=models.Index(
                condition=models.Q(("kind", "RELEASED"), ("withdrawn_at", None)),
                fields=["application", "major", "minor", "patch"],
                name="versions_installable",
            ),
        ),
    ]
