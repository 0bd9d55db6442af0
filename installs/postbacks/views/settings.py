"""Postback settings of an application: when an installation is complete, its events, and the signing secret."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from installs.models import SigningSecret
from installs.postbacks import alerts, event_settings, policy, signing_secrets
from installs.postbacks.forms.events import EventsForm
from installs.postbacks.forms.settings import AlertsForm, ModeForm, RotateSigningSecretForm
from linnapp import pages, tab
from linnapp.actors import Side
from linnapp.models import Application
from linnapp.signing_in.fresh_sign_ins import shows_or_moves_secret

SHOWN = "signing secret"


@dataclass(frozen=True)
class Row:
    """`shown` is the signing secret in the clear, for ten minutes after it was revealed or made; else ""."""

    secret: SigningSecret
    shown: str


@require_safe
def postback_settings(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    row = tab.editable(request, account, application)
    return page(request, row)


@require_POST
def postback_mode(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    row = tab.editable(request, account, application)
    form = ModeForm(request.POST)
    if form.is_valid():
        with pages.refusal_in(form):
            policy.choose_mode(row, form.cleaned_data["mode"], by=pages.acting(request, Side.DEVELOPER))
            messages.success(request, "Saved. It applies to every installation from now on.")
            return _back_to(row, "mode")
    return page(request, row, form=form)


@require_POST
def postback_alerts(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    row = tab.editable(request, account, application)
    form = AlertsForm(request.POST)
    if form.is_valid():
        with pages.refusal_in(form):
            alerts.choose(row, form.cleaned_data["matters"], by=pages.acting(request, Side.DEVELOPER))
            messages.success(request, "Saved. It applies from the next e-mail on.")
            return _back_to(row, "alerts")
    return page(request, row, alerts_form=form)


@require_POST
@shows_or_moves_secret("Shows the signing secret")
def signing_secret_reveal(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    row, by = tab.editable(request, account, application), pages.acting(request, Side.DEVELOPER)
    back = pages.at_section("signing-secret", "postback_settings", account, row.pk)
    return pages.reveal(request, SHOWN, lambda: signing_secrets.reveal(row, by=by), back)


@require_http_methods(["GET", "HEAD", "POST"])
@shows_or_moves_secret("Makes another signing secret, and shows it")
def signing_secret_rotate(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    row = tab.editable(request, account, application)
    form = RotateSigningSecretForm(request.POST if request.method == "POST" else None)
    return _rotated(request, row, form) if form.is_valid() else _rotate_page(request, row, form)


def _rotated(request: HttpRequest, application: Application, form: RotateSigningSecretForm) -> HttpResponse:
    after = form.cleaned_data["after"]
    with pages.refusal_in(form):
        made = signing_secrets.rotate(application, after=after, by=pages.acting(request, Side.DEVELOPER))
        pages.show_once(request, SHOWN, made.pk)
        messages.success(request, _made(after))
        return _back_to(application, "signing-secret")
    return _rotate_page(request, application, form)


def _back_to(application: Application, section: str) -> HttpResponse:
    return redirect(pages.at_section(section, "postback_settings", application.account.slug, application.pk))


def _rotate_page(request: HttpRequest, application: Application, form: RotateSigningSecretForm) -> HttpResponse:
    context = tab.context(application, "postbacks", form=form, secrets=_secrets(request, application))
    return render(
        request, "installs/postbacks/signing_secret_rotate.html", context, status=422 if form.is_bound else 200
    )


def _made(after: timedelta) -> str:
    if not after:
        return "New signing secret created. The old one has ended: give your endpoint the new one now."
    return "New signing secret created. Until the old one ends, every postback is signed with both."


def _secrets(request: HttpRequest, application: Application) -> list[Row]:
    return [
        Row(secret, secret.value() if pages.may_show(request, SHOWN, secret.pk) else "")
        for secret in SigningSecret.objects.of_application(application).live()
    ]


def page(
    request: HttpRequest,
    application: Application,
    *,
    form: ModeForm | None = None,
    events_form: EventsForm | None = None,
    alerts_form: AlertsForm | None = None,
) -> HttpResponse:
    """With the form that was refused, if one was."""
    events = event_settings.settings_of(application)
    chosen = events.chosen or event_settings.AT_FIRST
    wanted = alerts.chosen(application)
    context = tab.context(
        application,
        "postbacks",
        form=form or ModeForm(initial={"mode": policy.mode_of(application)}),
        events=events,
        events_form=events_form or EventsForm(initial={"url": events.url, "events": list(chosen)}),
        alerts_form=alerts_form or AlertsForm(initial={"matters": alerts.matters_of(wanted)}),
        secrets=_secrets(request, application),
    )
    status = 422 if form or events_form or alerts_form else 200
    return render(request, "installs/postbacks/postback_settings.html", context, status=status)
