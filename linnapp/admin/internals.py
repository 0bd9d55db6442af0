"""The timeline, and what the portal keeps for itself."""

from collections.abc import Iterable
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from linnapp import credentials, kinds, timeline
from linnapp.actors import Side
from linnapp.admin_pages import ReadOnlyAdmin, SummedList, lines
from linnapp.models import BulkChange, KeyCanary, KnockCount, TimelineEntry


class KindFilter(admin.SimpleListFilter):
    """By the kinds that are registered: asking the rows for theirs would read them all."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, kind.replace("_", " ").capitalize()) for kind in kinds.registered()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class TimelineList(SummedList):
    """A change ends before its entries do: those of a page that are there are asked for at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if cast(TimelineEntryAdmin, self.model_admin).may_see_changes(request):
            self.result_list = list(self.result_list)
            with_changes(self.result_list)


def with_changes(entries: Iterable[Any]) -> None:
    """Puts the bulk change that wrote it, while there is one, beside each entry as `change_there`."""
    keys = {entry.pk: credentials.canonical(str(entry.facts.get("change", ""))) for entry in entries}
    wanted = {key for key in keys.values() if key}
    found = {key.hex: change for key, change in BulkChange.objects.in_bulk(wanted).items()} if wanted else {}
    for entry in entries:
        entry.change_there = found.get(keys[entry.pk] or "")


def _change_of(entry: Any) -> BulkChange | None:
    """As far as it was asked for."""
    return getattr(entry, "change_there", None)


@admin.register(TimelineEntry)
class TimelineEntryAdmin(ReadOnlyAdmin):
    room = "What happened"
    exclude = ("kind", "facts")
    readonly_fields = ("sentence", "application", "account", "bulk_change", "told")
    list_display = ("at", "happened", "actor_name", "side", "reason", "application", "account")
    list_filter = ("side", KindFilter)
    search_fields = ("actor_name", "reason")
    search_ids = ("application_id", "account_id", "subject_id")
    ordering = ("-pk",)

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return TimelineList

    def may_see_changes(self, request: HttpRequest) -> bool:
        return bool(self.admin_site._registry[BulkChange].has_view_permission(request))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        if obj is not None and self.may_see_changes(request):
            with_changes([obj])
        return [name for name in super().get_fields(request, obj) if name != "bulk_change" or _change_of(obj)]

    def named(self, row: TimelineEntry) -> str:
        return f"{self.sentence(row)}, {row.at:%d %b %Y}"

    @admin.display(description="what happened")
    def sentence(self, entry: TimelineEntry) -> str:
        return timeline.line(entry, Side.STAFF).sentence

    @admin.display
    def application(self, entry: TimelineEntry) -> str:
        return str(entry.facts.get("application", ""))

    @admin.display
    def account(self, entry: TimelineEntry) -> str:
        return str(entry.facts.get("account", ""))

    @admin.display(description="what happened", ordering="kind")
    def happened(self, entry: TimelineEntry) -> SafeString | str:
        """In the list, with the bulk change that it is a part of."""
        if _change_of(entry) is None:
            return self.sentence(entry)
        return format_html("{}<div>{}</div>", self.sentence(entry), self.bulk_change(entry))

    @admin.display(description="bulk change")
    def bulk_change(self, entry: TimelineEntry) -> SafeString:
        change = _change_of(entry)
        page = reverse("admin:linnapp_bulkchange_change", args=[change.pk]) if change else ""
        return format_html('<a href="{}">{}</a>', page, change or "")

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
