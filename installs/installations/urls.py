from django.urls import path, re_path

from installs.installations.views import (
    consent,
    my_apps,
    of_application,
    rotating,
    session_ends,
    suspensions,
    switching,
    update_mails,
    updates,
)
from linnapp.url_patterns import ACCOUNT, APPLICATION, INSTALLATION, any_case

OF_APPLICATION = f"{APPLICATION}/installations"
AUTHORIZE = any_case("Authorization/Authorize")

urlpatterns = [
    # The Installations tab of an application.
    path(f"{OF_APPLICATION}/", of_application.application_installations, name="application_installations"),
    path(
        f"{OF_APPLICATION}/<uuid:installation>/reveal/",
        of_application.application_token_reveal,
        name="application_token_reveal",
    ),
    path(f"{OF_APPLICATION}/<uuid:installation>/rotate/", rotating.application_rotate, name="application_token_rotate"),
    path(
        f"{OF_APPLICATION}/<uuid:installation>/rotate/end-old/",
        rotating.application_old_token_end,
        name="application_old_token_end",
    ),
    path(
        f"{OF_APPLICATION}/<uuid:installation>/end-sessions/",
        session_ends.application_sessions_end,
        name="application_sessions_end",
    ),
    # The Installation URL.
    re_path(rf"^{AUTHORIZE}/(?P<application>[^/]*)/?$", consent.authorize, name="authorize"),
    path(f"{INSTALLATION}/installed/", consent.installation_installed, name="installation_installed"),
    # What an account has installed.
    path(f"{ACCOUNT}/apps/", my_apps.my_apps, name="my_apps"),
    path(f"{INSTALLATION}/", my_apps.installation_detail, name="installation_detail"),
    path(f"{INSTALLATION}/reveal/", my_apps.installation_token_reveal, name="installation_token_reveal"),
    path(f"{INSTALLATION}/rotate/", rotating.installation_rotate, name="installation_rotate"),
    path(f"{INSTALLATION}/rotate/end-old/", rotating.installation_old_token_end, name="installation_old_token_end"),
    path(f"{INSTALLATION}/end-sessions/", session_ends.installation_sessions_end, name="installation_sessions_end"),
    path(f"{INSTALLATION}/uninstall/", my_apps.installation_uninstall, name="installation_uninstall"),
    path(f"{INSTALLATION}/update/", updates.installation_update, name="installation_update"),
    path(f"{INSTALLATION}/go-back/", updates.installation_go_back, name="installation_go_back"),
    path(f"{INSTALLATION}/switch/", switching.installation_switch, name="installation_switch"),
    path(f"{INSTALLATION}/suspend/", suspensions.installation_suspend, name="installation_suspend"),
    path(f"{INSTALLATION}/resume/", suspensions.installation_resume, name="installation_resume"),
    path("mails/updates/<str:key>/", update_mails.update_mails_stop, name="update_mails_stop"),
    path("mails/updates/<str:key>/again/", update_mails.update_mails_start_again, name="update_mails_start_again"),
]
