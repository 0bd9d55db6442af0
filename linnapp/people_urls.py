"""allauth's pages under addresses a person would type."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import views
from django.contrib.auth.decorators import login_not_required
from django.forms import BaseForm
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path, re_path

from linnapp.services.knocks import TooOften
from linnapp.signing_in.fresh_sign_ins import fresh_sign_in_first, shows_or_moves_secret
from linnapp.views import factor_sign_in, factors, sign_up
from linnapp.views.demo import SignIn
from linnapp.views.profile import OwnAddress
from linnapp.views.typed import go_on, sign_in_here

View = Callable[..., HttpResponseBase]


def form_page(view: View) -> View:
    """The same page, answering 422 where the form it shows again was not valid, as every form of the portal does, and
    429 where that was too often. What was typed stands in it still."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        context = getattr(response, "context_data", None) or {}
        # A page with a code and a passkey has two.
        sent = (form for form in (context.get("form"), context.get("webauthn_form")) if form is not None)
        if request.method == "POST" and response.status_code == 200:
            for form in sent:
                if form.errors:
                    refuse(response, form)
        return response

    return answer


def refuse(response: HttpResponseBase, form: BaseForm) -> None:
    response.status_code = 422
    errors = (error for errors in form.errors.as_data().values() for error in errors)
    waits = [error.seconds for error in errors if isinstance(error, TooOften)]
    if waits:
        response.status_code = 429
        response.headers["Retry-After"] = str(max(waits))


def entrance(view: View) -> View:
    """A page for people who are not signed in."""
    return login_not_required(form_page(view))


# allauth itself asks.
changes_mail = shows_or_moves_secret("Changes the e-mail address that you sign in with")
sets_password = shows_or_moves_secret("Sets your first password")
password_set = sets_password(form_page(fresh_sign_in_first(views.password_set)))

urlpatterns = [
    path("sign-in/", entrance(SignIn.as_view()), name="account_login"),
    path("sign-up/", entrance(views.signup), name="account_signup"),
    path("sign-out/", views.logout, name="account_logout"),
    path("sign-in/again/", form_page(factor_sign_in.PasswordAgain.as_view()), name="account_reauthenticate"),
    path("sign-in/passkey/", entrance(factor_sign_in.sign_in_by_passkey), name="mfa_login_webauthn"),
    path("sign-in/factor/", entrance(factor_sign_in.FactorAtSignIn.as_view()), name="mfa_authenticate"),
    path("sign-in/leave/", login_not_required(factor_sign_in.leave_sign_in), name="sign_in_leave"),
    path("sign-in/again/factor/", form_page(factor_sign_in.CodeAgain.as_view()), name="mfa_reauthenticate"),
    path(
        "sign-in/again/passkey/",
        form_page(factor_sign_in.PasskeyAgain.as_view()),
        name="mfa_reauthenticate_webauthn",
    ),
    path("profile/security/", factors.security, name="mfa_index"),
    path("profile/security/app/", form_page(factors.app_add), name="mfa_activate_totp"),
    path("profile/security/app/remove/", factors.app_remove, name="mfa_deactivate_totp"),
    path("profile/security/passkeys/add/", form_page(factors.passkey_add), name="mfa_add_webauthn"),
    path("profile/security/passkeys/<int:pk>/", form_page(factors.passkey_edit), name="mfa_edit_webauthn"),
    path("profile/security/passkeys/<int:pk>/remove/", factors.passkey_remove, name="mfa_remove_webauthn"),
    path("profile/security/recovery-codes/", factors.recovery_codes, name="mfa_view_recovery_codes"),
    path("profile/security/recovery-codes/new/", factors.recovery_codes_new, name="mfa_generate_recovery_codes"),
    path(
        "profile/security/recovery-codes/download/",
        factors.recovery_codes_download,
        name="mfa_download_recovery_codes",
    ),
    path("sign-in/here/", entrance(sign_in_here), name="sign_in_here"),
    path("sign-in/go-on/<str:link>/", go_on, name="go_on"),
    path("account-inactive/", entrance(views.account_inactive), name="account_inactive"),
    path("profile/e-mail/", changes_mail(form_page(OwnAddress.as_view())), name="account_email"),
    path("profile/password/", form_page(views.password_change), name="account_change_password"),
    path("profile/password/set/", password_set, name="account_set_password"),
    path("verify/", sign_up.verification_sent, name="account_email_verification_sent"),
    path("verify/again/", sign_up.verification_again, name="verification_again"),
    re_path(r"^verify/(?P<key>[-:\w]+)/$", entrance(sign_up.ConfirmAddress.as_view()), name="account_confirm_email"),
    path("password/", entrance(sign_up.ForgottenPassword.as_view()), name="account_reset_password"),
    path("password/sent/", entrance(views.password_reset_done), name="account_reset_password_done"),
    re_path(
        r"^password/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        entrance(sign_up.NewPassword.as_view()),
        name="account_reset_password_from_key",
    ),
    path(
        "password/changed/",
        entrance(views.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
]
