from django.db import migrations, models

from linnapp.migrations._beside import AddIndexBeside, RemoveIndexBeside


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("installs", "0031_refusals_by_part_of_text"),
    ]

    operations = [
        AddIndexBeside(
            model_name="installation",
            index=models.Index(
                fields=["application", "first_exchange_at"],
                condition=models.Q(("first_exchange_at__isnull", False)),
                name="installations_connected",
            ),
        ),
        RemoveIndexBeside(model_name="installation", name="installations_by_first"),
        AddIndexBeside(
            model_name="delivery",
            index=models.Index(
                fields=["-created_at", "id"],
                condition=models.Q(("state__in", ("DUE", "HELD"))),
                name="deliveries_waiting",
            ),
        ),
    ]
