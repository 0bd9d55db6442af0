from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("linnapp", "0005_timeline_kinds_are_registered")]

    operations = [
        migrations.CreateModel(
            name="KnockCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(editable=False, max_length=64, unique=True)),
                ("limit", models.CharField(max_length=40)),
                ("count", models.PositiveIntegerField()),
                ("ends_at", models.DateTimeField(db_index=True)),
            ],
            options={"verbose_name": "count of attempts", "verbose_name_plural": "counts of attempts"},
        ),
    ]
