"""Installations, with the acts of staff on them."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from installs.admin import acts, token_acts
from installs.admin.filters import StateFilter
from installs.models import Installation
from linnapp.admin_pages import ENTERED_FIRST, ReadOnlyAdmin, ask_and_perform, page_links

PENDING = Q(state=Installation.State.PENDING)
LAPSED = PENDING & Q(waits_until__lte=Now())
LIVE = Q(state=Installation.State.ACTIVE) | PENDING & Q(waits_until__gt=Now())
NOT_SUSPENDED = Q(suspended_by_account_at=None, suspended_by_staff_at=None, application__suspended_by_staff_at=None)


class InstallationState(StateFilter):
    conditions: ClassVar[dict[str, Q]] = {
        "Active": Q(state=Installation.State.ACTIVE) & NOT_SUSPENDED,
        "Waiting": PENDING & Q(waits_until__gt=Now()) & NOT_SUSPENDED,
        "Suspended": LIVE & ~NOT_SUSPENDED,
        "Never connected": LIVE & Q(first_exchange_at=None),
        "Uninstalled": Q(state=Installation.State.UNINSTALLED),
        "Failed": Q(state=Installation.State.FAILED) | LAPSED,
    }


@admin.register(Installation)
class InstallationAdmin(ReadOnlyAdmin):
    list_display = ("application", "account", "version", "pill", "installed_at", "last_used_at")
    list_display_links = ("application", "account")
    list_filter = (InstallationState,)
    list_select_related = ("application", "account", "version")
    search_fields = ("application__name", "account__name", "account__slug", "account__contact_email")
    search_ids = ("pk", "application_id", "account_id")
    search_help_text = "Application, company, or the id of either or of the installation"
    date_hierarchy = "installed_at"
    ordering = ("-installed_at", "pk")
    readonly_fields = ("portal_pages",)
    actions = ("suspend", "resume", "rotate_token", "end_old_token", "end_sessions")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        fields = super().get_fields(request, obj)
        return ["portal_pages", "id", *(field for field in fields if field not in {"portal_pages", "id"})]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Installation]:
        return super().get_queryset(request).select_related("application__account", "account", "version")

    @admin.display(description="state", ordering="state")
    def pill(self, installation: Installation) -> str:
        return "Waiting" if installation.shown_state == "pending" else installation.shown_state.capitalize()

    @admin.display(description="pages of the portal")
    def portal_pages(self, installation: Installation) -> SafeString:
        application = installation.application
        here = (application.account.slug, application.pk)
        links = [
            ("What support sees", "support_installation", (installation.pk,)),
            ("Its postbacks, with every attempt", "support_postbacks", (installation.pk,)),
        ]
        inside = [
            ("Its page under My apps", "installation_detail", (installation.account.slug, installation.pk)),
            ("See the permanent token", "application_installations", here),
            ("Edit the application's manifest", "manifest_edit", here),
            ("Create a version of the application", "version_review", here),
        ]
        return page_links(links, inside, ENTERED_FIRST)

    @admin.action(description="Suspend", permissions=["act"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[Installation]) -> HttpResponse | None:
        return ask_and_perform(self, request, queryset, acts.SUSPEND_INSTALLATIONS)

    @admin.action(description="Resume", permissions=["act"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Installation]) -> HttpResponse | None:
        return ask_and_perform(self, request, queryset, acts.RESUME_INSTALLATIONS)

    @admin.action(description="Rotate the permanent token", permissions=["act"])
    def rotate_token(self, request: HttpRequest, queryset: QuerySet[Installation]) -> HttpResponse | None:
        return ask_and_perform(self, request, queryset, token_acts.ROTATE_TOKENS)

    @admin.action(description="End the old permanent token", permissions=["act"])
    def end_old_token(self, request: HttpRequest, queryset: QuerySet[Installation]) -> HttpResponse | None:
        return ask_and_perform(self, request, queryset, token_acts.END_OLD_TOKENS)

    @admin.action(description="End sessions", permissions=["act"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[Installation]) -> HttpResponse | None:
        return ask_and_perform(self, request, queryset, token_acts.END_SESSIONS)
