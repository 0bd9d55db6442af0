"""The postbacks of an installation, as support reads them."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from installs.postbacks import asking
from installs.postbacks.views import deliveries, of_installation
from installs.support.views.case import opened


@require_safe
def support_postbacks(request: HttpRequest, installation: UUID) -> HttpResponse:
    row = opened(request, installation)
    context = of_installation.context_of(request, row)
    if one := of_installation.opened(request, row):
        context |= {"delivery": one, "may_redeliver": not asking.why_not(one), **deliveries.progress_of(one)}
    return render(request, "installs/support/support_postbacks.html", context)
