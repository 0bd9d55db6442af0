"""Names of connectors stand folded beside them, with an index of trigrams; refusals are found by address."""

from typing import Any

from django.db import migrations, models

from linnapp.models.folded import FoldedField, make_findable


def fold(apps: Any, editor: Any) -> None:
    make_findable(editor.connection, apps.get_model("installs", "Connector"))


class Migration(migrations.Migration):
    dependencies = [("installs", "0011_explained_refusals")]

    operations = [
        migrations.AddField(model_name="connector", name="name_folded", field=FoldedField(of="name")),
        migrations.AddIndex(
            model_name="refusalgroup",
            index=models.Index(fields=["address", "-hour"], name="refusals_by_address"),
        ),
        migrations.RunPython(fold, migrations.RunPython.noop),
    ]
