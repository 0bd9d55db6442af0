"""Who wants no mail about updates is kept with whatever other mail somebody does not want."""

from typing import Any

from django.db import migrations


def move(apps: Any, editor: Any) -> None:
    mailings, refusals = apps.get_model("installs", "UpdateMailing"), apps.get_model("linnapp", "MailRefusal")
    stopped = mailings.objects.exclude(stopped_at=None).values_list("user_id", flat=True)
    refusals.objects.bulk_create(
        (refusals(user_id=user, kind="UPDATES", account=None) for user in stopped), batch_size=500
    )


def move_back(apps: Any, editor: Any) -> None:
    mailings, refusals = apps.get_model("installs", "UpdateMailing"), apps.get_model("linnapp", "MailRefusal")
    for refusal in refusals.objects.filter(kind="UPDATES", account=None).select_related("user"):
        mailings.objects.update_or_create(user=refusal.user, defaults={"stopped_at": refusal.user.date_joined})


class Migration(migrations.Migration):
    dependencies = [
        ("installs", "0026_connector_checks_by_state"),
        ("linnapp", "0026_people_who_leave_and_mails_they_want"),
    ]

    operations = [
        migrations.RunPython(move, move_back),
        migrations.RemoveField(model_name="updatemailing", name="stopped_at"),
    ]
