"""The General tab: credentials, Installation URL, logo and texts of an application."""

import re
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linnapp import logos, pages, tab
from linnapp.actors import Side
from linnapp.forms.general import DetailsForm, LogoForm, TrackingForm
from linnapp.models import Application, Secret
from linnapp.services import applications, secrets
from linnapp.services.editing import EditedMeanwhile
from linnapp.signing_in.fresh_sign_ins import shows_or_moves_secret
from linnapp.views.applications import say_if_name_is_shared

DIGEST = re.compile(r"[0-9a-f]{64}")
FOR_EVER = "public, max-age=31536000, immutable"


@require_http_methods(["GET", "HEAD", "POST"])
def application_general(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    row = tab.editable(request, account, application)
    if request.method != "POST":
        return _page(request, row)
    form = DetailsForm(request.POST, application=row)
    if form.is_valid() and _saved(request, row, form):
        return redirect(pages.at_section("details", "application_general", account, row.pk))
    return _page(request, row, details=form, status=422)


def _saved(request: HttpRequest, application: Application, form: DetailsForm) -> bool:
    by = pages.acting(request, Side.DEVELOPER)
    with pages.refusal_in(form):
        try:
            changed = applications.edit_application(
                application, by=by, started_from=form.started_from(), **form.values()
            )
        except EditedMeanwhile as conflict:
            form.put_beside(conflict.theirs)
            return False
        pages.tell_saved(request, changed)
        if "name" in changed:
            application.refresh_from_db(fields=["name"])
            say_if_name_is_shared(request, application)
        return True
    return False


@require_POST
def application_logo(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    row = tab.editable(request, account, application)
    form = LogoForm(request.POST, request.FILES)
    if form.is_valid():
        with pages.refusal_in(form, "logo"):
            applications.set_logo(row, form.cleaned_data["logo"].read(), by=pages.acting(request, Side.DEVELOPER))
            messages.success(request, "Logo saved.")
            return redirect(pages.at_section("logo", "application_general", account, row.pk))
    return _page(request, row, logo=form, status=422)


@require_POST
def application_logo_remove(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    row = tab.editable(request, account, application)
    with pages.refusal_told(request):
        applications.remove_logo(row, by=pages.acting(request, Side.DEVELOPER))
        messages.success(request, "Logo removed. The application shows its initials instead.")
    return redirect(pages.at_section("logo", "application_general", account, row.pk))


@require_POST
@shows_or_moves_secret("Reveals an Application Secret")
def secret_reveal(request: HttpRequest, account: str, application: UUID, secret: int) -> HttpResponse:
    rows = Secret.objects.visible_to(request.user).live().filter(application__account__slug=account)
    row, by = get_object_or_404(rows, pk=secret, application_id=application), pages.acting(request, Side.DEVELOPER)
    back = pages.at_section("secrets", "application_general", account, application)
    return pages.reveal(request, "secret", lambda: secrets.reveal_secret(row, by=by), back)


def _page(
    request: HttpRequest,
    application: Application,
    *,
    details: DetailsForm | None = None,
    logo: LogoForm | None = None,
    status: int = 200,
) -> HttpResponse:
    tracking = TrackingForm({"tracking": request.GET.get("tracking", "")})
    wanted = tracking.cleaned_data["tracking"] if tracking.is_valid() else ""
    live = application.secrets.live().select_related("created_by")
    context: dict[str, Any] = {
        "application": application,
        "tab": "general",
        "details": details or DetailsForm(application=application),
        "logo_form": logo or LogoForm(),
        "tracking": tracking,
        "plain_installation_url": pages.installation_url(application.pk),
        "installation_url": pages.installation_url(application.pk, wanted),
        "secrets": [(secret, _shown(request, secret)) for secret in live],
        "may_make_secret": not application.retired_at and len(live) < secrets.MOST_LIVE,
    }
    return render(request, "linnapp/application_general.html", context, status=status)


def _shown(request: HttpRequest, secret: Secret) -> str:
    """The secret in the clear for whoever just made or revealed it, else nothing."""
    return secret.value() if pages.may_show(request, "secret", secret.pk) else ""


@login_not_required
@require_safe
def logo(request: HttpRequest, digest: str) -> HttpResponseBase:
    """A logo by its digest: what stands under this address never changes, so it is kept for ever."""
    if not DIGEST.fullmatch(digest) or not default_storage.exists(logos.path_of(digest)):
        raise Http404
    picture = default_storage.open(logos.path_of(digest))
    return FileResponse(picture, content_type="image/png", headers={"Cache-Control": FOR_EVER})
