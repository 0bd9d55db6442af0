from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("linnapp", "0014_folded_names"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="timelineentry",
            index=models.Index(
                condition=models.Q(("kind", "EXCHANGES"), _negated=True),
                fields=["application_id", "-id"],
                name="timeline_application_acts",
            ),
        ),
        migrations.AddIndex(
            model_name="timelineentry",
            index=models.Index(
                condition=models.Q(("kind", "EXCHANGES"), _negated=True),
                fields=["subject_id", "-id"],
                name="timeline_subject_acts",
            ),
        ),
        migrations.AddIndex(
            model_name="timelineentry",
            index=models.Index(
                condition=models.Q(("application_id", None)), fields=["account_id", "-id"], name="timeline_of_accounts"
            ),
        ),
        migrations.AddIndex(
            model_name="timelineentry",
            index=models.Index(
                condition=models.Q(("side", "STAFF")), fields=["account_id", "-id"], name="timeline_staff_account"
            ),
        ),
        migrations.AddIndex(
            model_name="timelineentry",
            index=models.Index(
                condition=models.Q(("side", "STAFF")),
                fields=["application_id", "-id"],
                name="timeline_staff_application",
            ),
        ),
    ]
