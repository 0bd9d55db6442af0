"""People and groups."""

from typing import Any, cast

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group, Permission
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.safestring import SafeString

from linnapp import kinds, timeline
from linnapp.actors import Actor, Side
from linnapp.admin.helping import REMOVE_FACTORS, SEND_CONFIRMATION, SEND_RESET, SIGN_OUT, SWITCH_OFF, SWITCH_ON
from linnapp.admin_editing import WhyForm
from linnapp.admin_export import Exporting
from linnapp.admin_filters import SinceFilter
from linnapp.admin_imports import ImportingAdmin
from linnapp.admin_lookups import keys_sent
from linnapp.admin_pages import lines
from linnapp.form_fields import ReasonField
from linnapp.invitation_imports import NEW_INVITATIONS
from linnapp.models import Invitation, User
from linnapp.models.people import SUPPORT_GROUP, may_act_as_superuser
from linnapp.pages import acting
from linnapp.services import audit, factors, rights
from linnapp.signing_in.fresh_sign_ins import ask_for_fresh_sign_in
from linnapp.staff_actions import Values

# Addresses and factors are shown with their person, and changed by them alone; browsers are signed out by an act on
# their person.
admin.site.unregister([Authenticator, EmailAddress, Group, UserSession])


class GroupForm(forms.ModelForm):
    why = ReasonField()

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if self.instance.name == SUPPORT_GROUP and name != SUPPORT_GROUP:
            raise forms.ValidationError("The support console depends on this name, so it cannot change.")
        return name


@admin.register(Group)
class PortalGroupAdmin(Exporting, GroupAdmin):
    """Who may say what a group may do, may do everything: that is superusers' alone, whatever a group is allowed."""

    room = "Accounts and people"
    show_full_result_count = False
    # The widget with two boxes has labels that nobody hears.
    filter_horizontal = ()

    form = GroupForm
    fields = ("name", "permissions", "why")

    def changeform_view(self, request: HttpRequest, *given: Any, **options: Any) -> Any:
        if request.method == "POST":
            ask_for_fresh_sign_in(request)
        return super().changeform_view(request, *given, **options)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any) -> Any:
        """What opens something here: tables that no list shows have none."""
        shown = {model._meta.app_label for model in self.admin_site._registry} - {"auth"}
        kwargs["queryset"] = Permission.objects.filter(content_type__app_label__in=shown)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, *given: Any) -> None:
        super().save_related(request, form, *given)
        by = acting(request, Side.STAFF, form.cleaned_data["why"])
        names = form.instance.permissions.order_by("codename").values_list("codename", flat=True)
        now = ", ".join(names) or "nothing"
        entry = timeline.record(kinds.GROUP_RIGHTS, by=by, group=form.instance.name, now=now)
        for person in form.instance.user_set.order_by("pk") or [None]:
            audit.copied(entry, of=person)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_act_as_superuser(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may_act_as_superuser(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may_act_as_superuser(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_act_as_superuser(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """The support console goes by the group's name: it stays."""
        return False


class SinceJoined(SinceFilter):
    title = "joined"
    field = "date_joined"


WORDS = {
    "is_active": ("May sign in", "If you switch this off, the person is signed out at once."),
    "is_staff": ("May open the admin", "Groups and permissions decide what they see there."),
    "is_superuser": ("Platform admin", "May do everything in this portal, including giving others the same rights."),
    "groups": (
        "Groups",
        "Members of the Support group can open the support console. What they can do there depends on the group's "
        "permissions.",
    ),
}


class InWords(admin.BooleanFieldListFilter):
    """Called as the form calls it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.title = WORDS[self.field_path][0].lower()


class InGroup(admin.SimpleListFilter):
    """By the few who are in a group at all: no row is joined with its groups, and none has to be told from itself."""

    title = "groups"
    parameter_name = "groups__id__exact"
    nobody = "none"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        groups = Group.objects.order_by("name").values_list("pk", "name")
        return [*((str(key), name) for key, name in groups), (self.nobody, "In no group")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not (group := self.value()):
            return queryset
        seats: QuerySet[Any] = User.groups.through.objects.all()
        if group == self.nobody:
            return queryset.filter(~Exists(seats.filter(user=OuterRef("pk"))))
        if not keys_sent(Group, [group]):
            raise IncorrectLookupParameters
        return queryset.filter(pk__in=seats.filter(group=group).values("user"))


class PersonForm(WhyForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, (label, hint) in WORDS.items():
            if name in self.fields:
                self.fields[name].label, self.fields[name].help_text = label, hint

    def started_from(self) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for name, field in self.fields.items():
            sent = cast(QueryDict, self.data).getlist(self[name].html_initial_name)
            if name == "groups":
                seen[name] = {int(key) for key in sent if key.isdecimal()}
            elif sent:
                seen[name] = field.to_python(sent[-1])
        return seen


@admin.register(User)
class UserAdmin(ImportingAdmin):
    """People sign up or are invited; here they are helped and switched off, and superusers make them staff."""

    room = "Accounts and people"
    form = PersonForm
    fresh = True
    changeable = ("name", "is_active")
    importable = ("name", "is_active")
    import_keys = ("email", "id")
    new_rows = NEW_INVITATIONS
    read_by = "It stays on record. If you switch somebody off or on, their accounts read it."
    list_display = ("email", "name", "is_active", "is_staff", "is_superuser", "last_login", "date_joined")
    list_filter = (SinceJoined, *((name, InWords) for name in ("is_active", "is_staff", "is_superuser")), InGroup)
    search_fields = ("email", "name")
    ordering = ("-date_joined", "-pk")
    sortable_by = ("email", "name", "date_joined")
    readonly_fields = ("addresses", "seats", "second_factor")
    staff_actions = (SEND_RESET, SEND_CONFIRMATION, SIGN_OUT, SWITCH_OFF, SWITCH_ON, REMOVE_FACTORS)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(deleted_at=None)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return request.user.has_perm("linnapp.add_invitation")

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """A person is added by an invitation, which they accept."""
        return redirect("admin:linnapp_invitation_add")

    def may_change(self, request: HttpRequest, row: User) -> bool:
        return may_act_as_superuser(request.user) or not (row.is_staff or row.is_superuser)

    def changeable_by(self, request: HttpRequest, row: User) -> tuple[str, ...]:
        rights = ("is_staff", "is_superuser", "groups") if may_act_as_superuser(request.user) else ()
        return (*self.changeable, *rights)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        rights = ("is_active", "is_staff", "is_superuser", "groups")
        return ["email", "name", "time_zone", *rights, "last_login", "date_joined", *self.readonly_fields]

    def import_mark(self, row: User | Invitation) -> object:
        # What a file asks for that is not there becomes an invitation.
        return getattr(row, "switched_at", "")

    def save_values(self, row: User, wanted: Values, seen: Values | None, by: Actor) -> bool:
        return bool(rights.edit_person_by_staff(row, by=by, started_from=seen, **wanted))

    def save_by_service(self, row: User, form: WhyForm, by: Actor) -> None:
        values = form.values()
        if "groups" in values:
            values["groups"] = {group.pk for group in values["groups"]}
        self.save_values(row, values, form.started_from(), by)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(db_field, request, widget=forms.CheckboxSelectMultiple, **kwargs)

    @admin.display(description="e-mail addresses")
    def addresses(self, person: User) -> SafeString:
        rows = EmailAddress.objects.filter(user=person).order_by("pk")
        return lines(f"{row.email}, {'verified' if row.verified else 'not verified'}" for row in rows)

    @admin.display(description="second factor")
    def second_factor(self, person: User) -> str:
        return "Yes" if factors.has_factor(person) else "None"

    @admin.display(description="accounts")
    def seats(self, person: User) -> SafeString:
        seats = person.memberships.with_people()
        return lines(f"{seat.account}, {seat.get_role_display()}" for seat in seats)
