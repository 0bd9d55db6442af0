"""Versions, with the acts of staff on them."""

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from installs.admin import acts_on_versions
from linnapp.admin_pages import ReadOnlyAdmin
from linnapp.models import Version


@admin.register(Version)
class VersionAdmin(ReadOnlyAdmin):
    room = "Applications"
    # The snapshot holds the names and folders of the modules, which are the team's own.
    private = frozenset({"snapshot"})
    readonly_fields = ("modules",)
    list_display = ("application", "label", "kind", "created_at", "created_by", "withdrawn_at")
    list_filter = ("kind",)
    list_select_related = ("application", "created_by")
    search_fields = ("application__name", "notes")
    search_ids = ("application_id",)
    ordering = ("-created_at", "-pk")

    staff_actions = (acts_on_versions.WITHDRAW, acts_on_versions.TAKE_BACK)

    def named(self, row: Version) -> str:
        return f"{row.application} {row.label}"

    @admin.display
    def modules(self, version: Version) -> SafeString:
        types = ((module.type,) for module in version.manifest().modules)
        return format_html_join("", "<div>{}</div>", types)
