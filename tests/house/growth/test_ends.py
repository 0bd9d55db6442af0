"""Each table has an end, or a reason to have none, that the operator reads."""

from django.apps import apps

from tests.kit.portal import ROOT

SECTION = (ROOT / "docs/running.md").read_text().partition("## What ends, and when")[2].partition("\n## ")[0]
# Filled by the code, and by it alone.
FIXED = {"auth_permission", "auth_group", "django_content_type", "account_emailconfirmation"}


def test_every_table_stands_in_what_ends() -> None:
    tables = {model._meta.db_table for model in apps.get_models()} - FIXED
    assert [table for table in sorted(tables) if f"`{table}`" not in SECTION] == []
