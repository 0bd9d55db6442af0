from django.db import migrations, models

from linnapp.migrations._beside import AddIndexBeside


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("linnapp", "0037_newest_accesses"),
    ]

    operations = [
        AddIndexBeside(
            model_name="outgoingmail",
            index=models.Index(fields=["kind", "-created_at", "-id"], name="mails_of_kind"),
        ),
    ]
