"""On the application's own account: its installation moves between the Development Version and released ones."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from installs.installations import acts, lifecycle, moving
from installs.installations.acts import Act
from installs.installations.forms.moving import SwitchForm
from installs.installations.views import own
from installs.models import Installation
from linnapp import pages


@require_http_methods(["GET", "HEAD", "POST"])
def installation_switch(request: HttpRequest, account: str, installation: UUID) -> HttpResponse:
    row = own.managed(request, account, installation)
    if not row.is_on_own_account:
        raise Http404("Only the application's own account can choose a version.")
    if not acts.is_possible(Act.SWITCH, row):
        return redirect("installation_detail", account, row.pk)
    offered = lifecycle.offered_versions(row.application, row.account, pages.signed_in(request))
    form = SwitchForm(request.POST or None, offered=offered, current=row.version)
    if form.is_valid():
        return _switch(request, row, form)
    context = {"installation": row, "form": form}
    status = 422 if form.is_bound else 200
    return render(request, "installs/installations/installation_switch.html", context, status=status)


def _switch(request: HttpRequest, row: Installation, form: SwitchForm) -> HttpResponse:
    with pages.refusal_told(request):
        switched = moving.switch(row, to=form.cleaned_data["version"], by=own.acting(request, row))
        messages.success(request, f"{row.application} is now on {_named(switched)}.")
    return redirect("installation_detail", row.account.slug, row.pk)


def _named(row: Installation) -> str:
    return "the Development Version" if row.version.is_development else row.version.label
