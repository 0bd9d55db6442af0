"""Installations, with the acts of staff on them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar
from urllib.parse import quote

from django import forms
from django.contrib import admin
from django.db.models import DateTimeField, ExpressionWrapper, Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest

from installs.admin import acts, acts_on_postbacks, token_acts
from installs.installations import suspending
from installs.installations.acts import Act, is_possible
from installs.models import Installation
from installs.models.installations import SUSPENSIONS
from linnapp.actors import Actor
from linnapp.admin_filters import SinceFilter, StateFilter
from linnapp.admin_imports import ImportingAdmin
from linnapp.admin_pages import PageLink, door, doors_inside
from linnapp.models import User
from linnapp.staff_actions import Values

# As it stands in the export: yes or no.
SUSPENDED = "suspended_by_staff"

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
        # None that waits for a postback's 200 does so for a day.
        "Not connected for a day": Q(
            state=Installation.State.ACTIVE, first_exchange_at=None, installed_at__lt=A_DAY_AGO
        ),
        "Uninstalled": Q(state=Installation.State.UNINSTALLED),
        "Failed": Q(state=Installation.State.FAILED) | LAPSED,
    }


class SinceInstalled(SinceFilter):
    field = "installed_at"


@admin.register(Installation)
class InstallationAdmin(ImportingAdmin):
    room = "Installations"
    read_by = "The customer and the developer read this."
    importable = (SUSPENDED,)
    also_exported: ClassVar = {
        "account_slug": "account__slug",
        "shown_state": "shown_state",
        SUSPENDED: SUSPENDED,
    }
    on_timeline = True
    list_display = ("application", "account", "version", "pill", "installed_at", "last_used_at")
    list_display_links = ("application", "account")
    list_filter = (SinceInstalled, InstallationState)
    list_select_related = ("application__account", "account", "version")
    search_fields = ("application__name", "account__name", "account__slug", "account__contact_email")
    search_ids = ("pk", "application_id", "account_id")
    search_help_text = "Application, company, or the id of either or of the installation"
    ordering = ("-installed_at", "pk")
    sortable_by = ("installed_at",)
    staff_actions = (
        acts.SUSPEND_INSTALLATIONS,
        acts.RESUME_INSTALLATIONS,
        token_acts.ROTATE_TOKENS,
        token_acts.END_OLD_TOKENS,
        token_acts.END_SESSIONS,
        acts_on_postbacks.REDELIVER_FAILED,
    )

    def import_fields(self) -> Mapping[str, forms.Field]:
        return {SUSPENDED: forms.BooleanField(required=False)}

    def suspended_by_staff(self, row: Installation) -> str:
        return "yes" if row.suspended_by_staff_at else "no"

    def stands(self, row: Installation, name: str) -> bool:
        return row.suspended_by_staff_at is not None

    def import_mark(self, row: Installation) -> object:
        return row.suspended_by_staff_at

    def refuses(self, row: Installation, wanted: Values) -> str:
        possible = is_possible(Act.SUSPEND_BY_STAFF if wanted[SUSPENDED] else Act.RESUME_BY_STAFF, row)
        told = acts.suspending_installations if wanted[SUSPENDED] else acts.resuming_installations
        return "" if possible else told([row])[0].sentence

    def save_values(self, row: Installation, wanted: Values, seen: Values | None, by: Actor) -> bool:
        """Of one that was suspended or resumed since, nothing is left to do."""
        act = suspending.suspend_by_staff if wanted[SUSPENDED] else suspending.resume_by_staff
        return act(row, by=by)

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
