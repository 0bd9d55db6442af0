from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("linnapp", "0008_staff_access")]

    operations = [
        migrations.AddField(
            model_name="account",
            name="suspended_by_staff_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="account",
            name="suspension_reason",
            field=models.TextField(blank=True, help_text="Read by the people of the account."),
        ),
    ]
