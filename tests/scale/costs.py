"""What a statement reads, by the database's own account and never by a clock.

On PostgreSQL rows of tables that grow, as the plan that was carried out tells them: those that were found, and those
that were read and left out. On SQLite steps of the machine that carries a statement out, at least three for each row
that it looks at.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection

STEPS_AT_ONCE = 20
# Of SQLite: how many rows a whole table has it asks by one step, which reads all pages of the table.
COUNTS_ALL = "Count"
LEFT_OUT = ("Rows Removed by Filter", "Rows Removed by Index Recheck")


@dataclass(frozen=True)
class Statement:
    sql: str
    params: Any

    @property
    def key(self) -> str:
        return f"{self.sql} {self.params!r}"

    @property
    def reads(self) -> bool:
        return self.sql.lstrip("( ").startswith(("SELECT", "WITH"))

    @property
    def is_of_a_savepoint(self) -> bool:
        return self.sql.startswith(("SAVEPOINT", "RELEASE"))


@contextmanager
def watched() -> Iterator[list[Statement]]:
    """The statements that are sent meanwhile, but for savepoints."""
    sent = list[Statement]()

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        statement = Statement(sql, params)
        if not statement.is_of_a_savepoint:
            sent.append(statement)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield sent


def cost(statement: Statement, tables: Collection[str]) -> int:
    """What it reads, in rows or in steps; asked once more for that."""
    return _rows(statement, tables) if connection.vendor == "postgresql" else _steps(statement)


def counts_a_whole_table(statement: Statement, tables: Collection[str]) -> bool:
    """One of these, in SQLite, by one step, whatever the table holds."""
    if connection.vendor == "postgresql" or "COUNT(" not in statement.sql:
        return False
    if not any(f'"{table}"' in statement.sql for table in tables):
        return False
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement.sql}", statement.params)
        return any(row[1] == COUNTS_ALL for row in cursor.fetchall())


def plan(statement: Statement) -> str:
    explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {statement.sql}", statement.params)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def _steps(statement: Statement) -> int:
    taken = 0

    def step() -> None:
        nonlocal taken
        taken += STEPS_AT_ONCE

    connection.connection.set_progress_handler(step, STEPS_AT_ONCE)
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, statement.params)
            cursor.fetchall()
    finally:
        connection.connection.set_progress_handler(None, 0)
    return taken


def _rows(statement: Statement, tables: Collection[str]) -> int:
    """Of the table of which most are read."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement.sql}", statement.params)
        answer = cursor.fetchone()[0]
    told = json.loads(answer) if isinstance(answer, str) else answer
    read = Counter[str]()
    for node in _nodes(told[0]["Plan"]):
        if node.get("Relation Name") in tables or node["Node Type"] == "Bitmap Index Scan":
            each = node["Actual Rows"] + sum(node.get(name, 0) for name in LEFT_OUT)
            read[node.get("Relation Name") or node["Index Name"]] += round(each * node["Actual Loops"])
    return max(read.values(), default=0)


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("Plans", ()):
        yield from _nodes(inner)
