import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("installs", "0009_connector_revisions"),
    ]

    operations = [
        migrations.AddField(
            model_name="permanenttoken",
            name="replaces",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="installs.permanenttoken",
            ),
        ),
        migrations.AddField(
            model_name="permanenttoken",
            name="ended_by_use",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddIndex(
            model_name="permanenttoken",
            index=models.Index(
                condition=models.Q(("replaces__isnull", False)),
                fields=["replaces"],
                name="permanent_tokens_replacing",
            ),
        ),
        migrations.AlterField(
            model_name="session",
            name="end",
            field=models.CharField(
                blank=True,
                choices=[
                    ("EXPIRED", "Not used for too long"),
                    ("REPLACED", "Too many sessions: the least recently used ended"),
                    ("SUSPENDED", "Suspended"),
                    ("UNINSTALLED", "Uninstalled"),
                    ("FAILED", "The installation failed"),
                    ("SECRET_RETIRED", "The Application Secret was retired"),
                    ("TOKEN_ENDED", "The permanent token was replaced"),
                    ("BY_HAND", "Ended by hand"),
                    ("APPLICATION_RETIRED", "The application was retired"),
                ],
                max_length=20,
            ),
        ),
    ]
