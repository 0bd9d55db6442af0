from typing import Any

from django.db import migrations, models, transaction

from linnapp.migrations._beside import AddIndexBeside

ROWS_AT_ONCE = 2000


def note_use(apps: Any, editor: Any) -> None:
    """Of accounts on which something was installed, or of what they make: a few at a time, so that nobody waits for all
    of them. They are held first, as by whoever moves an application away from one."""
    account, row = apps.get_model("linnapp", "account"), apps.get_model("installs", "installation")
    using = editor.connection.alias
    rows = account._base_manager.using(using).order_by("pk")
    made = row._base_manager.using(using)
    on, of = (made.filter(**{path: models.OuterRef("pk")}) for path in ("account", "application__account"))
    keys = list(rows.values_list("pk", flat=True)[:ROWS_AT_ONCE])
    while keys:
        with transaction.atomic(using=using):
            list(rows.select_for_update(no_key=True).filter(pk__in=keys).values_list("pk"))
            used = rows.filter(models.Exists(on) | models.Exists(of), pk__in=keys, used_at=None).order_by()
            used.update(used_at=models.F("created_at"))
        keys = list(rows.filter(pk__gt=keys[-1]).values_list("pk", flat=True)[:ROWS_AT_ONCE])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("linnapp", "0035_accounts_that_may_be_unowned"),
        ("installs", "0032_few_of_many"),
    ]

    operations = [
        AddIndexBeside(
            model_name="session",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", False)),
                fields=["end", "-created_at", "-id"],
                name="sessions_by_end",
            ),
        ),
        AddIndexBeside(
            model_name="refusalgroup",
            index=models.Index(condition=models.Q(("asked", "CALL")), fields=["-hour"], name="refusals_of_calls"),
        ),
        AddIndexBeside(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("event", "installed"), _negated=True),
                fields=["event", "-created_at", "id"],
                name="deliveries_by_event",
            ),
        ),
        AddIndexBeside(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("kind", "event")), fields=["-created_at", "id"], name="deliveries_newest_events"
            ),
        ),
        migrations.RunPython(note_use, migrations.RunPython.noop),
    ]
