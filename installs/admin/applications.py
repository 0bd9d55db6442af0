"""Applications, with the acts of staff on them and on their listing."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from installs.admin import acts, acts_on_postbacks, acts_on_versions, moving, moving_many
from installs.admin.making import NEW_APPLICATIONS
from installs.models import Installation, Review
from installs.store import listings
from linnapp import logos
from linnapp.actors import Actor, Side
from linnapp.admin_editing import WhyForm
from linnapp.admin_filters import StateFilter
from linnapp.admin_list_editing import ListEditingAdmin
from linnapp.admin_pages import Button, PageLink, doors_inside, lines
from linnapp.errors import NotPossible
from linnapp.exports import Closed
from linnapp.form_fields import ContactField, LogoField, NameField, TextField
from linnapp.manifest import to_json
from linnapp.manifest_imports import IMPORT_MANIFESTS
from linnapp.models import Account, Application, Version
from linnapp.models.access import WORK_PERMISSION
from linnapp.moments import shown
from linnapp.names import isolated
from linnapp.services import applications
from linnapp.services.manifests import manifest_with
from linnapp.staff_actions import Values

REVIEWS_SHOWN = 20
# As the editor of the manifest gives it to staff who work in an account, keys in addresses included: masked ones would
# be imported as they stand.
MANIFESTS = Closed(
    name="manifests",
    label="Export manifests",
    private="manifest",
    columns={"application": "pk", "manifest": "saved_manifest"},
    ways=("jsonl",),
    alone=True,
    prefetched=("modules__parameters",),
    hint="One line for each application, which Import manifests reads, 2,000 at a time.",
)
# Suspended accounts are few: by their keys, and not by a join with all accounts.
STOPPED = Q(suspended_by_staff_at__isnull=False) | Q(
    account__in=Account.objects.filter(suspended_by_staff_at__isnull=False).order_by().values("pk")
)


IS_RELEASED = Exists(Version.objects.released().order_by().filter(application=OuterRef("pk")))


class ApplicationState(StateFilter):
    conditions: ClassVar[dict[str, Q]] = {
        "Draft": Q(retired_at=None) & ~STOPPED & ~Q(IS_RELEASED),
        "Live": Q(retired_at=None) & ~STOPPED & Q(IS_RELEASED),
        "Suspended": Q(retired_at=None) & STOPPED,
        "Retired": Q(retired_at__isnull=False),
    }


class ChangedSinceReview(StateFilter):
    title = "changed since review"
    parameter_name = "changed"
    conditions: ClassVar[dict[str, Q]] = {
        "Yes": Q(changed_since_review=True),
        "No": Q(changed_since_review=False),
    }


def review_lines(application: Application) -> list[str]:
    """Requests and decisions, newest first, each with what it was about and what differs from it now."""
    reviews = Review.objects.of_application(application).newest_first().select_related("requested_by", "decided_by")
    lines = []
    for review in reviews[:REVIEWS_SHOWN]:
        decision = f"{review.get_decision_display()} by {review.decided_by}" if review.decision else "Open"
        changed = ", ".join(listings.differences(application, review)) or "nothing"
        lines.append(
            f"{decision}: {isolated(review.name)}, requested by {review.requested_by} on "
            f"{shown(review.requested_at, 'DATE_FORMAT')}. "
            f"Changed since: {changed}. {review.reasons}".strip()
        )
    return lines


class ApplicationForm(WhyForm):
    """As the General tab has it."""

    name = NameField(label="Name", help_text="Shown to everyone who installs the application.")
    summary = TextField(rows=3, label="Summary", help_text="Only its team sees this.")
    description = TextField(
        rows=5, label="Description", help_text="Shown to everyone who installs the application, and in the store."
    )
    support_contact = ContactField(
        label="Support contact", help_text="An e-mail address or a web page where customers get help."
    )
    logo = LogoField(label="New logo", required=False)
    remove_logo = forms.BooleanField(label="Remove the logo", required=False)

    def clean_logo(self) -> Any:
        """As the service reads it afterwards, so that it is told with all else that is wrong."""
        sent = self.cleaned_data["logo"]
        if sent:
            try:
                logos.read(sent.read())
            except NotPossible as refused:
                raise forms.ValidationError(str(refused)) from refused
            sent.seek(0)
        return sent

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("logo") and cleaned.get("remove_logo"):
            self.add_error("remove_logo", "Choose a new logo, or remove the current one.")
        return cleaned


@admin.register(Application)
class ApplicationAdmin(ListEditingAdmin):
    room = "Applications"
    on_timeline = True
    form = ApplicationForm
    changeable = ("name", "description", "support_contact", "logo", "remove_logo")
    on_side = Side.DEVELOPER
    read_by = "Its team reads this."
    importable = ("name", "description", "support_contact")
    list_edited = ("support_contact", "description")
    new_rows = NEW_APPLICATIONS
    private = frozenset({"summary", "manifest_extra"})
    also_exported: ClassVar = {
        "account_slug": "account__slug",
        "state": "shown_state",
        "permissions": "permissions",
        "live_installations": "live_installations",
        "changed_since_review": "changed_since_review",
    }
    closed_exports = (
        Closed("private", "Export with summary", "summary", {"summary": "summary"}),
        MANIFESTS,
    )
    private_of = "account"
    exclude = ("logo_digest", "permissions")
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
    readonly_fields = ("shown_permissions", "shown_logo", "reviews")
    staff_actions = (
        acts.SUSPEND_APPLICATIONS,
        acts.RESUME_APPLICATIONS,
        acts.LIST_APPLICATIONS,
        acts.RETURN_LISTINGS,
        acts.UNLIST_APPLICATIONS,
        moving_many.MOVE,
        acts.RETIRE_APPLICATIONS,
        acts.EDIT_SUPPORT_CONTACT,
        acts.EDIT_DESCRIPTION,
        acts_on_versions.WITHDRAW_NEWEST,
        acts_on_postbacks.REPLAY,
        IMPORT_MANIFESTS,
    )

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(self.move_view)
        return [path("<path:object_id>/move/", page, name="linnapp_application_move"), *super().get_urls()]

    def move_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        if row is None or not self.has_view_permission(request, row):
            raise Http404
        if not self.has_act_permission(request):
            raise PermissionDenied
        return moving.ask_and_move(self, request, row)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        live = Installation.objects.live().filter(application=OuterRef("pk")).order_by().values("application")
        count = Subquery(live.annotate(count=Count("pk")).values("count"), output_field=IntegerField())
        found = listings.with_changed_since_review(super().get_queryset(request))
        return found.annotate(live_count=Coalesce(count, 0), is_released=IS_RELEASED)

    def may_change(self, request: HttpRequest, row: Application) -> bool:
        return row.retired_at is None

    def changeable_by(self, request: HttpRequest, row: Application) -> tuple[str, ...]:
        """The Summary is the team's own: staff who may work in accounts are let in there, and here."""
        may_work = request.user.has_perm(WORK_PERMISSION)
        return ("name", "summary", *self.changeable[1:]) if may_work else self.changeable

    def save_values(self, row: Application, wanted: Values, seen: Values | None, by: Actor) -> bool:
        return bool(applications.edit_application(row, by=by, started_from=seen, **wanted))

    def save_by_service(self, row: Application, form: WhyForm, by: Actor) -> None:
        values = form.values()
        logo, without = values.pop("logo"), values.pop("remove_logo")
        self.save_values(row, values, form.started_from(), by)
        if logo:
            applications.set_logo(row, logo.read(), by=by)
        elif without:
            applications.remove_logo(row, by=by)

    def saved_manifest(self, application: Application) -> Any:
        return to_json(manifest_with(application, application.modules.all()))

    @admin.display(description="installations", ordering="live_count")
    def live_installations(self, application: Any) -> int:
        return int(application.live_count)

    @admin.display(description="since review", empty_value="")
    def changed_since_review(self, application: Any) -> str | None:
        return "changed" if application.changed_since_review else None

    @admin.display(description="permissions")
    def shown_permissions(self, application: Application) -> SafeString | str:
        return lines(application.permissions) or "none"

    @admin.display(description="logo")
    def shown_logo(self, application: Application) -> SafeString | str:
        if not application.logo_digest:
            return "none"
        return format_html(
            '<img src="{}" alt="" width="140" height="140">', reverse("logo", args=[application.logo_digest])
        )

    @admin.display(description="reviews of its listing")
    def reviews(self, application: Application) -> SafeString:
        return lines(review_lines(application))

    @admin.display(description="state")
    def shown_state(self, application: Any) -> str:
        is_draft = application.state == Application.State.LIVE and not application.is_released
        return "Draft" if is_draft else str(application.state.label)

    def doors(self, request: HttpRequest, row: Application) -> list[PageLink]:
        here = (row.account.slug, row.pk)
        to_read = [("Overview", "application_overview", here), ("Permanent tokens", "application_installations", here)]
        to_edit = [("Edit the manifest", "manifest_edit", here), ("Create New Version", "version_review", here)]
        return doors_inside(request, *to_read) + doors_inside(request, *to_edit, to_work=True)

    def buttons(self, request: HttpRequest, row: Application) -> list[Button]:
        """Also the move to another account, and the withdrawal of what accounts get now, each on a page of its own."""
        found = super().buttons(request, row)
        if not row.retired_at and self.has_act_permission(request):
            found.append(Button(moving.VERB, reverse("admin:linnapp_application_move", args=[row.pk])))
        latest = None if row.retired_at else row.versions.the_latest()
        if latest and request.user.has_perm("linnapp.change_version"):
            page = reverse("admin:linnapp_version_act", args=[latest.pk, acts_on_versions.WITHDRAW.name])
            found.append(Button(f"Withdraw {latest.label}", page, acts_on_versions.WITHDRAW.destroys))
        return found
