"""The timeline, and what the portal keeps for itself."""

from collections.abc import Iterable
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.utils import display_for_value
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from linnapp import credentials, kinds, timeline
from linnapp.actors import Side
from linnapp.admin_filters import SinceFilter
from linnapp.admin_pages import ReadOnlyAdmin, SummedList, lines
from linnapp.models import AuditEntry, BulkChange, Deletion, KeptPost, KeyCanary, KnockCount, MailRefusal, TimelineEntry
from linnapp.moments import shown
from linnapp.record_pages import sentence_of
from linnapp.timeline_filter import OF_RECORD


class SideFilter(admin.SimpleListFilter):
    title = "side"
    parameter_name = "side__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(side), str(label)) for side, label in TimelineEntry.Side.choices]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Any]:
        found: QuerySet[Any] = queryset.by_side(self.value()) if self.value() else queryset
        return found


class KindFilter(admin.SimpleListFilter):
    """By the kinds that are registered: asking the rows for theirs would read them all."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, kind.replace("_", " ").capitalize()) for kind in kinds.registered() if self.is_here(kind)]

    def is_here(self, kind: kinds.Kind) -> bool:
        return kind not in kinds.of_record_alone()

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Any]:
        wanted = self.value()
        if wanted and wanted != "EXCHANGES":
            # As the index of kinds has it.
            queryset = queryset.without_hours()
        found: QuerySet[Any] = queryset.filter(kind=wanted) if wanted else queryset
        return found


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
    list_filter = (SideFilter, KindFilter)
    search_fields = ("actor_name", "reason")
    search_ids = ("application_id", "account_id", "subject_id")
    ordering = ("-pk",)
    sortable_by = ()

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return TimelineList

    def may_see_changes(self, request: HttpRequest) -> bool:
        return bool(self.admin_site._registry[BulkChange].has_view_permission(request))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        if obj is not None and self.may_see_changes(request):
            with_changes([obj])
        return [name for name in super().get_fields(request, obj) if name != "bulk_change" or _change_of(obj)]

    def named(self, row: TimelineEntry) -> str:
        return f"{self.sentence(row)}, {shown(row.at, 'DATE_FORMAT')}"

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


class RecordKindFilter(KindFilter):
    def is_here(self, kind: kinds.Kind) -> bool:
        return kind.about in dict(OF_RECORD) and kind != kinds.STAFF_LOOKED


class SinceRecorded(SinceFilter):
    field = "at"


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Of the whole portal, with the addresses that nobody has."""

    room = "What happened"
    # The list itself is called the audit record.
    several = "audit entries"
    exclude = ("kind", "facts", "key", "application_id", "subject_id")
    readonly_fields = ("sentence", "account", "told")
    list_display = ("at", "happened", "person_name", "actor_name", "times", "device", "network", "account")
    list_filter = (SinceRecorded, RecordKindFilter)
    search_fields = ("person_name", "actor_name", "network")
    search_ids = ("account_id",)
    ordering = ("-pk",)
    sortable_by = ("at",)

    def named(self, row: AuditEntry) -> str:
        return f"{self.sentence(row)}, {shown(row.at, 'DATE_FORMAT')}"

    @admin.display(description="what happened")
    def sentence(self, entry: AuditEntry) -> str:
        return sentence_of(entry, Side.STAFF)

    @admin.display(description="what happened", ordering="kind")
    def happened(self, entry: AuditEntry) -> str:
        return self.sentence(entry)

    @admin.display(ordering="count")
    def times(self, entry: AuditEntry) -> str:
        """Of wrong sign-ins, which are counted together; nothing of what happened once."""
        return f"{entry.count}, last {display_for_value(entry.last_at, '')}" if entry.count > 1 else ""

    @admin.display
    def account(self, entry: AuditEntry) -> str:
        return str(entry.facts.get("account", ""))

    @admin.display(description="facts")
    def told(self, entry: AuditEntry) -> SafeString:
        return lines(f"{name.replace('_', ' ')}: {fact}" for name, fact in entry.facts.items())


@admin.register(KeyCanary)
class KeyCanaryAdmin(ReadOnlyAdmin):
    """Only that the row is there."""


@admin.register(MailRefusal)
class MailRefusalAdmin(ReadOnlyAdmin):
    list_display = ("user", "kind", "account")
    list_filter = ("kind",)
    list_select_related = ("user", "account")
    search_fields = ("user__name", "user__email")
    ordering = ("-pk",)


@admin.register(Deletion)
class DeletionAdmin(ReadOnlyAdmin):
    """People who were deleted, until the last text names them no more."""

    exclude = ("sought_encrypted",)
    list_display = ("__str__", "begun_at", "due_at")
    ordering = ("-begun_at", "-pk")


@admin.register(KeptPost)
class KeptPostAdmin(ReadOnlyAdmin):
    """Forms that wait for a sign-in: whose, and since when."""

    exclude = ("key_digest", "browser_digest", "session_digest", "content_encrypted")
    list_display = ("person", "made_at")
    ordering = ("-made_at", "-pk")


@admin.register(KnockCount)
class KnockCountAdmin(ReadOnlyAdmin):
    exclude = ("key",)
    list_display = ("limit", "count", "ends_at")
    list_filter = ("limit",)
    ordering = ("-ends_at", "-pk")
