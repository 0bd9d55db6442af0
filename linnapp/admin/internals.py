"""The timeline, and what the portal keeps for itself."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from linnapp import kinds, timeline
from linnapp.actors import Side
from linnapp.admin_pages import ReadOnlyAdmin, lines
from linnapp.models import KeyCanary, KnockCount, TimelineEntry


class KindFilter(admin.SimpleListFilter):
    """By the kinds that are registered: asking the rows for theirs would read them all."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, kind.replace("_", " ").capitalize()) for kind in kinds.registered()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(TimelineEntry)
class TimelineEntryAdmin(ReadOnlyAdmin):
    room = "What happened"
    exclude = ("kind", "facts")
    readonly_fields = ("sentence", "application", "account", "told")
    list_display = ("at", "sentence", "actor_name", "side", "reason", "application", "account")
    list_filter = ("side", KindFilter)
    search_fields = ("actor_name", "reason")
    search_ids = ("application_id", "account_id", "subject_id")
    ordering = ("-pk",)

    def named(self, row: TimelineEntry) -> str:
        return f"{self.sentence(row)}, {row.at:%d %b %Y}"

    @admin.display(description="what happened", ordering="kind")
    def sentence(self, entry: TimelineEntry) -> str:
        return timeline.line(entry, Side.STAFF).sentence

    @admin.display
    def application(self, entry: TimelineEntry) -> str:
        return str(entry.facts.get("application", ""))

    @admin.display
    def account(self, entry: TimelineEntry) -> str:
        return str(entry.facts.get("account", ""))

    @admin.display(description="facts")
    def told(self, entry: TimelineEntry) -> SafeString:
        return lines(f"{name.replace('_', ' ')}: {fact}" for name, fact in entry.facts.items())


@admin.register(KeyCanary)
class KeyCanaryAdmin(ReadOnlyAdmin):
    """Only that the row is there."""


@admin.register(KnockCount)
class KnockCountAdmin(ReadOnlyAdmin):
    exclude = ("key",)
    list_display = ("limit", "count", "ends_at")
    list_filter = ("limit",)
    ordering = ("-ends_at", "-pk")
