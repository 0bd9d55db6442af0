"""Signing in with a second factor, or with a passkey alone, and showing by one that it is still you."""

from typing import Any, ClassVar, cast
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.decorators import login_stage_required
from allauth.account.internal.stagekit import clear_login
from allauth.account.models import Login
from allauth.account.utils import get_login_redirect_url, get_next_redirect_url
from allauth.account.views import BaseReauthenticateView, ReauthenticateView
from allauth.mfa.base import views
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.webauthn.internal import flows
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django.views.generic import TemplateView

from linnapp.forms.factors import (
    CodeAgainForm,
    CodeForm,
    PasskeyAgainForm,
    PasskeyUsedForm,
    SignInByPasskeyForm,
    browser_of,
)
from linnapp.models import User
from linnapp.models.people import may_act_as_superuser
from linnapp.services import factors, passkeys
from linnapp.signing_in.factor_requests import FOR_FACTOR, no_passkeys_here, still_waits
from linnapp.typed import is_kept_behind

METHODS = ["get", "head", "post"]
stage_required = login_stage_required(stage=AuthenticateStage.key, redirect_urlname="account_login")


@method_decorator(stage_required, name="dispatch")
class FactorAtSignIn(views.AuthenticateView):
    """After a right password, of somebody who has a second factor."""

    http_method_names: ClassVar[list[str]] = METHODS
    form_class = CodeForm
    webauthn_form_class = PasskeyUsedForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        login = request._login_stage.login  # type: ignore[attr-defined]
        # Without a factor allauth would lead to the sign-in, and that back to here, for ever.
        if not (factors.has_factor(login.user) and still_waits(request, login.user, login.initiated_at)):
            clear_login(request)
            messages.info(request, "Sign in again: your sign-in expired before you used your second factor.")
            return redirect(login_address(login.redirect_url))
        return cast(HttpResponseBase, super().dispatch(request, *args, **kwargs))

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        """Not allauth's, which writes what it asks a passkey into the session."""
        person = self.stage.login.user
        facts = {"factors": factors.factors_of(person), "form": self.auth_form, "webauthn_form": self.webauthn_form}
        facts["is_kept"] = is_kept_behind(self.request, self.stage.login.redirect_url or "")
        facts["is_admin"] = may_act_as_superuser(person)
        return TemplateView.get_context_data(self, **context) | facts | asked_of(self.request, person)


def asked_of(request: HttpRequest, person: User) -> dict[str, Any]:
    why_not = no_passkeys_here(request)
    return {"no_passkeys": why_not, "asked": None if why_not else passkeys.ask(person, browser_of(request))}


@require_POST
def leave_sign_in(request: HttpRequest) -> HttpResponse:
    """Back to the sign-in, as nobody: until then it leads to the second factor."""
    clear_login(request)
    return redirect("account_login")


class SignInAgain(BaseReauthenticateView):
    http_method_names: ClassVar[list[str]] = METHODS

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Whoever has neither password nor factor shows that it is them by the link in a mail."""
        if not get_adapter(request).get_reauthentication_methods(request.user):
            return redirect(self.passthrough_next_url(reverse("account_reset_password")))
        return cast(HttpResponseBase, super().dispatch(request, *args, **kwargs))


class PasswordAgain(SignInAgain, ReauthenticateView):
    """allauth's page."""


class FactorAgain(SignInAgain):
    """The same page asks for a fresh sign-in, and for the factor that a session was signed in without: then a password
    is no way to go on."""

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().get_context_data(**context)
        if not (FOR_FACTOR in self.request.GET or FOR_FACTOR in self.request.POST):
            return found
        others = [
            way | {"url": f"{way['url']}{'&' if '?' in way['url'] else '?'}{FOR_FACTOR}=1"}
            for way in found["reauthentication_alternatives"]
            if way["id"] != "reauthenticate"
        ]
        return found | {"for_factor": FOR_FACTOR, "reauthentication_alternatives": others}


class CodeAgain(FactorAgain, views.ReauthenticateView):
    form_class = CodeAgainForm


class PasskeyAgain(FactorAgain):
    form_class = PasskeyAgainForm
    template_name = "mfa/webauthn/reauthenticate.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_form_kwargs()
        return kwargs | {"user": self.request.user}

    def form_valid(self, form: PasskeyAgainForm) -> HttpResponse:
        form.save()
        return cast(HttpResponse, super().form_valid(form))

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().get_context_data(**context)
        return found | asked_of(self.request, cast(User, self.request.user))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_by_passkey(request: HttpRequest) -> HttpResponse:
    """A script asks for a challenge, and posts what the passkey made of it."""
    if request.user.is_authenticated:
        # An address, and no name of a page: it may be any that is of this portal.
        return HttpResponseRedirect(get_login_redirect_url(request))
    if request.method != "POST":
        if request.accepts("text/html"):
            return redirect("account_login")
        asked = passkeys.ask(None, browser_of(request))
        return JsonResponse({"options": asked.options, "asked": asked.token})
    form = SignInByPasskeyForm(request.POST)
    if not form.is_valid():
        return TemplateResponse(request, "mfa/passkey_refused.html", {"form": form, "back": back_to_sign_in(request)})
    login = Login(user=form.passkey.user)
    return cast(HttpResponse, flows.perform_passwordless_login(request, form.passkey, login))


def back_to_sign_in(request: HttpRequest) -> str:
    return login_address(get_next_redirect_url(request))


def login_address(after: str | None) -> str:
    address = reverse("account_login")
    return f"{address}?{urlencode({'next': after})}" if after else address
