"""Where events go, and how far they are counted: to read."""

from django.contrib import admin

from installs.models import EventCounter, EventSettings
from linnapp import credentials
from linnapp.admin_pages import ReadOnlyAdmin


@admin.register(EventSettings)
class EventSettingsAdmin(ReadOnlyAdmin):
    list_display = ("application", "address")
    list_select_related = ("application",)
    search_fields = ("application__name",)
    search_ids = ("application_id",)
    # Keys stand in an address: those are the team's own.
    private = frozenset({"url"})
    readonly_fields = ("address",)

    @admin.display(description="URL")
    def address(self, row: EventSettings) -> str:
        return credentials.masked_addresses(row.url)


@admin.register(EventCounter)
class EventCounterAdmin(ReadOnlyAdmin):
    list_display = ("application", "subject", "last")
    list_select_related = ("application",)
    search_fields = ("application__name",)
    search_ids = ("application_id", "subject")
    ordering = ("-pk",)
    sortable_by = ("subject",)
