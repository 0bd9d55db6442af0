"""Writes down what SQLite plans by in every portal: what ANALYZE finds in a database of many installations."""

from django.apps import apps
from django.db import connection

from linnapp.models import sqlite_statistics
from linnapp.models.folded import folded_fields

# ANALYZE tells nothing of an index over some rows that are none here: it is told to have few, or SQLite would take it
# to hold half of the table.
FEW = 100
OF_SOME_ROWS = """
SELECT m.tbl_name, m.name, (SELECT COUNT(*) FROM pragma_index_info(m.name)) FROM sqlite_master m
WHERE m.type = 'index' AND m.sql LIKE '% WHERE %'
"""
# What has fewer rows here says nothing about a large portal.
FEWEST = 10
# Tables with more rows are all told to be equally large: of one that is smaller than another SQLite reads every row
# first, for a Bloom filter, and the page that was asked for ends after fifty.
MOST_READ, LARGE = 10_000, 200_000


def write() -> None:
    """Of the database of the settings, which plans by them from then on."""
    models = apps.get_models(include_auto_created=True)
    tables = {model._meta.db_table for model in models}
    tables |= {f"{model._meta.db_table}_keys" for model in models if folded_fields(model)}
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute(sqlite_statistics.FOUND)
        found = [row for row in cursor.fetchall() if row[0] in tables]
        cursor.execute(OF_SOME_ROWS)
        partial = cursor.fetchall()
    rows: dict[str, int] = {}
    for table, _, stat in found:
        rows[table] = max(rows.get(table, 0), int(stat.split()[0]))
    told = [(*row[:2], alike(row[2], rows[row[0]])) for row in found if rows[row[0]] >= FEWEST]
    named = {row[1] for row in told}
    for table, index, columns in partial:
        if index not in named and rows.get(table, 0) > MOST_READ:
            told.append((table, index, " ".join([str(FEW), *("1" for _ in range(columns))])))
    sqlite_statistics.FIGURES.write_text("".join(f"{'|'.join(row)}\n" for row in sorted(told)))
    sqlite_statistics.tell(connection)


def alike(stat: str, rows: int) -> str:
    """Of an index over some rows of its table it is said how few they are."""
    first, *others = stat.split()
    return " ".join([str(LARGE) if rows > MOST_READ and int(first) == rows else first, *others])
