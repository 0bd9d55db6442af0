import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """By itself: what follows fills it a few rows at a time, and may begin again."""

    dependencies = [
        ("installs", "0027_updates_that_nobody_wants_by_mail"),
        ("linnapp", "0028_sign_ins_that_wait_end"),
    ]

    operations = [
        migrations.AddField(
            model_name="exchangehour",
            name="application",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="linnapp.application",
            ),
        ),
    ]
