"""What people typed before there was one rule for it: names are composed, and lose what cannot stand in one; addresses
get their domain as mail servers write it. Names that stand in the timeline stay as they were told."""

from functools import partial
from typing import Any

from django.db import migrations

from linnapp import mail_addresses, names
from linnapp.folding import folded

UNNAMED = "Unnamed"
NAMED = {"user": "name", "account": "name", "application": "name"}
ADDRESSED = {("linnapp", "account"): "contact_email", ("linnapp", "invitation"): "email"}


def repaired(name: str, most: int) -> str:
    """In `most` characters: composing makes some names longer."""
    text = names.cut(names.as_line(names.without_faults(" ".join(name.split()))), most)
    return text if names.is_seen(text) else UNNAMED


def change(rows: Any, field: str, spelled: Any) -> None:
    """Each that is spelled otherwise, with its folded column."""
    is_folded = any(one.name == f"{field}_folded" for one in rows.model._meta.get_fields())
    for key, text in odd(rows, field):
        if (wanted := spelled(text)) != text:
            values = {field: wanted} | ({f"{field}_folded": folded(wanted)} if is_folded else {})
            rows.filter(pk=key).update(**values)


def odd(rows: Any, field: str) -> list[tuple[Any, str]]:
    found = rows.order_by("pk").values_list("pk", field)
    return [(key, text) for key, text in found if not (text.isascii() and text.isprintable())]


def spell_names(apps: Any, editor: Any) -> None:
    for model, field in NAMED.items():
        rows = apps.get_model("linnapp", model)._base_manager.all()
        change(rows, field, partial(repaired, most=rows.model._meta.get_field(field).max_length))


def spell_addresses(apps: Any, editor: Any) -> None:
    for (app, model), field in ADDRESSED.items():
        change(apps.get_model(app, model)._base_manager.all(), field, mail_addresses.spelled)
    both = [apps.get_model(*name)._base_manager.all() for name in (("linnapp", "user"), ("account", "emailaddress"))]
    moved = targets(rows.values_list("email", flat=True) for rows in both)
    for rows in both:
        change(rows, "email", lambda text: moved.get(text, text))


def targets(columns: Any) -> dict[str, str]:
    """What becomes of each address. One that would be another person's stays: nobody's mail goes to somebody else."""
    taken = {text for column in columns for text in column}
    moved: dict[str, str] = {}
    for text in sorted(taken):
        wanted = mail_addresses.spelled(text).lower()
        # Small letters of what is no address may be more than there were.
        if len(wanted) <= mail_addresses.LONGEST and wanted not in taken and wanted not in moved.values():
            moved[text] = wanted
    return moved


class Migration(migrations.Migration):
    dependencies = [
        ("account", "0009_emailaddress_unique_primary_email"),
        ("linnapp", "0016_what_a_person_of_staff_did"),
    ]

    operations = [
        migrations.RunPython(spell_names, migrations.RunPython.noop),
        migrations.RunPython(spell_addresses, migrations.RunPython.noop),
    ]
