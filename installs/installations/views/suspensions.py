"""An account suspends its installation, and resumes it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from installs.installations import acts, suspending
from installs.installations.acts import Act
from installs.installations.views import own
from installs.models import Installation
from linnapp.pages import refusal_told


@require_http_methods(["GET", "HEAD", "POST"])
def installation_suspend(request: HttpRequest, account: str, installation: UUID) -> HttpResponse:
    row = own.managed(request, account, installation)
    if request.method == "POST":
        return _suspend(request, row)
    if not acts.is_possible(Act.SUSPEND, row):
        return redirect("installation_detail", account, row.pk)
    return render(request, "installs/installations/installation_suspend.html", own.what_it_stops(request, row))


def _suspend(request: HttpRequest, row: Installation) -> HttpResponse:
    with refusal_told(request):
        suspending.suspend(row, by=own.acting(request, row))
        messages.success(request, f"{row.application} is suspended on {row.account} until you resume it.")
    return redirect("installation_detail", row.account.slug, row.pk)


@require_POST
def installation_resume(request: HttpRequest, account: str, installation: UUID) -> HttpResponse:
    row = own.managed(request, account, installation)
    with refusal_told(request):
        suspending.resume(row, by=own.acting(request, row))
        _tell_resumed(request, Installation.objects.with_its_facts().get(pk=row.pk))
    return redirect("installation_detail", row.account.slug, row.pk)


def _tell_resumed(request: HttpRequest, row: Installation) -> None:
    if row.is_suspended:
        messages.warning(request, f"You ended your suspension. {row.application} stays suspended {row.suspended_by}.")
    else:
        messages.success(request, f"{row.application} works on {row.account} again. Its developer has nothing to do.")
