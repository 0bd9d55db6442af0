"""What SQLite plans by: how many rows the tables of a large portal have, and how many of them share what an index is
asked for. The same in every portal, so that each list is read in one way: the one that was measured.

Written down by `python -m bench.scale figures`; each line has a table, an index and what ANALYZE found there.
"""

from pathlib import Path

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

FIGURES = Path(__file__).with_suffix(".txt")
# Makes the table of figures where there is none; SQLite plans anew from then on.
LOADED = "ANALYZE sqlite_master"
FOUND = 'SELECT "tbl", COALESCE("idx", \'\'), "stat" FROM "sqlite_stat1"'


def tell(connection: BaseDatabaseWrapper) -> None:
    """Has SQLite plan by these figures and no others; without effect where it does. Other connections do so once they
    are opened."""
    if connection.vendor != "sqlite":
        return
    wanted = read()
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'")
        if cursor.fetchone() is None:
            cursor.execute(LOADED)
        cursor.execute(FOUND)
        if sorted(cursor.fetchall()) == wanted:
            return
        cursor.execute('DELETE FROM "sqlite_stat1"')
        cursor.executemany(
            'INSERT INTO "sqlite_stat1" ("tbl", "idx", "stat") VALUES (%s, NULLIF(%s, \'\'), %s)', wanted
        )
        cursor.execute(LOADED)


def read() -> list[tuple[str, ...]]:
    lines = FIGURES.read_text().splitlines()
    return sorted(tuple(line.split("|")) for line in lines if line)
