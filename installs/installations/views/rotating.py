"""Rotating a permanent token: what it does is said first, then how far it is, until the old one has ended."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from installs.installations import acts, progress, rotating
from installs.installations.acts import Act
from installs.installations.progress import RotationProgress
from installs.installations.views import desks
from installs.installations.views.desks import Desk
from installs.models.deliveries import host_of
from installs.postbacks import handover
from linnapp import pages
from linnapp.page_requests import wants_part
from linnapp.signing_in.fresh_sign_ins import shows_or_moves_secret
from linnapp.words import span_in_words

OVERLAP = span_in_words(handover.OVERLAP)


@require_http_methods(["GET", "HEAD", "POST"])
@shows_or_moves_secret("Makes another permanent token, and sends or shows it")
def installation_rotate(request: HttpRequest, account: str, installation: UUID) -> HttpResponse:
    return _answer(request, desks.of_account(request, account, installation))


@require_http_methods(["GET", "HEAD", "POST"])
@shows_or_moves_secret("Makes another permanent token, and sends or shows it")
def application_rotate(request: HttpRequest, account: str, application: UUID, installation: UUID) -> HttpResponse:
    return _answer(request, desks.of_application(request, account, application, installation))


@require_POST
def installation_old_token_end(request: HttpRequest, account: str, installation: UUID) -> HttpResponse:
    return _end_old(request, desks.of_account(request, account, installation))


@require_POST
def application_old_token_end(
    request: HttpRequest, account: str, application: UUID, installation: UUID
) -> HttpResponse:
    return _end_old(request, desks.of_application(request, account, application, installation))


def _answer(request: HttpRequest, desk: Desk) -> HttpResponse:
    if request.method == "POST":
        return _rotate(request, desk)
    under_way = progress.rotation_progress(desk.installation)
    if wants_part(request):
        return _news(request, desk, under_way)
    if under_way:
        return render(request, desk.template("rotated"), _context(request, desk, under_way))
    if not acts.is_possible(Act.ROTATE, desk.installation):
        return redirect(desk.urls["back"])
    context = desk.context(
        token=desk.installation.permanent_tokens.live().first(),
        host=host_of(desk.installation.version.postback_url),
        sessions=desk.installation.sessions.live().count(),
        overlap=OVERLAP,
    )
    return render(request, desk.template("rotate"), context)


def _rotate(request: HttpRequest, desk: Desk) -> HttpResponse:
    with pages.refusal_told(request):
        rotation = rotating.rotate(desk.installation, by=desk.by)
        if rotation.delivery is None:
            pages.show_once(request, "token", rotation.new.pk)
    return redirect(desk.urls["rotate"])


def _news(request: HttpRequest, desk: Desk, under_way: RotationProgress | None) -> HttpResponse:
    """Nothing, while the page that asks shows what is so."""
    if under_way and request.GET.get("seen") == under_way.mark:
        return HttpResponse(status=204)
    return render(request, "installs/installations/_rotated.html", _context(request, desk, under_way))


def _context(request: HttpRequest, desk: Desk, under_way: RotationProgress | None) -> dict[str, object]:
    """With the new one in the clear, for whoever may see it for some minutes."""
    new = under_way.rotation.new if under_way else desk.installation.permanent_tokens.live().first()
    shown = new.value() if new and pages.may_show(request, "token", new.pk) else ""
    return desk.context(under_way=under_way, new=new, shown=shown, overlap=OVERLAP)


def _end_old(request: HttpRequest, desk: Desk) -> HttpResponse:
    with pages.refusal_told(request):
        new = rotating.end_old_token(desk.installation, by=desk.by)
        messages.success(request, f"The old permanent token no longer works. Only …{new.tail} does now.")
    return redirect(desk.urls["back"])
