"""The postbacks of one installation: as its own account reads them, and as support does, with every attempt."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from installs import support
from installs.forms.postbacks import STATES, TIMES, InstallationPostbackFilter
from installs.models import Delivery, Installation
from installs.views.postbacks import SORTS, progress_of
from linnapp import credentials
from linnapp.pages import ListPage, signed_in

LAST = 5


def last_of(installation: Installation) -> list[Delivery]:
    """What the page of an installation shows of them."""
    return list(Delivery.objects.of_installation(installation).newest_first()[:LAST])


@require_safe
def installation_postbacks(request: HttpRequest, account: str, installation: UUID) -> HttpResponse:
    rows = Installation.objects.on_accounts_of(request.user).on_account(account).with_its_facts()
    row = get_object_or_404(rows, pk=installation)
    return render(request, "installs/installation_postbacks.html", _context(request, row))


@require_safe
def support_postbacks(request: HttpRequest, installation: UUID) -> HttpResponse:
    row = get_object_or_404(Installation.objects.for_support(request.user).with_its_facts(), pk=installation)
    support.note_view(row, by=signed_in(request))
    context = _context(request, row)
    if one := _opened(request, row):
        context |= {"delivery": one, **progress_of(one)}
    return render(request, "installs/support_postbacks.html", context)


def _context(request: HttpRequest, installation: Installation) -> dict[str, Any]:
    rows = Delivery.objects.of_installation(installation).for_lists()
    deliveries = ListPage(request, rows, filters=InstallationPostbackFilter, sorts=SORTS)
    return {
        "installation": installation,
        "application": installation.application,
        "list": deliveries,
        "chips": deliveries.chips("state", STATES),
        "time_chips": deliveries.chips("since", TIMES),
    }


def _opened(request: HttpRequest, installation: Installation) -> Delivery | None:
    """The one whose attempts the address asks for."""
    identifier = credentials.canonical(request.GET.get("delivery", ""))
    if not identifier:
        return None
    one = Delivery.objects.of_installation(installation).filter(pk=UUID(identifier)).first()
    if one:
        one.application = installation.application
    return one
