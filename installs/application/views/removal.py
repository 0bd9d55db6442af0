"""Retiring or deleting an application: which of the two, why, and what it breaks, on one page."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from installs.application import removal
from installs.application.forms.removal import RemoveApplicationForm
from installs.models import Installation
from linnapp import pages, tab
from linnapp.actors import Side


@require_http_methods(["GET", "HEAD", "POST"])
def application_remove(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    row = tab.editable(request, account, application)
    form = RemoveApplicationForm(request.POST if request.method == "POST" else None, application=row)
    if form.is_valid():
        with pages.refusal_in(form):
            deleted = removal.remove_application(row, by=pages.acting(request, Side.DEVELOPER))
            messages.success(request, f"{row} is {'deleted' if deleted else 'retired'}.")
            return (
                redirect("application_list", account) if deleted else redirect("application_general", account, row.pk)
            )
    context = tab.context(
        row,
        "general",
        form=form,
        live=Installation.objects.live().of_application(row).count(),
        past=Installation.objects.of_application(row).count(),
    )
    return render(
        request, "installs/application/application_remove.html", context, status=422 if form.is_bound else 200
    )
