from typing import Any, TypeVar, cast

from django.db import models

AnyQuerySet = TypeVar("AnyQuerySet", bound=models.QuerySet[Any])


def manager_of(queryset: type[AnyQuerySet]) -> AnyQuerySet:
    """A manager with the words of a queryset, typed as what it acts like: what it returns is such a queryset."""
    return cast(AnyQuerySet, queryset.as_manager())
