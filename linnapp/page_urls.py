from django.urls import URLPattern, path

from linnapp.views import applications, demo, general, home, profile, team

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("a/<slug:account>/applications/", applications.application_list, name="application_list"),
    path("a/<slug:account>/applications/new/", applications.application_new, name="application_new"),
    path(
        "a/<slug:account>/applications/<uuid:application>/general/",
        general.application_general,
        name="application_general",
    ),
    path(
        "a/<slug:account>/applications/<uuid:application>/general/logo/",
        general.application_logo,
        name="application_logo",
    ),
    path(
        "a/<slug:account>/applications/<uuid:application>/general/logo/remove/",
        general.application_logo_remove,
        name="application_logo_remove",
    ),
    path(
        "a/<slug:account>/applications/<uuid:application>/general/secrets/<int:secret>/reveal/",
        general.secret_reveal,
        name="secret_reveal",
    ),
    path("logos/<str:digest>.png", general.logo, name="logo"),
    # Team and accounts
    path("a/<slug:account>/team/", team.team, name="team"),
    path("a/<slug:account>/team/invite/", team.invitation_create, name="invitation_create"),
    path(
        "a/<slug:account>/team/invitations/<int:invitation>/revoke/", team.invitation_revoke, name="invitation_revoke"
    ),
    path("a/<slug:account>/team/<int:member>/role/", team.member_role, name="member_role"),
    path("a/<slug:account>/team/<int:member>/remove/", team.member_remove, name="member_remove"),
    path("a/<slug:account>/settings/", team.account_settings, name="account_settings"),
    path("accounts/new/", team.account_new, name="account_new"),
    path("invitations/<str:token>/", team.invitation_accept, name="invitation_accept"),
    # Profile
    path("profile/", profile.profile, name="profile"),
    # Demo
    path("demo/sign-in/", demo.demo_sign_in, name="demo_sign_in"),
]
