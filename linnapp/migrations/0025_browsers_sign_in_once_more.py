from django.db import migrations


class Migration(migrations.Migration):
    """Of a browser that signed in before this release no list tells, and nobody could sign it out."""

    dependencies = [
        ("linnapp", "0024_who_needs_a_second_factor"),
        ("sessions", "0001_initial"),
        ("usersessions", "0001_initial"),
    ]

    operations = [migrations.RunSQL("DELETE FROM django_session", migrations.RunSQL.noop)]
