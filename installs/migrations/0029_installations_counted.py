from typing import Any

from django.db import migrations, models
from django.db.models.functions import Coalesce

from installs.models.installation_counts import Never
from linnapp.migrations._beside import AddIndexBeside

OWN_SUSPENSION = models.Q(
    ("suspended_by_account_at__isnull", False), ("suspended_by_staff_at__isnull", False), _connector="OR"
)
BY_USE = (models.F("application"), Coalesce("last_used_at", Never()).desc(), models.F("id").desc())


ROWS_AT_ONCE = 2000


def fill(apps: Any, editor: Any) -> None:
    """A few at a time, so that nobody who writes waits for all of them."""
    hours = apps.get_model("installs", "ExchangeHour").objects.using(editor.connection.alias)
    installed = apps.get_model("installs", "Installation").objects.filter(pk=models.OuterRef("installation_id"))
    last = hours.aggregate(last=models.Max("pk"))["last"] or 0
    for begin in range(0, last + 1, ROWS_AT_ONCE):
        some = hours.filter(pk__gt=begin, pk__lte=begin + ROWS_AT_ONCE, application=None)
        some.update(application_id=models.Subquery(installed.values("application_id")))


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("installs", "0028_hours_with_their_application"),
        ("linnapp", "0028_sign_ins_that_wait_end"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        AddIndexBeside(
            model_name="exchangehour",
            index=models.Index(fields=["application", "hour", "exchanges"], name="exchange_hours_added_up"),
        ),
        AddIndexBeside(
            model_name="delivery",
            index=models.Index(fields=["application", "host"], name="deliveries_by_host"),
        ),
        AddIndexBeside(
            model_name="delivery",
            index=models.Index(
                fields=["application", "created_at", "kind", "event", "state"], name="deliveries_counted"
            ),
        ),
        AddIndexBeside(
            model_name="installation",
            index=models.Index(
                condition=models.Q(("moved_at__isnull", False)),
                fields=["application", "-moved_at", "id"],
                name="installations_moved",
            ),
        ),
        AddIndexBeside(
            model_name="installation",
            index=models.Index(
                fields=["application", "version", "state", "waits_until"], name="installations_by_version"
            ),
        ),
        AddIndexBeside(
            model_name="installation",
            index=models.Index(*BY_USE, name="installations_by_use"),
        ),
        AddIndexBeside(
            model_name="installation",
            index=models.Index(fields=["application", "first_exchange_at"], name="installations_by_first"),
        ),
        AddIndexBeside(
            model_name="installation",
            index=models.Index(
                condition=models.Q(("uninstalled_at__isnull", False)),
                fields=["application", "uninstalled_at"],
                name="installations_ended",
            ),
        ),
        AddIndexBeside(
            model_name="installation",
            index=models.Index(
                condition=models.Q(("state__in", ("PENDING", "FAILED"))),
                fields=["application", "-installed_at"],
                name="installations_unfinished",
            ),
        ),
        AddIndexBeside(
            model_name="installation",
            index=models.Index(
                condition=OWN_SUSPENSION, fields=["application", "-installed_at"], name="installations_stopped"
            ),
        ),
    ]
