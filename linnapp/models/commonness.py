"""Whether so many rows have a text that the first of any list are soon met. It decides how rows are found, and never
which."""

import json
import time
from functools import lru_cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, models

# Of so few rows the keys are looked up, one by one.
FEW = 500
# Common is what more than one in so many rows has, and more than a few.
ONE_IN = 25
# Times the cost of a row that is read with its neighbours.
LOOK_UP = 3
# Asked once for all lists of a search, and again soon.
SECONDS_KNOWN = 5
MANY = f'(SELECT MAX(%s, COALESCE(MAX("id"), 0) / {ONE_IN}) FROM "{{rows}}")'
# Counted no further.
IS_COMMON = (
    'SELECT (SELECT COUNT(*) FROM (SELECT rowid FROM "{trigrams}" WHERE "{trigrams}" MATCH %s'
    f" LIMIT {MANY} + 1)) > {MANY}"
)


def are_counted_many(alias: str, *, trigrams: str, rows: str, asked: str) -> bool:
    """Of SQLite: whether many rows match this in a table of trigrams. `rows` is the table whose numbers it goes by,
    the largest of which tells how many there are."""
    return _are_counted_many(alias, trigrams, rows, asked, FEW, _moment())


def counted_about(alias: str, model: type[models.Model]) -> int:
    """Of SQLite: at most how many rows a table has that is searched, by the numbers of its keys. Nothing is counted."""
    with connections[alias].cursor() as cursor:
        cursor.execute(f'SELECT COALESCE(MAX("id"), 0) FROM "{model._meta.db_table}_keys"')
        return int(cursor.fetchone()[0])


def are_expected_many(found: models.QuerySet[Any], one_in: int = ONE_IN) -> bool:
    """Of PostgreSQL, which keeps how frequent texts are: whether it expects more than one in so many rows of the
    table among these. Nothing is read for that."""
    return _expected_of(found) > max(FEW, _expected_of(found.model._base_manager.using(found.db)) / one_in)


def is_sooner_looked_up(rows: models.QuerySet[Any], found: models.QuerySet[Any], most: int | None) -> bool:
    """Of PostgreSQL: whether of these rows one after the other is looked up, until so many belong to what was found,
    sooner than all that was found is gathered. A look-up goes through an index, which costs more."""
    expected, looked_at = _expected_of(found), _expected_of(rows)
    if most is not None:
        there = _expected_of(found.model._base_manager.using(found.db))
        looked_at = min(looked_at, most * there // max(expected, 1))
    return LOOK_UP * looked_at < expected


def _expected_of(rows: models.QuerySet[Any]) -> int:
    try:
        statement, values = rows.order_by().values("pk").query.get_compiler(using=rows.db).as_sql()
    except EmptyResultSet:
        return 0
    return _expected(rows.db, statement, tuple(values), _moment())


def _moment() -> int:
    return int(time.monotonic() / SECONDS_KNOWN)


@lru_cache(maxsize=500)
def _are_counted_many(alias: str, trigrams: str, rows: str, asked: str, few: int, moment: int) -> bool:
    with connections[alias].cursor() as cursor:
        cursor.execute(IS_COMMON.format(trigrams=trigrams, rows=rows), [asked, few, few])
        return bool(cursor.fetchone()[0])


@lru_cache(maxsize=500)
def _expected(alias: str, statement: str, values: tuple[Any, ...], moment: int) -> int:
    with connections[alias].cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", values)
        answer = cursor.fetchone()[0]
    plan = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
    return int(plan["Plan Rows"])


def forget() -> None:
    """What is known for some seconds spares a statement now and then."""
    _are_counted_many.cache_clear()
    _expected.cache_clear()
