from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("linnapp", "0019_daily_counts_of_attempts"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(fields=["expires_at"], name="invitations_by_end"),
        ),
    ]
