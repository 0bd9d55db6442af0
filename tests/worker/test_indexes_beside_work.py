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

from installs import migrations

# Those before are in releases, as they are.
SINCE = "0023"
NAMES = sorted(path.stem for path in Path(migrations.__path__[0]).glob("[0-9]*.py") if path.stem >= SINCE)
OF_INDEXES = [
    name for name in NAMES if re.search(r"\b(Add|Remove)Index", Path(migrations.__path__[0], f"{name}.py").read_text())
]


def test_there_are_such_migrations() -> None:
    assert "0024_whose_turn_it_is" in OF_INDEXES


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", OF_INDEXES)
@pytest.mark.parametrize("way", [(), ("--backwards",)])
def test_each_index_is_made_and_dropped_without_a_lock(name: str, way: tuple[str, ...]) -> None:
    said = StringIO()
    call_command("sqlmigrate", "installs", name, *way, stdout=said)
    statements = re.findall(r"^(?:CREATE|DROP) INDEX.*$", said.getvalue(), re.MULTILINE)
    assert statements
    # SQLite has one writer.
    expected = statements if connection.vendor == "postgresql" else []
    assert [one for one in statements if re.match(r"\w+ INDEX CONCURRENTLY ", one)] == expected
    assert "BEGIN" not in said.getvalue()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", OF_INDEXES)
def test_each_begins_again_where_it_broke_off(name: str) -> None:
    """Here after its last operation, and everything that it does is there already."""
    migration: Any = import_module(f"installs.migrations.{name}").Migration(name, "installs")
    assert migration.atomic is False
    before = MigrationLoader(connection).project_state(("installs", name), at_end=False)
    with connection.schema_editor(atomic=False) as editor:
        migration.apply(before, editor)
    with connection.cursor() as cursor:
        indexes = {
            key
            for table in connection.introspection.table_names(cursor)
            if table.startswith("installs_")
            for key, facts in connection.introspection.get_constraints(cursor, table).items()
            if facts["index"]
        }
    added = {operation.index.name for operation in migration.operations if hasattr(operation, "index")}
    assert added <= indexes
