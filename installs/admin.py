"""Applications and installations in the admin, with the acts of staff on them; and what belongs to installations."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from installs import admin_acts as acts
from installs import listings
from installs.models import (
    Attempt,
    AttemptCount,
    Connector,
    ConnectorCheck,
    Delivery,
    ExchangeHour,
    FailureWindow,
    Installation,
    PermanentToken,
    PostbackHost,
    PostbackPolicy,
    RefusalGroup,
    RefusalSample,
    Review,
    Session,
    SigningSecret,
    StockLocation,
    UpdateMailing,
)
from linnapp.admin_pages import ReadOnlyAdmin, ask_and_perform, page_links
from linnapp.models import Application

REVIEWS_SHOWN = 20
MEMBERS_ONLY = (
    "These are pages of the account: they open for its members. Nobody else reads its secrets and permanent tokens, "
    "staff included."
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


class ChangedSinceReview(StateFilter):
    title = "changed since review"
    parameter_name = "changed"
    conditions: ClassVar[dict[str, Q]] = {
        "Yes": Q(changed_since_review=True),
        "No": Q(changed_since_review=False),
    }


class ReviewDecision(StateFilter):
    title = "decision"
    parameter_name = "decided"
    conditions: ClassVar[dict[str, Q]] = {
        "Open": Q(decision=""),
        **{label: Q(decision=value) for value, label in Review.Decision.choices},
    }


def review_lines(application: Application) -> list[str]:
    """Requests and decisions, newest first, each with what it was about and what differs from it now."""
    reviews = Review.objects.of_application(application).newest_first().select_related("requested_by", "decided_by")
    lines = []
    for review in reviews[:REVIEWS_SHOWN]:
        decision = f"{review.get_decision_display()} by {review.decided_by}" if review.decision else "Open"
        changed = ", ".join(listings.differences(application, review)) or "nothing"
        lines.append(
            f"{decision}: {review.name}, requested by {review.requested_by} on {review.requested_at:%d %b %Y}. "
            f"Changed since: {changed}. {review.reasons}".strip()
        )
    return lines


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


@admin.register(Application)
class ApplicationAdmin(ReadOnlyAdmin):
    private = frozenset({"summary"})
    exclude = ("logo_digest",)
    list_display = (
        *("name", "account", "type", "shown_state", "listing", "changed_since_review"),
        *("live_installations", "created_at"),
    )
    list_filter = (ApplicationState, "type", "listing", ChangedSinceReview)
    list_select_related = ("account",)
    search_fields = ("name", "account__name", "account__slug")
    search_ids = ("pk", "account_id")
    search_help_text = "Name, company or Application ID"
    date_hierarchy = "created_at"
    ordering = ("-created_at", "pk")
    readonly_fields = ("portal_pages", "shown_logo", "reviews")
    actions = ("suspend", "resume", "list_in_store", "return_listing", "take_off_store")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        live = Installation.objects.live().filter(application=OuterRef("pk")).order_by().values("application")
        count = Subquery(live.annotate(count=Count("pk")).values("count"), output_field=IntegerField())
        return listings.with_changed_since_review(super().get_queryset(request)).annotate(live_count=Coalesce(count, 0))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        fields = super().get_fields(request, obj)
        return ["portal_pages", "id", *(field for field in fields if field not in {"portal_pages", "id"})]

    @admin.display(description="installations", ordering="live_count")
    def live_installations(self, application: Any) -> int:
        return int(application.live_count)

    @admin.display(description="since review", empty_value="")
    def changed_since_review(self, application: Any) -> str | None:
        return "changed" if application.changed_since_review else None

    @admin.display(description="logo")
    def shown_logo(self, application: Application) -> SafeString | str:
        if not application.logo_digest:
            return "none"
        return format_html(
            '<img src="{}" alt="" width="140" height="140">', reverse("logo", args=[application.logo_digest])
        )

    @admin.display(description="reviews of its listing")
    def reviews(self, application: Application) -> SafeString:
        return format_html_join("", "<div>{}</div>", ((line,) for line in review_lines(application)))

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
        return ask_and_perform(self, request, queryset, acts.SUSPEND_APPLICATIONS)

    @admin.action(description="Resume", permissions=["act"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Application]) -> HttpResponse | None:
        return ask_and_perform(self, request, queryset, acts.RESUME_APPLICATIONS)

    @admin.action(description="List in the store", permissions=["act"])
    def list_in_store(self, request: HttpRequest, queryset: QuerySet[Application]) -> HttpResponse | None:
        return ask_and_perform(self, request, queryset, acts.LIST_APPLICATIONS)

    @admin.action(description="Return the listing with reasons", permissions=["act"])
    def return_listing(self, request: HttpRequest, queryset: QuerySet[Application]) -> HttpResponse | None:
        return ask_and_perform(self, request, queryset, acts.RETURN_LISTINGS)

    @admin.action(description="Take off the store", permissions=["act"])
    def take_off_store(self, request: HttpRequest, queryset: QuerySet[Application]) -> HttpResponse | None:
        return ask_and_perform(self, request, queryset, acts.UNLIST_APPLICATIONS)


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
        return "Waiting" if installation.shown_state == "pending" else installation.shown_state.capitalize()

    @admin.display(description="pages of the portal")
    def portal_pages(self, installation: Installation) -> SafeString:
        application = installation.application
        here = (application.account.slug, application.pk)
        links = [
            ("What support sees", "support_installation", (installation.pk,)),
            ("Its postbacks, with every attempt", "support_postbacks", (installation.pk,)),
            ("Its page under My apps", "installation_detail", (installation.account.slug, installation.pk)),
            ("See the permanent token", "application_installations", here),
            ("Edit the application's manifest", "manifest_edit", here),
            ("Create a version of the application", "version_review", here),
        ]
        return page_links(links, MEMBERS_ONLY)

    @admin.action(description="Suspend", permissions=["act"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[Installation]) -> HttpResponse | None:
        return ask_and_perform(self, request, queryset, acts.SUSPEND_INSTALLATIONS)

    @admin.action(description="Resume", permissions=["act"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Installation]) -> HttpResponse | None:
        return ask_and_perform(self, request, queryset, acts.RESUME_INSTALLATIONS)


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
    list_display = ("application", "event", "host", "state", "created_at", "next_attempt_at", "outcome")
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


@admin.register(AttemptCount)
class AttemptCountAdmin(ReadOnlyAdmin):
    list_display = ("outcome", "count")
    ordering = ("outcome",)


@admin.register(PostbackHost)
class PostbackHostAdmin(ReadOnlyAdmin):
    list_display = ("application", "host", "failing_since", "parked_at", "next_trial_at")
    list_select_related = ("application",)
    search_fields = ("application__name", "host")
    search_ids = ("application_id",)


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    list_display = ("application", "requested_at", "requested_by", "decision", "decided_at", "decided_by")
    list_filter = (ReviewDecision,)
    list_select_related = ("application", "requested_by", "decided_by")
    readonly_fields = ("application_page",)
    search_fields = ("name", "application__name")
    search_ids = ("application_id",)
    ordering = ("-requested_at", "-pk")

    @admin.display(description="what it is about")
    def application_page(self, review: Review) -> SafeString:
        """Where it is listed or returned: by an action over that list."""
        page = reverse("admin:linnapp_application_change", args=[review.application_id])
        found = f"{reverse('admin:linnapp_application_changelist')}?q={review.application_id}"
        link = '<a href="{}">{}</a>, <a href="{}">list or return it</a>'
        return format_html(link, page, review.application, found)


@admin.register(Connector)
class ConnectorAdmin(ReadOnlyAdmin):
    list_display = ("name", "account", "state", "enabled", "last_success_at", "last_error_at")
    list_filter = ("state", "enabled")
    list_select_related = ("account",)
    search_fields = ("name", "account__name")
    search_ids = ("pk", "account_id")
    ordering = ("-created_at", "pk")


@admin.register(ConnectorCheck)
class ConnectorCheckAdmin(ReadOnlyAdmin):
    # What the first call was answered with is the customer's.
    private = frozenset({"conversation"})
    list_display = ("connector", "state", "created_at", "ended_at", "fault")
    list_filter = ("state",)
    list_select_related = ("connector",)
    search_ids = ("pk", "connector_id")
    ordering = ("-created_at", "pk")


@admin.register(StockLocation)
class StockLocationAdmin(ReadOnlyAdmin):
    list_display = ("name", "account", "location_id", "is_fulfilment_center")
    list_select_related = ("account",)
    search_fields = ("name", "account__name")
    search_ids = ("location_id", "account_id")


@admin.register(UpdateMailing)
class UpdateMailingAdmin(ReadOnlyAdmin):
    list_display = ("user", "sent_at", "stopped_at")
    list_select_related = ("user",)
    search_fields = ("user__name", "user__email")
    ordering = ("-sent_at", "-pk")
