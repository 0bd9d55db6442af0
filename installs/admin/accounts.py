"""Accounts, with the acts of staff on them."""

from django.contrib import admin
from django.utils.safestring import SafeString

from linnapp.admin_pages import ReadOnlyAdmin, lines
from linnapp.models import Account


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ("name", "slug", "contact_email", "created_at")
    search_fields = ("name", "slug", "contact_email", "memberships__user__email")
    search_ids = ("pk",)
    date_hierarchy = "created_at"
    readonly_fields = ("team",)

    @admin.display
    def team(self, account: Account) -> SafeString:
        return lines(f"{seat.user}, {seat.get_role_display()}" for seat in account.memberships.with_people())
