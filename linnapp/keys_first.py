"""Rows of a page by their keys, where the order is that of another table's column."""

from typing import Any

from django.db.models import QuerySet


def first_of(found: QuerySet[Any], most: int, *, of: QuerySet[Any]) -> list[Any]:
    """The first of what was found among the rows `of`. All that is found is joined before the first is known: by keys
    alone then, and these rows with all that they show."""
    if "__" not in str(found.query.order_by[0]):
        return list(found[:most])
    keys = found.prefetch_related(None).values_list("pk", flat=True)[:most]
    # In the order of the keys: a name may have changed since.
    rows = of.in_bulk(list(keys))
    return [rows[key] for key in keys if key in rows]
