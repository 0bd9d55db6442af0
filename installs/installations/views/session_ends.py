"""Ending the sessions of an installation."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from installs.installations import acts, session_ends
from installs.installations.acts import Act
from installs.installations.views import desks
from installs.installations.views.desks import Desk
from linnapp import pages
from linnapp.words import counted


@require_http_methods(["GET", "HEAD", "POST"])
def installation_sessions_end(request: HttpRequest, account: str, installation: UUID) -> HttpResponse:
    return _answer(request, desks.of_account(request, account, installation))


@require_http_methods(["GET", "HEAD", "POST"])
def application_sessions_end(request: HttpRequest, account: str, application: UUID, installation: UUID) -> HttpResponse:
    return _answer(request, desks.of_application(request, account, application, installation))


def _answer(request: HttpRequest, desk: Desk) -> HttpResponse:
    if request.method == "POST":
        return _end(request, desk)
    if not acts.is_possible(Act.END_SESSIONS, desk.installation):
        return redirect(desk.urls["back"])
    context = desk.context(sessions=desk.installation.sessions.live().count())
    return render(request, desk.template("sessions_end"), context)


def _end(request: HttpRequest, desk: Desk) -> HttpResponse:
    with pages.refusal_told(request):
        number = session_ends.end_sessions(desk.installation, by=desk.by)
        if number:
            messages.success(request, f"{counted(number, 'session has', 'sessions have')} ended.")
        else:
            messages.info(request, "No session was live, so nothing changed.")
    return redirect(desk.urls["back"])
