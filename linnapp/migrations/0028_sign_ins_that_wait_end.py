from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("linnapp", "0027_forms_by_browser_and_sign_in"),
    ]

    # SQLite adds a column that may be null to the table that is there, whose triggers stay.
    operations = [
        migrations.AddField(
            model_name="user",
            name="signed_out_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="last signed out everywhere"),
        ),
    ]
