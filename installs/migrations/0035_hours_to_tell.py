from django.db import migrations, models

from linnapp.migrations._beside import AddIndexBeside, RemoveIndexBeside


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("installs", "0034_words_of_one_column_in_sqlite"),
    ]

    operations = [
        AddIndexBeside(
            model_name="exchangehour",
            index=models.Index(
                fields=["hour", "application", "id"],
                condition=models.Q(("told", False)),
                name="exchange_hours_to_tell",
            ),
        ),
        RemoveIndexBeside(model_name="exchangehour", name="exchange_hours_untold"),
    ]
