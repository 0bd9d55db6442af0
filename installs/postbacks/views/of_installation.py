"""The postbacks of one installation, as its own account reads them; support's page of them is made of the same."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from installs.models import Delivery, Installation
from installs.postbacks import event_settings
from installs.postbacks.forms.deliveries import KINDS, STATES, TIMES, InstallationPostbackFilter
from installs.postbacks.views.deliveries import SORTS
from linnapp import credentials
from linnapp.pages import ListPage


@require_safe
def installation_postbacks(request: HttpRequest, account: str, installation: UUID) -> HttpResponse:
    rows = Installation.objects.on_accounts_of(request.user).on_account(account).with_its_facts()
    row = get_object_or_404(rows, pk=installation)
    return render(request, "installs/postbacks/installation_postbacks.html", context_of(request, row))


def context_of(request: HttpRequest, installation: Installation) -> dict[str, Any]:
    rows = Delivery.objects.of_installation(installation).for_lists()
    deliveries = ListPage(request, rows, filters=InstallationPostbackFilter, sorts=SORTS)
    return {
        "installation": installation,
        "application": installation.application,
        "list": deliveries,
        "filters": [
            ("State", deliveries.chips("state", STATES)),
            ("Kind", deliveries.chips("kind", KINDS)),
            ("Time", deliveries.chips("since", TIMES)),
        ],
    }


def last_few(installation: Installation) -> dict[str, Any]:
    """What the page of an installation shows of them beside its timeline."""
    events_host = event_settings.host_told_of(installation)
    postbacks = list(Delivery.objects.of_installation(installation).last_few())
    has_events = bool(events_host) or any(row.is_event for row in postbacks)
    return {"events_host": events_host, "postbacks": postbacks, "has_events": has_events}


def opened(request: HttpRequest, installation: Installation) -> Delivery | None:
    """The one whose attempts the address asks for."""
    identifier = credentials.canonical(request.GET.get("delivery", ""))
    if not identifier:
        return None
    one = Delivery.objects.of_installation(installation).filter(pk=UUID(identifier)).first()
    if one:
        one.application = installation.application
    return one
