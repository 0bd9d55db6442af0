"""A version is withdrawn, on a page that says what that does, and taken back within the hour."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from installs.application import withdrawing
from linnapp import pages, tab
from linnapp.actors import Side
from linnapp.models import Version
from linnapp.moments import shown
from linnapp.words import span_in_words


@require_http_methods(["GET", "HEAD", "POST"])
def version_withdraw(request: HttpRequest, account: str, application: UUID, version: int) -> HttpResponse:
    row = tab.editable(request, account, application)
    found = get_object_or_404(row.versions.select_related("application__account"), pk=version)
    if request.method == "POST":
        return _withdraw(request, found)
    if row.retired_at or found.is_development or found.withdrawn_at:
        return _to(found)
    context = tab.context(
        row,
        "versions",
        version=found,
        consequences=withdrawing.consequences([found])[found.pk],
        within=span_in_words(withdrawing.TAKEN_BACK_WITHIN),
    )
    return render(request, "installs/application/version_withdraw.html", context)


def _withdraw(request: HttpRequest, version: Version) -> HttpResponse:
    """Sent twice, it is withdrawn once."""
    with pages.refusal_told(request):
        withdrawing.withdraw_version(version, by=pages.acting(request, Side.DEVELOPER))
        version.refresh_from_db(fields=["withdrawn_at"])
        messages.success(request, _withdrawn(version))
    return _to(version)


def _withdrawn(version: Version) -> str:
    if not withdrawing.may_be_taken_back(version):
        return f"{version.label} is withdrawn."
    until = shown(withdrawing.taken_back_until(version) or timezone.now(), "TIME_FORMAT")
    return f"{version.label} is withdrawn. You can take this back until {until}."


@require_POST
def version_take_back(request: HttpRequest, account: str, application: UUID, version: int) -> HttpResponse:
    row = tab.editable(request, account, application)
    found = get_object_or_404(row.versions.select_related("application__account"), pk=version)
    with pages.refusal_told(request):
        withdrawing.take_back_withdrawal(found, by=pages.acting(request, Side.DEVELOPER))
        messages.success(request, f"{found.label} is no longer withdrawn: it can be installed again.")
    return _to(found)


def _to(version: Version) -> HttpResponse:
    return redirect("version_detail", version.application.account.slug, version.application_id, version.pk)
