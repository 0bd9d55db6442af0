from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("linnapp", "0017_one_spelling_of_names"),
    ]

    operations = [
        migrations.AddField(
            model_name="knockcount",
            name="daily",
            field=models.BooleanField(default=False),
        ),
    ]
