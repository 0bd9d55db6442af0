from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("linnapp", "0018_outgoing_mails"),
    ]

    operations = [
        migrations.AddField(
            model_name="knockcount",
            name="daily",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
