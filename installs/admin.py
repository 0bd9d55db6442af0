"""Applications and installations in the admin, with the acts of staff on them; and what belongs to installations."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from installs import lifecycle
from installs.models import (
    Attempt,
    Delivery,
    ExchangeHour,
    FailureWindow,
    Installation,
    PermanentToken,
    PostbackPolicy,
    RefusalGroup,
    RefusalSample,
    Session,
    SigningSecret,
    StockLocation,
)
from linnapp.admin_pages import Act, Effect, ReadOnlyAdmin, ask_and_perform, page_links, some_of
from linnapp.models import Application
from linnapp.services import applications

MEMBERS_ONLY = (
    "These are pages of the account: they open for its members. Nobody else reads its secrets and permanent tokens, "
    "staff included."
)


# What an act does to each row, told before it is done.


def _accounts(rows: list[Application]) -> dict[object, list[str]]:
    """Names of the accounts with a live installation, by application."""
    names: dict[object, list[str]] = defaultdict(list)
    live = Installation.objects.live().filter(application__in=rows).order_by("account__name")
    for application_id, name in live.values_list("application_id", "account__name"):
        names[application_id].append(name)
    return names


def _live_sessions(rows: list[Any], path: str) -> dict[object, int]:
    sessions = Session.objects.live().filter(**{f"{path}__in": rows}).order_by()
    return dict(sessions.values_list(path).annotate(Count("pk")))


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def suspending_applications(rows: list[Application]) -> list[Effect]:
    accounts, sessions = _accounts(rows), _live_sessions(rows, "installation__application")
    return [Effect(row, _stops(row, accounts[row.pk], sessions.get(row.pk, 0))) for row in rows]


def _stops(row: Application, accounts: list[str], sessions: int) -> str:
    if row.retired_at:
        return "Retired: it cannot be suspended."
    if row.suspended_by_staff_at:
        return "Suspended already: nothing changes."
    reach = (
        f"{_counted(len(accounts), 'account')} cannot use it: {some_of(accounts)}." if accounts else "Not installed."
    )
    return f"{_ending(sessions)}. {reach}"


def _ending(sessions: int) -> str:
    if not sessions:
        return "No session is live"
    return "1 session ends now" if sessions == 1 else f"{sessions} sessions end now"


def resuming_applications(rows: list[Application]) -> list[Effect]:
    accounts = _accounts(rows)
    return [Effect(row, _goes_on(row, accounts[row.pk])) for row in rows]


def _goes_on(row: Application, accounts: list[str]) -> str:
    if not row.suspended_by_staff_at:
        return "Not suspended: nothing changes."
    if not accounts:
        return "Not installed anywhere. It can be installed again."
    return f"{_counted(len(accounts), 'account')} can use it again: {some_of(accounts)}."


def suspending_installations(rows: list[Installation]) -> list[Effect]:
    sessions = _live_sessions(rows, "installation")
    return [Effect(row, _stops_here(row, sessions.get(row.pk, 0))) for row in rows]


def _stops_here(row: Installation, sessions: int) -> str:
    if not row.is_live:
        return f"{row.get_state_display()}: there is nothing to suspend."
    if row.suspended_by_staff_at:
        return "Suspended by staff already: nothing changes."
    return f"{_ending(sessions)}. {row.account} cannot use {row.application}."


def resuming_installations(rows: list[Installation]) -> list[Effect]:
    return [Effect(row, _goes_on_here(row)) for row in rows]


def _goes_on_here(row: Installation) -> str:
    if not row.suspended_by_staff_at:
        return "Not suspended by staff: nothing changes."
    if row.suspended_by_account_at or row.application.suspended_by_staff_at:
        whose = "the account" if row.suspended_by_account_at else "the application's own suspension"
        return f"It stays suspended by {whose}."
    return f"{row.account} can use {row.application} again."


def listing(listed: bool) -> Callable[[list[Application]], list[Effect]]:
    def effects(rows: list[Application]) -> list[Effect]:
        return [Effect(row, _on_store(row, listed)) for row in rows]

    return effects


def _on_store(row: Application, listed: bool) -> str:
    if row.retired_at:
        return "Retired: its listing cannot be changed."
    if (row.listing == Application.Listing.LISTED) == listed:
        return "That is so already: nothing changes."
    if listed:
        return "Found in the store by everybody, and shown as verified."
    return "Not found in the store any more, and shown as not verified. Installed accounts keep it."


READ_BY_ALL = "Its owner and everybody who installed it read this."
SUSPEND_APPLICATIONS = Act(
    "suspend",
    "Suspend",
    "suspended",
    READ_BY_ALL,
    suspending_applications,
    lambda row, reason, by: lifecycle.suspend_application(row, reason=reason, by=by),
)
RESUME_APPLICATIONS = Act(
    "resume",
    "Resume",
    "resumed",
    READ_BY_ALL,
    resuming_applications,
    lambda row, reason, by: lifecycle.resume_application(row, reason=reason, by=by),
)
LIST_APPLICATIONS = Act(
    "list_in_store",
    "List",
    "listed",
    "Its owner reads this.",
    listing(True),
    lambda row, reason, by: applications.set_listing(row, listed=True, reason=reason, by=by),
)
UNLIST_APPLICATIONS = Act(
    "take_off_store",
    "Unlist",
    "unlisted",
    "Its owner reads this.",
    listing(False),
    lambda row, reason, by: applications.set_listing(row, listed=False, reason=reason, by=by),
)
SUSPEND_INSTALLATIONS = Act(
    "suspend",
    "Suspend",
    "suspended",
    "The customer and the developer read this.",
    suspending_installations,
    lambda row, reason, by: lifecycle.suspend_by_staff(row, reason=reason, by=by),
)
RESUME_INSTALLATIONS = Act(
    "resume",
    "Resume",
    "resumed",
    "The customer and the developer read this.",
    resuming_installations,
    lambda row, reason, by: lifecycle.resume_by_staff(row, reason=reason, by=by),
)


class StateFilter(admin.SimpleListFilter):
    """By the state that pages show, which is no field of its own."""

    title = "state"
    parameter_name = "shown"
    conditions: ClassVar[dict[str, Q]] = {}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(word, word) for word in self.conditions]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(self.conditions.get(self.value() or "", Q()))


class ApplicationState(StateFilter):
    conditions: ClassVar[dict[str, Q]] = {
        "Live": Q(retired_at=None, suspended_by_staff_at=None),
        "Suspended": Q(retired_at=None, suspended_by_staff_at__isnull=False),
        "Retired": Q(retired_at__isnull=False),
    }


LIVE = Q(state__in=Installation.LIVE)
NOT_SUSPENDED = Q(suspended_by_account_at=None, suspended_by_staff_at=None, application__suspended_by_staff_at=None)


class InstallationState(StateFilter):
    conditions: ClassVar[dict[str, Q]] = {
        "Active": Q(state=Installation.State.ACTIVE) & NOT_SUSPENDED,
        "Waiting": Q(state=Installation.State.PENDING) & NOT_SUSPENDED,
        "Suspended": LIVE & ~NOT_SUSPENDED,
        "Never connected": LIVE & Q(first_exchange_at=None),
        "Uninstalled": Q(state=Installation.State.UNINSTALLED),
        "Failed": Q(state=Installation.State.FAILED),
    }


@admin.register(Application)
class ApplicationAdmin(ReadOnlyAdmin):
    list_display = ("name", "account", "type", "shown_state", "listing", "live_installations", "created_at")
    list_filter = (ApplicationState, "type", "listing")
    list_select_related = ("account",)
    search_fields = ("name", "account__name", "account__slug")
    search_ids = ("pk", "account_id")
    search_help_text = "Name, company or Application ID"
    date_hierarchy = "created_at"
    ordering = ("-created_at", "pk")
    readonly_fields = ("portal_pages",)
    actions = ("suspend", "resume", "list_in_store", "take_off_store")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        live = Installation.objects.live().filter(application=OuterRef("pk")).order_by().values("application")
        count = Subquery(live.annotate(count=Count("pk")).values("count"), output_field=IntegerField())
        return super().get_queryset(request).annotate(live_count=Coalesce(count, 0))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        fields = super().get_fields(request, obj)
        return ["portal_pages", "id", *(field for field in fields if field not in {"portal_pages", "id"})]

    @admin.display(description="installations", ordering="live_count")
    def live_installations(self, application: Any) -> int:
        return int(application.live_count)

    @admin.display(description="state")
    def shown_state(self, application: Application) -> str:
        return application.state.label

    @admin.display(description="pages of the portal")
    def portal_pages(self, application: Application) -> SafeString:
        here = (application.account.slug, application.pk)
        links = [
            ("Overview", "application_overview", here),
            ("Edit the manifest", "manifest_edit", here),
            ("Create a version", "version_review", here),
            ("See the permanent tokens of its installations", "application_installations", here),
        ]
        return page_links(links, MEMBERS_ONLY)

    @admin.action(description="Suspend", permissions=["act"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[Application]) -> HttpResponse | None:
        return ask_and_perform(self, request, queryset, SUSPEND_APPLICATIONS)

    @admin.action(description="Resume", permissions=["act"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Application]) -> HttpResponse | None:
        return ask_and_perform(self, request, queryset, RESUME_APPLICATIONS)

    @admin.action(description="List in the store", permissions=["act"])
    def list_in_store(self, request: HttpRequest, queryset: QuerySet[Application]) -> HttpResponse | None:
        return ask_and_perform(self, request, queryset, LIST_APPLICATIONS)

    @admin.action(description="Take off the store", permissions=["act"])
    def take_off_store(self, request: HttpRequest, queryset: QuerySet[Application]) -> HttpResponse | None:
        return ask_and_perform(self, request, queryset, UNLIST_APPLICATIONS)


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
    actions = ("suspend", "resume")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        fields = super().get_fields(request, obj)
        return ["portal_pages", "id", *(field for field in fields if field not in {"portal_pages", "id"})]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Installation]:
        return super().get_queryset(request).select_related("application__account", "account", "version")

    @admin.display(description="state", ordering="state")
    def pill(self, installation: Installation) -> str:
        return "Suspended" if installation.is_suspended else installation.get_state_display()

    @admin.display(description="pages of the portal")
    def portal_pages(self, installation: Installation) -> SafeString:
        application = installation.application
        here = (application.account.slug, application.pk)
        links = [
            ("What support sees", "support_installation", (installation.pk,)),
            ("Its page under My apps", "installation_detail", (installation.account.slug, installation.pk)),
            ("See the permanent token", "application_installations", here),
            ("Edit the application's manifest", "manifest_edit", here),
            ("Create a version of the application", "version_review", here),
        ]
        return page_links(links, MEMBERS_ONLY)

    @admin.action(description="Suspend", permissions=["act"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[Installation]) -> HttpResponse | None:
        return ask_and_perform(self, request, queryset, SUSPEND_INSTALLATIONS)

    @admin.action(description="Resume", permissions=["act"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Installation]) -> HttpResponse | None:
        return ask_and_perform(self, request, queryset, RESUME_INSTALLATIONS)


class OfInstallation(ReadOnlyAdmin):
    list_select_related = ("installation__application", "installation__account")
    search_fields = ("installation__application__name", "installation__account__name")
    search_ids = ("installation_id",)


@admin.register(PermanentToken)
class PermanentTokenAdmin(OfInstallation):
    list_display = ("installation", "ending", "created_at", "ends_at")
    ordering = ("-created_at", "-pk")

    @admin.display(description="permanent token")
    def ending(self, token: PermanentToken) -> str:
        return f"…{token.tail}"


@admin.register(Session)
class SessionAdmin(OfInstallation):
    list_display = ("installation", "address", "created_at", "last_used_at", "ended_at", "end")
    list_filter = ("end",)
    ordering = ("-created_at",)


@admin.register(ExchangeHour)
class ExchangeHourAdmin(OfInstallation):
    list_display = ("installation", "hour", "exchanges", "refused", "addresses")
    ordering = ("-hour", "-pk")


@admin.register(RefusalGroup)
class RefusalGroupAdmin(ReadOnlyAdmin):
    exclude = ("key",)
    list_display = ("hour", "reason", "count", "address", "application_id", "installation_id", "last_at")
    list_filter = ("reason",)
    search_fields = ("address",)
    search_ids = ("application_id", "installation_id")
    ordering = ("-hour", "-pk")


@admin.register(RefusalSample)
class RefusalSampleAdmin(ReadOnlyAdmin):
    list_display = ("reference", "at", "reason", "address")
    list_select_related = ("group",)
    search_fields = ("reference",)
    ordering = ("-at", "-pk")

    @admin.display
    def reason(self, sample: RefusalSample) -> str:
        return sample.group.reason

    @admin.display
    def address(self, sample: RefusalSample) -> str:
        return sample.group.address


@admin.register(FailureWindow)
class FailureWindowAdmin(ReadOnlyAdmin):
    list_display = ("address", "failures", "began_at", "last_at")
    search_fields = ("address",)
    ordering = ("-last_at", "-pk")


@admin.register(PostbackPolicy)
class PostbackPolicyAdmin(ReadOnlyAdmin):
    list_display = ("application", "mode")
    list_filter = ("mode",)
    list_select_related = ("application",)
    search_fields = ("application__name",)


@admin.register(SigningSecret)
class SigningSecretAdmin(ReadOnlyAdmin):
    list_display = ("application", "ending", "created_at", "ends_at")
    list_select_related = ("application",)
    search_fields = ("application__name",)

    @admin.display(description="signing secret")
    def ending(self, secret: SigningSecret) -> str:
        return f"…{secret.tail}"


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ("application", "event", "state", "created_at", "next_attempt_at")
    list_filter = ("state", "event")
    list_select_related = ("application",)
    search_fields = ("application__name", "url")
    search_ids = ("pk", "application_id", "installation_id")
    ordering = ("-created_at", "pk")


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    list_display = ("at", "delivery", "status", "milliseconds", "cause")
    list_select_related = ("delivery",)
    search_fields = ("delivery__application__name",)
    search_ids = ("delivery_id",)
    ordering = ("-at", "-pk")


@admin.register(StockLocation)
class StockLocationAdmin(ReadOnlyAdmin):
    list_display = ("name", "account", "location_id", "is_fulfilment_center")
    list_select_related = ("account",)
    search_fields = ("name", "account__name")
    search_ids = ("location_id", "account_id")
