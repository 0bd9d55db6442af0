"""A release that brings an index keeps nobody waiting while it is made, and goes on where it broke off."""

import re
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from installs import migrations as of_installs
from linnapp import migrations as of_linnapp

# Those before are in releases, as they are.
SINCE = {"installs": "0023", "linnapp": "0027"}
FOLDERS = {"installs": Path(of_installs.__path__[0]), "linnapp": Path(of_linnapp.__path__[0])}
OF_INDEXES = [
    (app, path.stem)
    for app, folder in FOLDERS.items()
    for path in sorted(folder.glob("[0-9]*.py"))
    if path.stem >= SINCE[app] and re.search(r"\b(Add|Remove)Index", path.read_text())
]


def test_there_are_such_migrations() -> None:
    assert ("installs", "0024_whose_turn_it_is") in OF_INDEXES
    assert ("linnapp", "0035_accounts_that_may_be_unowned") in OF_INDEXES


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("app", "name"), OF_INDEXES)
@pytest.mark.parametrize("way", [(), ("--backwards",)])
def test_each_index_is_made_and_dropped_without_a_lock(app: str, name: str, way: tuple[str, ...]) -> None:
    said = StringIO()
    call_command("sqlmigrate", app, name, *way, stdout=said)
    statements = re.findall(r"^(?:CREATE|DROP) INDEX.*$", said.getvalue(), re.MULTILINE)
    assert statements
    # SQLite has one writer.
    expected = statements if connection.vendor == "postgresql" else []
    assert [one for one in statements if re.match(r"\w+ INDEX CONCURRENTLY ", one)] == expected
    assert "BEGIN" not in said.getvalue()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("app", "name"), OF_INDEXES)
def test_each_begins_again_where_it_broke_off(app: str, name: str) -> None:
    """Here after its last operation, and everything that it does is there already."""
    migration: Any = import_module(f"{app}.migrations.{name}").Migration(name, app)
    assert migration.atomic is False
    before = MigrationLoader(connection).project_state((app, name), at_end=False)
    with connection.schema_editor(atomic=False) as editor:
        migration.apply(before, editor)
    with connection.cursor() as cursor:
        indexes = {
            key
            for table in connection.introspection.table_names(cursor)
            if table.startswith(f"{app}_")
            for key, facts in connection.introspection.get_constraints(cursor, table).items()
            if facts["index"]
        }
    added = {operation.index.name for operation in migration.operations if hasattr(operation, "index")}
    assert added <= indexes
