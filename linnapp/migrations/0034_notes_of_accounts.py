from django.db import migrations, models


class Migration(migrations.Migration):
    """Apart from what is noted in them, which may break off and is begun again."""

    dependencies = [
        ("linnapp", "0033_words_of_the_timeline_in_sqlite"),
    ]

    operations = [
        migrations.AddField(
            model_name="account",
            name="owned_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="first had an Owner"),
        ),
        migrations.AddField(
            model_name="account",
            name="used_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="first used"),
        ),
    ]
