from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("linnapp", "0015_timeline_indexes"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="timelineentry",
            index=models.Index(
                condition=models.Q(("side", "STAFF")), fields=["actor_id", "-id"], name="timeline_staff_person"
            ),
        ),
    ]
