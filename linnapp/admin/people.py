"""People and groups."""

from typing import Any

from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.utils.safestring import SafeString

from linnapp.admin_pages import ReadOnlyAdmin, lines
from linnapp.models import User

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
