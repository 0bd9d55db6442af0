"""The page Security, and what a person does there to their second factors."""

import json
import time
from base64 import b64encode
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.flows import generate_recovery_codes
from allauth.mfa.totp.internal.auth import generate_totp_secret
from allauth.mfa.totp.internal.flows import activate_totp, deactivate_totp
from allauth.mfa.webauthn.internal import flows
from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_safe

from linnapp import credentials, record_pages
from linnapp.forms.factors import AppForm, PasskeyForm, PasskeyNameForm, browser_of
from linnapp.page_requests import will_show_credential
from linnapp.pages import may_show, refusal_in, show_once, signed_in
from linnapp.services import factors, passkeys
from linnapp.signing_in.factor_requests import WANTED_PAGE, no_passkeys_here, prove
from linnapp.signing_in.fresh_sign_ins import ask_for_fresh_sign_in, fresh_sign_in_first, shows_or_moves_secret
from linnapp.views.browser_sessions import own_browsers

get_or_post = require_http_methods(["GET", "HEAD", "POST"])
# How long one may take over an app, from its secret to its first code.
PENDING_SECONDS = 3_600
CODES = "recovery_codes"


def page(request: HttpRequest, template: str, **context: Any) -> TemplateResponse:
    return TemplateResponse(request, template, {"factors": factors.factors_of(signed_in(request)), **context})


@require_safe
def security(request: HttpRequest) -> HttpResponse:
    return page(
        request,
        "account/security.html",
        no_passkeys=no_passkeys_here(request),
        browsers=own_browsers(request),
        latest_of_record=record_pages.latest(signed_in(request)),
    )


@shows_or_moves_secret("Adds an authenticator app, and shows its key")
@get_or_post
@fresh_sign_in_first
def app_add(request: HttpRequest) -> HttpResponse:
    person = signed_in(request)
    if factors.factors_of(person).app:
        return redirect("mfa_index")
    secret = pending_secret(request) or generate_totp_secret()
    form = AppForm(request.POST or None, secret=secret)
    if form.is_valid():
        try:
            with transaction.atomic():
                # Before allauth asks whether this is fresh: of two first factors at once only one is made so.
                factors.hold(person)
                app, recovery = activate_totp(request, form)
                factors.keep_step(app, form.step)
        except IntegrityError:
            # Another tab was faster.
            return redirect("mfa_index")
        return with_codes_shown(request, recovery)
    will_show_credential(request)
    url = get_adapter().build_totp_url(person, secret)
    picture = b64encode(get_adapter().build_totp_svg(url).encode()).decode()
    pending = credentials.encrypt(json.dumps([person.pk, secret, time.time()]))
    facts = {"secret": secret, "pending": pending, "url": url, "picture": picture}
    return page(request, "mfa/totp/activate_form.html", form=form, issuer=get_adapter().get_totp_issuer(), **facts)


def pending_secret(request: HttpRequest) -> str:
    """The secret in the page that sends a code, which holds it encrypted; "" in somebody else's, or an old one."""
    try:
        person, secret, at = json.loads(credentials.decrypt(request.POST.get("pending", "")))
    except (credentials.WrongKey, ValueError):
        return ""
    return str(secret) if person == signed_in(request).pk and time.time() - at < PENDING_SECONDS else ""


def with_codes_shown(request: HttpRequest, recovery: Authenticator | None) -> HttpResponse:
    """On to the recovery codes, where they were made just now."""
    if recovery is None:
        return redirect("mfa_index")
    show_once(request, CODES, recovery.pk)
    return redirect("mfa_view_recovery_codes")


@shows_or_moves_secret("Removes the authenticator app")
@get_or_post
def app_remove(request: HttpRequest) -> HttpResponse:
    app = factor_of(request, type=Authenticator.Type.TOTP)
    ask_for_fresh_sign_in(request)
    if request.method == "POST":
        with transaction.atomic():
            factors.hold(signed_in(request))
            deactivate_totp(request, app)
        return redirect("mfa_index")
    return page(request, "mfa/remove.html", app=app)


def factor_of(request: HttpRequest, **which: Any) -> Authenticator:
    """404 for a factor of anybody else."""
    return get_object_or_404(Authenticator, user=signed_in(request), **which)


@shows_or_moves_secret("Adds a passkey")
@get_or_post
@fresh_sign_in_first
def passkey_add(request: HttpRequest) -> HttpResponse:
    person, why_not = signed_in(request), no_passkeys_here(request)
    name = get_adapter().generate_authenticator_name(person, Authenticator.Type.WEBAUTHN)
    form = PasskeyForm(request.POST or None, initial={"name": name}, person=person)
    if form.is_valid():
        with refusal_in(form), transaction.atomic():
            factors.hold(person)
            factors.refuse_one_too_many(person)
            made = form.cleaned_data
            recovery = flows.add_authenticator(request, made["name"], made["credential"])[1]
        if not form.errors:
            return with_codes_shown(request, recovery)
    asked = None if why_not else passkeys.ask_for_new(person, browser_of(request))
    return page(request, "mfa/webauthn/add_form.html", form=form, asked=asked, no_passkeys=why_not)


@shows_or_moves_secret("Renames a passkey")
@get_or_post
def passkey_edit(request: HttpRequest, pk: int) -> HttpResponse:
    passkey = factor_of(request, type=Authenticator.Type.WEBAUTHN, pk=pk)
    ask_for_fresh_sign_in(request)
    form = PasskeyNameForm(request.POST or None, initial={"name": str(passkey)})
    if form.is_valid():
        with refusal_in(form):
            factors.rename_passkey(passkey, form.cleaned_data["name"])
            messages.success(request, "Saved.")
            return redirect("mfa_index")
    return page(request, "mfa/webauthn/edit_form.html", form=form, passkey=passkey)


@shows_or_moves_secret("Removes a passkey")
@get_or_post
def passkey_remove(request: HttpRequest, pk: int) -> HttpResponse:
    passkey = factor_of(request, type=Authenticator.Type.WEBAUTHN, pk=pk)
    ask_for_fresh_sign_in(request)
    if request.method == "POST":
        with transaction.atomic():
            factors.hold(signed_in(request))
            flows.remove_authenticator(request, passkey)
        return redirect("mfa_index")
    return page(request, "mfa/remove.html", passkey=passkey)


def shown_codes(request: HttpRequest) -> list[str]:
    """Recovery codes in the clear, for the browser session that made them, for ten minutes."""
    recovery = factor_of(request, type=Authenticator.Type.RECOVERY_CODES)
    return factors.codes_of(recovery) if may_show(request, CODES, recovery.pk) else []


@require_safe
def recovery_codes(request: HttpRequest) -> HttpResponse:
    wanted = request.session.get(WANTED_PAGE, "")
    return page(request, "mfa/recovery_codes/index.html", codes=shown_codes(request), wanted=wanted)


@require_safe
def recovery_codes_download(request: HttpRequest) -> HttpResponse:
    codes = shown_codes(request)
    if not codes:
        raise Http404
    context = {"codes": codes, "portal": settings.SITE.netloc}
    answer = TemplateResponse(request, "mfa/recovery_codes/download.txt", context, content_type="text/plain")
    answer.headers["Content-Disposition"] = 'attachment; filename="recovery-codes.txt"'
    return answer


@shows_or_moves_secret("Creates new recovery codes and shows them")
@get_or_post
def recovery_codes_new(request: HttpRequest) -> HttpResponse:
    if not factors.has_factor(signed_in(request)):
        raise Http404
    ask_for_fresh_sign_in(request)
    if request.method == "POST":
        recovery = generate_recovery_codes(request)
        # The codes before may be what proved it.
        prove(request, recovery)
        return with_codes_shown(request, recovery)
    return page(request, "mfa/recovery_codes/generate.html")
