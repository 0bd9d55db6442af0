"""The Postbacks tab: what the developer's endpoint was owed, what came of it, and asking for one again."""

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from installs.models import Delivery, EventSettings, Installation, PostbackHost
from installs.models.deliveries import host_of
from installs.postbacks import asking, event_settings, retries
from installs.postbacks.attempts import with_repeats
from installs.postbacks.forms.deliveries import KINDS, STATES, TIMES, PostbackFilter, events_of_kind, kind_of
from linnapp import credentials, tab
from linnapp.actors import Side
from linnapp.models import Application
from linnapp.page_requests import htmx_of
from linnapp.pages import Column, ListPage, Sort, acting, page_or_part, refusal_told
from linnapp.signing_in.fresh_sign_ins import shows_or_moves_secret

SORTS = {"newest": Sort("Newest first", ("-created_at",)), "oldest": Sort("Oldest first", ("created_at",))}
ATTEMPTS_SHOWN = 50
# A page that waits for an attempt that is nearer than this looks again by itself.
NEAR = timedelta(seconds=90)
COLUMNS = (
    Column("Made", lambda row: row.created_at),
    Column("Kind", lambda row: row.get_kind_display()),
    Column("Event", lambda row: row.event if row.number else row.get_event_display()),
    Column("Number", lambda row: row.number),
    Column("Account", lambda row: row.installation.account.name if row.installation else ""),
    Column("Installation", lambda row: row.installation_id),
    Column("Host", lambda row: row.host),
    Column("State", lambda row: row.get_state_display()),
    Column("Last outcome", lambda row: row.outcome),
    Column("Attempts", lambda row: row.attempt_count),
    Column("Next attempt", lambda row: row.next_attempt_at),
    Column("Ended", lambda row: row.ended_at),
    Column("webhook-id", lambda row: row.pk),
)


@require_safe
def postback_list(request: HttpRequest, account: str, application: UUID) -> HttpResponseBase:
    row = tab.visible(request, account, application)
    event = request.GET.get("event", "")
    kind = request.GET.get("kind") or kind_of(event)
    # Not the log, which would be read to its end where no event is.
    has_events = EventSettings.objects.of_application(row).exists()
    deliveries = ListPage(
        request,
        Delivery.objects.of_application(row).for_lists(),
        filters=partial(PostbackFilter, application=row),
        sorts=SORTS,
        columns=COLUMNS,
    )
    if request.GET.get("format") == "csv":
        return deliveries.as_csv(f"postbacks-{row.pk}")
    context = tab.context(
        row,
        "postbacks",
        list=deliveries,
        filters=[
            ("State", deliveries.chips("state", STATES)),
            *([("Kind", deliveries.chips("kind", KINDS, drops=("event",)))] if has_events else []),
            *([("Event", deliveries.chips("event", events_of_kind(kind)))] if kind or not has_events else []),
            ("Time", deliveries.chips("since", TIMES)),
        ],
        events_url=event_settings.url_of(row),
        csv_url=deliveries.url(format="csv", after=None),
        parked=PostbackHost.objects.of_application(row).parked().with_what_is_held(),
        has_failed=Delivery.objects.of_application(row).without_tests().failed().exists(),
        installation=_installation(request, row),
        manifest_url=_manifest_url(row) if not deliveries.rows else "",
    )
    return page_or_part(request, "installs/postbacks/postback_list.html", context)


def _installation(request: HttpRequest, application: Application) -> Installation | None:
    """The one installation that the address narrows to."""
    identifier = credentials.canonical(request.GET.get("installation", ""))
    rows = Installation.objects.of_application(application).select_related("account")
    return rows.filter(pk=UUID(identifier)).first() if identifier else None


def _manifest_url(application: Application) -> str:
    """The PostbackUrl of the manifest as it is saved."""
    return application.versions.development().postback_url


@require_safe
def postback_detail(request: HttpRequest, account: str, application: UUID, delivery: UUID) -> HttpResponse:
    """A page that looks again says what it has `seen`, and is answered with nothing while nothing has changed: what
    its reader unfolded stays unfolded."""
    row = tab.visible(request, account, application)
    shown = _delivery(row, delivery)
    progress = progress_of(shown)
    if htmx_of(request) and request.GET.get("seen") == progress["mark"]:
        return HttpResponse(status=204)
    newest = "" if shown.is_test else asking.newest_url(shown)
    context = tab.context(
        row,
        "postbacks",
        delivery=shown,
        newest=newest if newest != shown.url else "",
        newest_host=host_of(newest),
        may_redeliver=not asking.why_not(shown),
        **progress,
    )
    return page_or_part(request, "installs/postbacks/postback_detail.html", context)


def _delivery(application: Application, key: UUID) -> Delivery:
    rows = Delivery.objects.of_application(application).for_page()
    found = get_object_or_404(rows, pk=key)
    found.application = application
    return found


def progress_of(delivery: Delivery) -> dict[str, Any]:
    """Its attempts, what the schedule says next, and whether the page should look again soon. `mark` changes with
    whatever the page shows of it."""
    count, shown = delivery.attempts.count(), list(delivery.attempts.newest_first()[:ATTEMPTS_SHOWN])
    soon = delivery.next_attempt_at is not None and delivery.next_attempt_at < timezone.now() + NEAR
    goes_out = delivery.number or not delivery.application.stopped_at
    waits = delivery.state == Delivery.State.DUE and soon and bool(goes_out)
    return {
        "attempts": with_repeats(shown),
        "attempts_shown": len(shown),
        "attempt_count": count,
        "next_number": delivery.tried + 1,
        "most": 1 if delivery.decides or delivery.is_test else retries.ATTEMPTS,
        "host": PostbackHost.objects.of_application(delivery.application).of_delivery(delivery).first(),
        "polls": delivery.is_being_sent or waits,
        "mark": f"{count}-{delivery.state}-{delivery.is_being_sent:d}",
    }


@require_POST
@shows_or_moves_secret("Sends a permanent token to another address than before")
def postback_redeliver(request: HttpRequest, account: str, application: UUID, delivery: UUID) -> HttpResponse:
    row = tab.editable(request, account, application)
    wanted = _delivery(row, delivery)
    to_newest = request.POST.get("to") == "newest"
    with refusal_told(request):
        asking.redeliver(wanted, to_newest=to_newest, by=acting(request, Side.DEVELOPER))
        messages.success(request, "Redelivering now. The result will appear here.")
    return redirect("postback_detail", account, application, delivery)
