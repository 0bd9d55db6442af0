"""Kinds are registered by whose act they are: the column no longer lists them. No table changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("linnapp", "0004_store_updates_connectors")]

    operations = [
        migrations.AlterField(model_name="timelineentry", name="kind", field=models.CharField(max_length=40)),
    ]
