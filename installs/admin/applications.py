"""Applications, with the acts of staff on them and on their listing; and the reviews."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from installs.admin import acts
from installs.admin.filters import StateFilter
from installs.models import Installation, Review
from installs.store import listings
from linnapp.admin_pages import ENTERED_FIRST, ReadOnlyAdmin, ask_and_perform, page_links
from linnapp.models import Application

REVIEWS_SHOWN = 20


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
        return page_links((), links, ENTERED_FIRST)

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
