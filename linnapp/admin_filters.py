"""Filters of the admin's lists: by what pages show, and by when."""

from collections.abc import Sequence, Set
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

DAY = "day"


class StateFilter(admin.SimpleListFilter):
    """By the state that pages show, which is no field of its own."""

    title = "state"
    parameter_name = "shown"
    conditions: ClassVar[dict[str, Q]] = {}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(word, word) for word in self.conditions]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(self.conditions.get(self.value() or "", Q()))


class FewFilter(admin.ChoicesFieldListFilter):
    """By a field of which most rows have one of the values of `most`, and the others an index of their own with this
    `condition`. Where only others are chosen it stands beside the choice: SQLite finds the index by nothing else. With
    `says_all` it stands for the choice, which would lead SQLite to another index."""

    most: ClassVar[Set[str]]
    condition: ClassVar[Q]
    says_all: ClassVar[bool] = False

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        found, chosen = super().queryset(request, queryset), list(self.lookup_val or ())
        are_few = bool(chosen) and self.most.isdisjoint(chosen)
        if found is None or not are_few:
            return found
        are_choices = {value for value, _ in self.field.flatchoices}.issuperset(chosen)
        stands_alone = self.says_all and are_choices and len(self.used_parameters) == 1
        return (queryset if stands_alone else found).filter(self.condition)


def since_day(now: datetime | None = None, *, whole_hours: bool = False) -> datetime:
    """24 hours ago; with `whole_hours` the beginning of that hour, for rows that stand for an hour each."""
    begin = (now or timezone.now()) - timedelta(hours=24)
    return begin.replace(minute=0, second=0, microsecond=0) if whole_hours else begin


class SinceFilter(admin.SimpleListFilter):
    """What came in the last 24 hours. `field` holds the moment of a row, by which the newest of them are listed first:
    in another order a database reads on past all that came, to see that there is no more."""

    title = "when"
    parameter_name = "since"
    field: ClassVar[str]
    whole_hours: ClassVar[bool] = False

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(DAY, "Last 24 hours")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() != DAY:
            return queryset
        return queryset.filter(**{f"{self.field}__gte": since_day(whole_hours=self.whole_hours)})

    @classmethod
    def order(cls, request: HttpRequest, usual: Sequence[Any]) -> Sequence[Any]:
        """That of the list, where it is narrowed by this; `usual` is what it has otherwise."""
        newest = f"-{cls.field}"
        is_by_moment = request.GET.get(cls.parameter_name) != DAY or newest in usual
        return usual if is_by_moment else (newest, "-pk")
