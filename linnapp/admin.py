"""The registry in the admin. Applications and versions are in `installs.admin`, as what staff do to them reaches who
installed them."""

from collections.abc import Iterable
from typing import Any

from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from linnapp import kinds
from linnapp.admin_pages import ReadOnlyAdmin
from linnapp.models import (
    Account,
    Invitation,
    KeyCanary,
    KnockCount,
    Membership,
    Module,
    Parameter,
    Secret,
    StaffAccess,
    TimelineEntry,
    User,
)

# Addresses are shown with their person, and changed by them alone.
admin.site.unregister([EmailAddress, Group])


class ForSuperusers:
    """Who may make somebody staff, may do everything: that is superusers' alone, whatever a group is allowed."""

    def _may(self, request: HttpRequest) -> bool:
        return request.user.is_active and getattr(request.user, "is_superuser", False)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request)


@admin.register(Group)
class PortalGroupAdmin(ForSuperusers, GroupAdmin):
    show_full_result_count = False
    # The widget with two boxes has labels that nobody hears.
    filter_horizontal = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """The support console goes by the group's name: it stays."""
        return False


def lines(rows: Iterable[object]) -> SafeString:
    return format_html_join("", "<div>{}</div>", ((row,) for row in rows))


class PersonForm(forms.ModelForm):
    asked_by: User

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.instance == self.asked_by and not (cleaned.get("is_active") and cleaned.get("is_superuser")):
            raise ValidationError("This is you. Ask another superuser to take your own rights away.")
        return cleaned


@admin.register(User)
class UserAdmin(ForSuperusers, ReadOnlyAdmin):
    """People sign up or are invited; here they are switched off, and made staff."""

    form = PersonForm
    list_display = ("email", "name", "is_active", "is_staff", "is_superuser", "last_login", "date_joined")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups")
    search_fields = ("email", "name")
    ordering = ("-date_joined", "-pk")
    readonly_fields = ("email", "last_login", "date_joined", "addresses", "seats")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        return [
            "email",
            "name",
            "time_zone",
            "is_active",
            "is_staff",
            "is_superuser",
            "groups",
            "last_login",
            "date_joined",
            "addresses",
            "seats",
        ]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(db_field, request, widget=forms.CheckboxSelectMultiple, **kwargs)

    @admin.display(description="e-mail addresses")
    def addresses(self, person: User) -> SafeString:
        rows = EmailAddress.objects.filter(user=person).order_by("pk")
        return lines(f"{row.email}, {'verified' if row.verified else 'not verified'}" for row in rows)

    @admin.display(description="accounts")
    def seats(self, person: User) -> SafeString:
        seats = person.memberships.with_people()
        return lines(f"{seat.account}, {seat.get_role_display()}" for seat in seats)

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"asked_by": request.user})


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


@admin.register(Secret)
class SecretAdmin(ReadOnlyAdmin):
    """That there is one, and its last four characters; the value is for the application's own team."""

    list_display = ("application", "ending", "created_at", "created_by", "ends_at")
    list_select_related = ("application", "created_by")
    search_fields = ("application__name",)
    search_ids = ("application_id",)

    @admin.display(description="secret")
    def ending(self, secret: Secret) -> str:
        return f"…{secret.tail}"


@admin.register(Module)
class ModuleAdmin(ReadOnlyAdmin):
    private = frozenset({"group", "name", "formatted_name"})
    list_display = ("application", "position", "type")
    list_filter = ("type",)
    list_select_related = ("application",)
    search_fields = ("application__name", "type")
    search_ids = ("application_id", "key")
    readonly_fields = ("parameters",)

    @admin.display
    def parameters(self, module: Module) -> SafeString:
        return lines(f"{parameter.name}: {parameter.value}" for parameter in module.parameters.all())


@admin.register(Parameter)
class ParameterAdmin(ReadOnlyAdmin):
    list_display = ("name", "module", "application", "position")
    list_select_related = ("module__application",)
    search_fields = ("name", "module__application__name")

    @admin.display
    def application(self, parameter: Parameter) -> str:
        return str(parameter.module.application)


class KindFilter(admin.SimpleListFilter):
    """By the kinds that are registered: asking the rows for theirs would read them all."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, kind) for kind in kinds.registered()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(TimelineEntry)
class TimelineEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "kind", "actor_name", "side", "reason", "application_id", "account_id", "subject_id")
    list_filter = ("side", KindFilter)
    search_fields = ("actor_name", "reason")
    search_ids = ("application_id", "account_id", "subject_id")
    ordering = ("-pk",)


@admin.register(KeyCanary)
class KeyCanaryAdmin(ReadOnlyAdmin):
    """Only that the row is there."""


@admin.register(KnockCount)
class KnockCountAdmin(ReadOnlyAdmin):
    exclude = ("key",)
    list_display = ("limit", "count", "ends_at")
    list_filter = ("limit",)
    ordering = ("-ends_at", "-pk")
