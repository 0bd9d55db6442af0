"""Seats, invitations to them, and who of staff was inside."""

from django.contrib import admin

from linnapp.admin_pages import ReadOnlyAdmin
from linnapp.models import Invitation, Membership, StaffAccess


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    list_display = ("user", "account", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "account")
    search_fields = ("user__email", "user__name", "account__name")


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ("email", "account", "role", "invited_by", "created_at", "expires_at", "accepted_at")
    list_filter = ("role",)
    list_select_related = ("account", "invited_by")
    search_fields = ("email", "account__name")


@admin.register(StaffAccess)
class StaffAccessAdmin(ReadOnlyAdmin):
    list_display = ("person", "account", "purpose", "reason", "begun_at", "ends_at", "ended_by")
    list_filter = ("purpose",)
    list_select_related = ("person", "account", "ended_by")
    search_fields = ("person__email", "person__name", "account__name", "reason")
    search_ids = ("pk", "account_id")
    ordering = ("-begun_at", "-pk")
