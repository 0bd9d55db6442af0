"""Versions, with the acts of staff on them."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from installs.admin import acts_on_versions
from linnapp.admin_pages import ReadOnlyAdmin, ask_and_perform
from linnapp.models import Version


@admin.register(Version)
class VersionAdmin(ReadOnlyAdmin):
    # The snapshot holds the names and folders of the modules, which are the team's own.
    private = frozenset({"snapshot"})
    readonly_fields = ("modules",)
    list_display = ("application", "label", "kind", "created_at", "created_by", "withdrawn_at")
    list_filter = ("kind",)
    list_select_related = ("application", "created_by")
    search_fields = ("application__name", "notes")
    search_ids = ("application_id",)
    ordering = ("-created_at", "-pk")

    actions = ("withdraw", "take_back")

    @admin.display
    def modules(self, version: Version) -> SafeString:
        types = ((module.type,) for module in version.manifest().modules)
        return format_html_join("", "<div>{}</div>", types)

    @admin.action(description="Withdraw", permissions=["act"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Version]) -> HttpResponse | None:
        return ask_and_perform(self, request, queryset, acts_on_versions.WITHDRAW)

    @admin.action(description="Take back a withdrawal", permissions=["act"])
    def take_back(self, request: HttpRequest, queryset: QuerySet[Version]) -> HttpResponse | None:
        return ask_and_perform(self, request, queryset, acts_on_versions.TAKE_BACK)
