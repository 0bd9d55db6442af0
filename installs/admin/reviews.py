"""Reviews of the store: the page on which staff read what was requested, and list or return it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Q, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from installs.admin.acts import read_of
from installs.models import Installation, Review
from installs.models.deliveries import host_of
from installs.postbacks import policy
from installs.store import listings, offers
from installs.store.listings import Check
from linnapp.actors import Side
from linnapp.admin_filters import StateFilter
from linnapp.admin_pages import ReadOnlyAdmin, ReasonForm, digest_of
from linnapp.manifest import Manifest
from linnapp.manifest.reach import ConsentLine, consent_lines, newly_reached
from linnapp.models import Application, Version
from linnapp.pages import acting, refusal_in
from linnapp.staff_actions import Effect

OTHERS_SHOWN, VERSIONS_SHOWN = 20, 5
DECISIONS = {
    "list": (listings.list_in_store, "{} is listed in the store."),
    "return": (listings.return_with_reasons, "{} was returned to its developer."),
}


class ReviewDecision(StateFilter):
    title = "decision"
    parameter_name = "decided"
    conditions: ClassVar[dict[str, Q]] = {
        "Open": Q(decision=""),
        **{label: Q(decision=value) for value, label in Review.Decision.choices},
    }


@dataclass(frozen=True)
class Change:
    """One thing that differs from the last accepted review."""

    what: str
    before: str
    now: str


@dataclass(frozen=True)
class Reading:
    """All that staff judge by on the page of one review, the application as it stands now."""

    review: Review
    application: Application

    @cached_property
    def latest(self) -> Version | None:
        return self.application.versions.the_latest()

    @cached_property
    def accepted(self) -> Review | None:
        """The last accepted review besides this one."""
        rows = Review.objects.of_application(self.application).accepted().exclude(pk=self.review.pk)
        return rows.order_by("-decided_at", "-pk").first()

    # What the consent page tells an installer; its template asks for these by name.

    @property
    def reaches(self) -> list[ConsentLine]:
        return consent_lines(self.latest.manifest() if self.latest else Manifest())

    @property
    def postback_host(self) -> str:
        return host_of(self.latest.postback_url) if self.latest else ""

    @property
    def waits_for_200(self) -> bool:
        return bool(self.postback_host) and policy.waits_for_200(self.application)

    # What staff judge besides.

    @cached_property
    def checks(self) -> list[Check]:
        return listings.checks(self.application)

    @property
    def versions(self) -> list[Version]:
        rows = self.application.versions.released().select_related("created_by").defer("snapshot")
        return list(rows.newest_first()[:VERSIONS_SHOWN])

    @property
    def installations(self) -> int:
        return Installation.objects.of_application(self.application).live().count()

    @property
    def accounts(self) -> str:
        return offers.accounts_using(self.application)

    @property
    def edited(self) -> list[str]:
        """What differs from what was requested."""
        return listings.differences(self.application, self.review)

    @property
    def changes(self) -> list[Change]:
        if self.accepted is None:
            return []
        fields = {"name": "name", "description": "description"}
        found = [
            Change(word.capitalize(), getattr(self.accepted, field), getattr(self.application, field))
            for word, field in fields.items()
            if word in listings.differences(self.application, self.accepted)
        ]
        if "logo" in listings.differences(self.application, self.accepted):
            found.append(Change("Logo", "another picture", "the one above"))
        if self.before != self.latest:
            found.append(Change("Version", _label(self.before), _label(self.latest)))
        return found

    @cached_property
    def before(self) -> Version | None:
        """What accounts got when it was accepted."""
        if self.accepted is None:
            return None
        then = self.application.versions.released().filter(created_at__lte=self.accepted.decided_at)
        return then.newest_first().first()

    @property
    def newly_reached(self) -> list[ConsentLine]:
        if self.before is None or self.latest is None or self.before == self.latest:
            return []
        return newly_reached(self.before.manifest(), self.latest.manifest())

    @property
    def others(self) -> list[Review]:
        rows = Review.objects.of_application(self.application).exclude(pk=self.review.pk)
        return list(rows.newest_first().select_related("requested_by", "decided_by")[:OTHERS_SHOWN])

    @cached_property
    def digest(self) -> str:
        """Of what is judged: the request, and the application with what installs of it."""
        version = self.latest.pk if self.latest else ""
        contact = self.application.support_contact
        read = "\0".join([read_of(self.application, self.review), self.review.decision, str(version), contact])
        return digest_of([Effect(self.application, "", read)])


def _label(version: Version | None) -> str:
    return version.label if version else "none"


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    """Those that wait for a decision stand first."""

    room = "Applications"
    list_display = ("application", "requested_at", "requested_by", "shown_decision", "decided_at", "decided_by")
    list_filter = (ReviewDecision,)
    list_select_related = ("application", "requested_by", "decided_by")
    search_fields = ("name", "application__name")
    search_ids = ("application_id",)
    search_help_text = "Name or Application ID"
    ordering = (Case(When(decision="", then=0), default=1).asc(), "-requested_at", "-pk")

    @admin.display(description="decision", ordering="decision")
    def shown_decision(self, review: Review) -> str:
        return review.get_decision_display() or "Open"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        review = self.get_object(request, unquote(object_id))
        if review is None or not self.has_view_permission(request, review):
            return super().change_view(request, object_id, form_url, extra_context)
        reading = Reading(review, review.application)
        if request.method == "POST":
            return self._decide(request, reading)
        return self._page(request, reading, ReasonForm())

    def _decide(self, request: HttpRequest, reading: Reading) -> HttpResponse:
        if not self.has_act_permission(request) or request.POST.get("decide") not in DECISIONS:
            raise PermissionDenied
        decide, told = DECISIONS[request.POST["decide"]]
        form = ReasonForm(request.POST)
        moved = request.POST.get("read", "") != reading.digest or bool(reading.review.decision)
        if not moved and form.is_valid():
            with refusal_in(form):
                by = acting(request, Side.STAFF, form.cleaned_data["reason"])
                decide(reading.application, by=by, review=reading.review)
                self.message_user(request, told.format(reading.application), messages.SUCCESS)
                return redirect(f"{reverse('admin:installs_review_changelist')}?decided=Open")
            # Refused, because it was decided by then: there is nothing to decide any more.
            reading.review.refresh_from_db()
            moved = bool(reading.review.decision)
        return self._page(request, reading, form, moved=moved)

    def _page(self, request: HttpRequest, reading: Reading, form: ReasonForm, *, moved: bool = False) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": f"{reading.review.get_decision_display() or 'Open'} review of {reading.application}",
            "opts": self.opts,
            "question": reading,
            "review": reading.review,
            "application": reading.application,
            "may_decide": not reading.review.decision and self.has_act_permission(request),
            "form": form,
            "moved": moved,
        }
        return TemplateResponse(request, "admin/review.html", context, status=422 if form.is_bound else 200)
