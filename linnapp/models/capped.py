"""Counts that end: of ten thousand and more nobody asks how many they are, and a database reads each one to know."""

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, models
from django.db.models.expressions import RawSQL

MOST_COUNTED = 10_000


class CountUpTo(models.Subquery):
    """How many rows there are to each row of a query, which they refer to by OuterRef; one more than `most` for any
    larger number. All of them where `most` is None."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) capped)"
    output_field = models.IntegerField()

    def __init__(self, rows: models.QuerySet[Any], most: int | None = MOST_COUNTED) -> None:
        super().__init__(_bare(rows)[: None if most is None else most + 1])


def count_up_to(rows: models.QuerySet[Any], most: int = MOST_COUNTED) -> int:
    """How many these are; one more than `most` for any larger number."""
    bare = _bare(rows)[: most + 1]
    try:
        statement, values = bare.query.get_compiler(using=bare.db).as_sql()
    except EmptyResultSet:
        return 0
    # Not by `count()`, which asks for the key again.
    with connections[bare.db].cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM ({statement}) capped", values)
        return int(cursor.fetchone()[0])


def _bare(rows: models.QuerySet[Any]) -> models.QuerySet[Any, Any]:
    """A one for each: for its key, or what is told beside it, SQLite reads each row and not only an index."""
    query = rows.query
    if query.distinct or query.combinator or query.group_by is not None:
        return rows.order_by().values("pk")
    return rows.order_by().values_list(RawSQL("1", ()))
