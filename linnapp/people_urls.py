"""allauth's pages under addresses a person would type."""

from allauth.account import views
from django.contrib.auth.decorators import login_not_required
from django.urls import path, re_path

urlpatterns = [
    path("sign-in/", login_not_required(views.login), name="account_login"),
    path("sign-up/", login_not_required(views.signup), name="account_signup"),
    path("sign-out/", views.logout, name="account_logout"),
    path("sign-in/again/", views.reauthenticate, name="account_reauthenticate"),
    path("account-inactive/", login_not_required(views.account_inactive), name="account_inactive"),
    path("profile/e-mail/", views.email, name="account_email"),
    path("profile/password/", views.password_change, name="account_change_password"),
    path("profile/password/set/", views.password_set, name="account_set_password"),
    path("verify/", login_not_required(views.email_verification_sent), name="account_email_verification_sent"),
    re_path(r"^verify/(?P<key>[-:\w]+)/$", login_not_required(views.confirm_email), name="account_confirm_email"),
    path("password/", login_not_required(views.password_reset), name="account_reset_password"),
    path("password/sent/", login_not_required(views.password_reset_done), name="account_reset_password_done"),
    re_path(
        r"^password/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        login_not_required(views.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "password/changed/",
        login_not_required(views.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
]
