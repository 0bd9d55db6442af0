"""Whether so many rows have a text that the first of any list are soon met. It decides how rows are found, and never
which."""

import time
from functools import lru_cache

from django.db import connections

# Of so few rows the keys are looked up, one by one.
FEW = 500
# Common is what more than one in so many rows has, and more than a few.
ONE_IN = 25
# Asked once for all lists of a search, and again soon.
SECONDS_KNOWN = 5
MANY = f'(SELECT MAX(%s, COALESCE(MAX("id"), 0) / {ONE_IN}) FROM "{{rows}}")'
# Counted no further.
IS_COMMON = (
    'SELECT (SELECT COUNT(*) FROM (SELECT rowid FROM "{trigrams}" WHERE "{trigrams}" MATCH %s'
    f" LIMIT {MANY} + 1)) > {MANY}"
)


def is_common(alias: str, *, trigrams: str, rows: str, asked: str) -> bool:
    """Of SQLite: whether many rows match this in a table of trigrams. `rows` is the table whose numbers it goes by,
    the largest of which tells how many there are."""
    return _is_common(alias, trigrams, rows, asked, FEW, int(time.monotonic() / SECONDS_KNOWN))


@lru_cache(maxsize=500)
def _is_common(alias: str, trigrams: str, rows: str, asked: str, few: int, moment: int) -> bool:
    with connections[alias].cursor() as cursor:
        cursor.execute(IS_COMMON.format(trigrams=trigrams, rows=rows), [asked, few, few])
        return bool(cursor.fetchone()[0])


# What is known for some seconds spares a statement now and then.
forget = _is_common.cache_clear
