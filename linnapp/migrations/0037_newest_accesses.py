from django.db import migrations, models

from linnapp.migrations._beside import AddIndexBeside


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("linnapp", "0036_words_of_one_column_in_sqlite"),
    ]

    operations = [
        AddIndexBeside(
            model_name="staffaccess",
            index=models.Index(fields=["-begun_at", "-id"], name="accesses_newest"),
        ),
    ]
