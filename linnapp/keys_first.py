"""Rows of a page by their keys, where the order is that of another table's column."""

from typing import Any

from django.db.models import QuerySet


def first_of(found: QuerySet[Any], most: int, *, of: QuerySet[Any]) -> list[Any]:
    """The first of what was found among the rows `of`. All that is found is joined before the first is known: by keys
    alone then, and these rows with all that they show."""
    order = found.query.order_by
    if not any("__" in str(field) for field in order[:1]):
        return list(found[:most])
    keys = list(found.prefetch_related(None).values_list("pk", flat=True)[:most])
    return list(of.filter(pk__in=keys).order_by(*order))
