"""A filter of a list by what pages show."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest


class StateFilter(admin.SimpleListFilter):
    """By the state that pages show, which is no field of its own."""

    title = "state"
    parameter_name = "shown"
    conditions: ClassVar[dict[str, Q]] = {}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(word, word) for word in self.conditions]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(self.conditions.get(self.value() or "", Q()))
