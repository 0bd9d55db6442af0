"""Installations, with the acts of staff on them."""

from datetime import timedelta
from typing import ClassVar
from urllib.parse import quote

from django.contrib import admin
from django.db.models import DateTimeField, ExpressionWrapper, Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest

from installs.admin import acts, acts_on_postbacks, token_acts
from installs.models import Installation
from installs.models.installations import SUSPENSIONS
from linnapp.admin_filters import StateFilter
from linnapp.admin_pages import PageLink, ReadOnlyAdmin, door, doors_inside
from linnapp.models import User

PENDING = Q(state=Installation.State.PENDING)
LAPSED = PENDING & Q(waits_until__lte=Now())
LIVE = Q(state=Installation.State.ACTIVE) | PENDING & Q(waits_until__gt=Now())
A_DAY_AGO = ExpressionWrapper(Now() - timedelta(hours=24), output_field=DateTimeField())
NOT_SUSPENDED = Q(**dict.fromkeys(SUSPENSIONS))


class InstallationState(StateFilter):
    conditions: ClassVar[dict[str, Q]] = {
        "Active": Q(state=Installation.State.ACTIVE) & NOT_SUSPENDED,
        "Waiting": PENDING & Q(waits_until__gt=Now()) & NOT_SUSPENDED,
        "Suspended": LIVE & ~NOT_SUSPENDED,
        "Never connected": LIVE & Q(first_exchange_at=None),
        "Not connected for a day": LIVE & Q(first_exchange_at=None, installed_at__lt=A_DAY_AGO),
        "Uninstalled": Q(state=Installation.State.UNINSTALLED),
        "Failed": Q(state=Installation.State.FAILED) | LAPSED,
    }


@admin.register(Installation)
class InstallationAdmin(ReadOnlyAdmin):
    room = "Installations"
    also_exported: ClassVar = {"account_slug": "account__slug", "shown_state": "shown_state"}
    on_timeline = True
    list_display = ("application", "account", "version", "pill", "installed_at", "last_used_at")
    list_display_links = ("application", "account")
    list_filter = (InstallationState,)
    list_select_related = ("application", "account", "version")
    search_fields = ("application__name", "account__name", "account__slug", "account__contact_email")
    search_ids = ("pk", "application_id", "account_id")
    search_help_text = "Application, company, or the id of either or of the installation"
    date_hierarchy = "installed_at"
    ordering = ("-installed_at", "pk")
    staff_actions = (
        acts.SUSPEND_INSTALLATIONS,
        acts.RESUME_INSTALLATIONS,
        token_acts.ROTATE_TOKENS,
        token_acts.END_OLD_TOKENS,
        token_acts.END_SESSIONS,
        acts_on_postbacks.REDELIVER_FAILED,
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Installation]:
        return super().get_queryset(request).select_related("application__account", "account", "version")

    @admin.display(description="state", ordering="state")
    def pill(self, installation: Installation) -> str:
        return "Waiting" if installation.shown_state == "pending" else installation.shown_state.capitalize()

    def doors(self, request: HttpRequest, row: Installation) -> list[PageLink]:
        application = row.application
        here = (application.account.slug, application.pk)
        found = []
        if isinstance(request.user, User) and request.user.is_support:
            found = [
                door("What support sees", "support_installation", row.pk),
                door("Its postbacks", "support_postbacks", row.pk),
            ]
        there = ("Its page under My apps", "installation_detail", (row.account.slug, row.pk))
        tokens = doors_inside(request, ("Permanent token", "application_installations", here))
        only_it = [(label, f"{page}{quote(f'?q={row.pk}')}") for label, page in tokens]
        to_edit = [("Edit the manifest", "manifest_edit", here), ("Create New Version", "version_review", here)]
        return [*found, *doors_inside(request, there), *only_it, *doors_inside(request, *to_edit, to_work=True)]
