"""Accounts, with the acts of staff on them."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from installs.admin import acts_on_accounts
from installs.admin.making import NEW_ACCOUNTS
from installs.application import closing
from linnapp.actors import Actor
from linnapp.admin_editing import WhyForm
from linnapp.admin_filters import SinceFilter, StateFilter
from linnapp.admin_list_editing import ListEditingAdmin
from linnapp.admin_pages import Button, PageLink, doors_inside, lines
from linnapp.form_fields import MailAddressField
from linnapp.models import Account, Membership
from linnapp.services import people
from linnapp.staff_actions import Values


class AccountForm(WhyForm):
    owner_email = MailAddressField(
        label="First Owner's e-mail", help_text="Invited by e-mail. The account has no Owner until they accept."
    )


class WithoutOwner(admin.SimpleListFilter):
    title = "owner"
    parameter_name = "owner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("none", "Without an Owner")]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Any]:
        found: QuerySet[Any] = queryset.without_owner() if self.value() == "none" else queryset
        return found


class NeverInstalled(admin.SimpleListFilter):
    """What closing deletes: accounts opened for spam are among them."""

    title = "use"
    parameter_name = "use"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("none", "Never used (can be deleted)")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return closing.never_installed(queryset) if self.value() == "none" else queryset


class SinceCreated(SinceFilter):
    field = "created_at"


class AccountState(StateFilter):
    conditions: ClassVar[dict[str, Q]] = {
        "Live": Q(suspended_by_staff_at=None),
        "Suspended": Q(suspended_by_staff_at__isnull=False),
    }


@admin.register(Account)
class AccountAdmin(ListEditingAdmin):
    room = "Accounts and people"
    also_exported: ClassVar = {"state": "state"}
    on_timeline = True
    form = AccountForm
    changeable = ("name", "contact_email")
    addable = ("name", "owner_email")
    importable = ("name", "contact_email")
    list_edited = ("contact_email",)
    new_rows = NEW_ACCOUNTS
    read_by = "Its Owners read this."
    list_display = ("name", "slug", "contact_email", "state", "created_at")
    dear_filters = ("owner", "use")
    list_filter = (SinceCreated, AccountState, WithoutOwner, NeverInstalled)
    search_fields = ("name", "slug", "contact_email", "memberships__user__email")
    search_ids = ("pk",)
    ordering = ("name", "pk")
    readonly_fields = ("team",)
    # What lists go by, and nobody else: it may be less than what there is.
    exclude = ("owned_at", "used_at")
    staff_actions = (
        acts_on_accounts.SUSPEND_ACCOUNTS,
        acts_on_accounts.RESUME_ACCOUNTS,
        acts_on_accounts.EDIT_CONTACT_EMAIL,
        acts_on_accounts.CLOSE_ACCOUNTS,
    )

    @admin.display(ordering="suspended_by_staff_at")
    def state(self, account: Account) -> str:
        return "Suspended" if account.suspended_by_staff_at else "Live"

    def save_values(self, row: Account, wanted: Values, seen: Values | None, by: Actor) -> bool:
        return bool(people.edit_account(row, by=by, started_from=seen, **wanted))

    def save_by_service(self, row: Account, form: WhyForm, by: Actor) -> None:
        self.save_values(row, form.values(), form.started_from(), by)

    def add_by_service(self, form: WhyForm, by: Actor) -> Model:
        return people.open_account(**form.values(), by=by)

    def doors(self, request: HttpRequest, row: Account) -> list[PageLink]:
        pages = [("Applications", "application_list"), ("My apps", "my_apps"), ("Team", "team")]
        return doors_inside(request, *((label, name, (row.slug,)) for label, name in pages))

    def buttons(self, request: HttpRequest, row: Account) -> list[Button]:
        found = super().buttons(request, row)
        if request.user.has_perm("linnapp.add_invitation"):
            orphaned = Account.objects.without_owner().filter(pk=row.pk).exists()
            role = Membership.Role.OWNER if orphaned else Membership.Role.DEVELOPER
            page = f"{reverse('admin:linnapp_invitation_add')}?{urlencode({'account': row.pk, 'role': role})}"
            found.append(Button("Give it an Owner" if orphaned else "Invite a person", page))
        return found

    @admin.display
    def team(self, account: Account) -> SafeString:
        seats = [f"{seat.user}, {seat.get_role_display()}" for seat in account.memberships.with_people()]
        invited = account.invitations.open().newest_first()
        return lines([*seats, *(f"{row.email}, invited as {row.get_role_display()}" for row in invited)])
