"""The timeline, and what the portal keeps for itself."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from linnapp import kinds
from linnapp.admin_pages import ReadOnlyAdmin
from linnapp.models import KeyCanary, KnockCount, TimelineEntry


class KindFilter(admin.SimpleListFilter):
    """By the kinds that are registered: asking the rows for theirs would read them all."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, kind) for kind in kinds.registered()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(TimelineEntry)
class TimelineEntryAdmin(ReadOnlyAdmin):
    room = "What happened"
    list_display = ("at", "kind", "actor_name", "side", "reason", "application_id", "account_id", "subject_id")
    list_filter = ("side", KindFilter)
    search_fields = ("actor_name", "reason")
    search_ids = ("application_id", "account_id", "subject_id")
    ordering = ("-pk",)


@admin.register(KeyCanary)
class KeyCanaryAdmin(ReadOnlyAdmin):
    """Only that the row is there."""


@admin.register(KnockCount)
class KnockCountAdmin(ReadOnlyAdmin):
    exclude = ("key",)
    list_display = ("limit", "count", "ends_at")
    list_filter = ("limit",)
    ordering = ("-ends_at", "-pk")
