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

from linnapp.devices import keep_device
from linnapp.services.knocks import TooOften
from linnapp.views.demo import SignIn
from linnapp.views.profile import OwnAddress

View = Callable[..., HttpResponseBase]


def form_page(view: View) -> View:
    """The same page, answering 422 where the form it shows again was not valid, as every form of the portal does, and
    429 where that was too often. What was typed stands in it still."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        form = (getattr(response, "context_data", None) or {}).get("form")
        if request.method == "POST" and response.status_code == 200 and form is not None and form.errors:
            refuse(response, form)
        keep_device(request, response)
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


urlpatterns = [
    path("sign-in/", entrance(SignIn.as_view()), name="account_login"),
    path("sign-up/", entrance(views.signup), name="account_signup"),
    path("sign-out/", views.logout, name="account_logout"),
    path("sign-in/again/", form_page(views.reauthenticate), name="account_reauthenticate"),
    path("account-inactive/", entrance(views.account_inactive), name="account_inactive"),
    path("profile/e-mail/", form_page(OwnAddress.as_view()), name="account_email"),
    path("profile/password/", form_page(views.password_change), name="account_change_password"),
    path("profile/password/set/", form_page(views.password_set), name="account_set_password"),
    path("verify/", entrance(views.email_verification_sent), name="account_email_verification_sent"),
    re_path(r"^verify/(?P<key>[-:\w]+)/$", entrance(views.confirm_email), name="account_confirm_email"),
    path("password/", entrance(views.password_reset), name="account_reset_password"),
    path("password/sent/", entrance(views.password_reset_done), name="account_reset_password_done"),
    re_path(
        r"^password/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        entrance(views.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "password/changed/",
        entrance(views.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
]
