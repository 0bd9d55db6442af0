from typing import Any

from django.db import migrations, models

from linnapp.migrations._beside import AddIndexBeside

ROWS_AT_ONCE = 2000


def note_owners(apps: Any, editor: Any) -> None:
    """Of accounts that have one: a few at a time, so that nobody waits for all of them."""
    account, seat = apps.get_model("linnapp", "account"), apps.get_model("linnapp", "membership")
    using = editor.connection.alias
    rows = account._base_manager.using(using).order_by("pk")
    owners = seat._base_manager.using(using).filter(role="OWNER", account=models.OuterRef("pk"))
    keys = list(rows.values_list("pk", flat=True)[:ROWS_AT_ONCE])
    while keys:
        owned = rows.filter(models.Exists(owners), pk__in=keys, owned_at=None).order_by()
        owned.update(owned_at=models.F("created_at"))
        keys = list(rows.filter(pk__gt=keys[-1]).values_list("pk", flat=True)[:ROWS_AT_ONCE])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("linnapp", "0034_notes_of_accounts"),
    ]

    operations = [
        migrations.RunPython(note_owners, migrations.RunPython.noop),
        AddIndexBeside(
            model_name="account",
            index=models.Index(
                condition=models.Q(("owned_at__isnull", True)), fields=["name", "id"], name="accounts_never_owned"
            ),
        ),
        AddIndexBeside(
            model_name="account",
            index=models.Index(
                condition=models.Q(("used_at__isnull", True)), fields=["name", "id"], name="accounts_never_used"
            ),
        ),
        AddIndexBeside(
            model_name="account",
            index=models.Index(fields=["-created_at", "-id"], name="accounts_newest"),
        ),
        AddIndexBeside(
            model_name="membership",
            index=models.Index(
                condition=models.Q(("role", "DEVELOPER")), fields=["-id"], name="memberships_of_developers"
            ),
        ),
        AddIndexBeside(
            model_name="membership",
            index=models.Index(fields=["-created_at", "-id"], name="memberships_newest"),
        ),
        AddIndexBeside(
            model_name="outgoingmail",
            index=models.Index(
                condition=models.Q(("state", "WAITING"), models.Q(("said", ""), _negated=True)),
                fields=["state", "-created_at", "-id"],
                name="mails_in_vain",
            ),
        ),
        AddIndexBeside(
            model_name="user",
            index=models.Index(fields=["name", "-date_joined", "-id"], name="people_by_name"),
        ),
        AddIndexBeside(
            model_name="user",
            index=models.Index(
                condition=models.Q(("is_staff", True)), fields=["-date_joined", "-id"], name="people_of_staff"
            ),
        ),
        AddIndexBeside(
            model_name="user",
            index=models.Index(
                condition=models.Q(("is_superuser", True)), fields=["-date_joined", "-id"], name="people_superusers"
            ),
        ),
        AddIndexBeside(
            model_name="user",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True), ("is_active", False)),
                fields=["-date_joined", "-id"],
                name="people_switched_off",
            ),
        ),
    ]
