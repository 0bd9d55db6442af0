"""Counts that end: of ten thousand and more nobody asks how many they are, and a database reads each one to know."""

from collections.abc import Sequence
from typing import Any, cast

from django.core.exceptions import EmptyResultSet
from django.db import connections, models
from django.db.models.expressions import RawSQL

from linnapp.models.folded import some_of_common

MOST_COUNTED = 10_000
ONE = RawSQL("1", ())


class CountUpTo(models.Subquery):
    """How many rows there are to each row of a query, which they refer to by OuterRef; one more than `most` for any
    larger number. All of them where `most` is None."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) capped)"
    output_field = models.IntegerField()

    def __init__(self, rows: models.QuerySet[Any], most: int | None = MOST_COUNTED) -> None:
        super().__init__(_bare(rows)[: None if most is None else most + 1])


def count_up_to(rows: models.QuerySet[Any], most: int = MOST_COUNTED) -> int:
    """How many these are; one more than `most` for any larger number."""
    return _count(rows.db, _statement(_bare(rows)[: most + 1]))


def count_found(rows: models.QuerySet[Any], most: int) -> int:
    """The same of rows that were found by words. Where many accounts have a word, SQLite looks for rows of the first of
    these, and only where that is not enough goes through all in the order in which they are listed."""
    if connections[rows.db].vendor == "sqlite":
        with some_of_common(2 * most) as begun:
            of_some = _statement(_bare(rows)[: most + 1])
        if begun.leads and not begun.is_near:
            found = _count(rows.db, of_some)
            if found > most:
                return found
            return _count(
                rows.db, _statement((rows.values("pk") if _has_own(rows) else rows.values_list(ONE))[: most + 1])
            )
    return count_up_to(rows, most)


def _statement(rows: models.QuerySet[Any, Any]) -> tuple[str, Sequence[Any]] | None:
    """None for one that needs no asking: there are no such rows."""
    try:
        return cast("tuple[str, Sequence[Any]]", rows.query.get_compiler(using=rows.db).as_sql())
    except EmptyResultSet:
        return None


def _count(database: str, statement: tuple[str, Sequence[Any]] | None) -> int:
    if statement is None:
        return 0
    # Not by `count()`, which asks for the key again.
    with connections[database].cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM ({statement[0]}) capped", statement[1])
        return int(cursor.fetchone()[0])


def _bare(rows: models.QuerySet[Any]) -> models.QuerySet[Any, Any]:
    """A one for each: for its key, or what is told beside it, SQLite reads each row and not only an index."""
    return rows.order_by().values("pk") if _has_own(rows) else rows.order_by().values_list(ONE)


def _has_own(rows: models.QuerySet[Any]) -> bool:
    """Whether its rows are told apart by what is read of them."""
    query = rows.query
    return bool(query.distinct or query.combinator or query.group_by is not None)
