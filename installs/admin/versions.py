"""Versions, with the acts of staff on them."""

import re
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from installs.admin import acts_on_versions
from linnapp import credentials
from linnapp.admin_pages import ReadOnlyAdmin
from linnapp.exports import Closed
from linnapp.manifest import to_json
from linnapp.models import Version
from linnapp.snapshots import type_label

NUMBER = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})")


def _without_keys(value: Any, of: str = "", member: str = "") -> Any:
    """As pages mask what parameters hold; `of` is the name of the parameter."""
    if isinstance(value, dict):
        named = str(value.get("name") or "")
        return {key: _without_keys(inner, named, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_keys(inner, of, member) for inner in value]
    if not isinstance(value, str):
        return value
    return credentials.masked_parameter(of, value) if member == "value" else credentials.masked_addresses(value)


@admin.register(Version)
class VersionAdmin(ReadOnlyAdmin):
    room = "Applications"
    # The snapshot holds the names and folders of the modules, which are the team's own.
    private = frozenset({"snapshot"})
    also_exported: ClassVar = {"label": "label"}
    closed_exports = (Closed("private", "Export with manifest", "manifest", {"manifest": "manifest_without_keys"}),)
    private_of = "application__account"
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

    def manifest_without_keys(self, version: Version) -> Any:
        """To read, and not to be imported again: keys in addresses are the team's own."""
        return _without_keys(to_json(version.manifest()))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Also by its number, which stands in three columns."""
        number = NUMBER.fullmatch(search_term.strip())
        if number is None:
            return super().get_search_results(request, queryset, search_term)
        return queryset.filter(**dict(zip(("major", "minor", "patch"), map(int, number.groups()), strict=True))), False

    @admin.display
    def modules(self, version: Version) -> SafeString:
        types = ((module.type or type_label(module),) for module in version.manifest().modules)
        return format_html_join("", "<div>{}</div>", types)
