"""What support keeps for itself, to look at."""

from django.contrib import admin

from installs.models import CaseAssignment, StaffNote
from linnapp.admin_pages import ReadOnlyAdmin


@admin.register(StaffNote)
class StaffNoteAdmin(ReadOnlyAdmin):
    list_display = ("at", "by", "installation", "application", "account")
    list_select_related = (
        "by",
        "installation__application",
        "installation__account",
        "application",
        "account",
    )
    search_fields = ("by__name", "by__email")
    search_ids = ("installation_id", "application_id", "account_id")
    ordering = ("-at", "-pk")


@admin.register(CaseAssignment)
class CaseAssignmentAdmin(ReadOnlyAdmin):
    list_display = ("installation", "assigned_to", "by", "at")
    list_select_related = ("installation__application", "installation__account", "assigned_to", "by")
    search_fields = ("assigned_to__name", "assigned_to__email")
    search_ids = ("installation_id",)
    ordering = ("-at", "-pk")
