from django.urls import URLPattern, path, re_path

from installs.links import any_case
from installs.views import (
    activity,
    application_installations,
    connectors,
    consent,
    installation_postbacks,
    listing,
    my_apps,
    overview,
    postback_replay,
    postback_settings,
    postback_tests,
    postbacks,
    removal,
    search,
    secrets,
    store,
    support,
    suspensions,
    switching,
    update_mails,
    updates,
    version_creation,
    versions,
)

APPLICATION = "a/<slug:account>/applications/<uuid:application>"
INSTALLATION = "a/<slug:account>/apps/<uuid:installation>"
CONNECTOR = "a/<slug:account>/connectors/<uuid:connector>"


urlpatterns: list[URLPattern] = [
    # overview, activity
    path(f"{APPLICATION}/", overview.application_overview, name="application_overview"),
    path(f"{APPLICATION}/activity/", activity.application_activity, name="application_activity"),
    # application_installations
    path(
        f"{APPLICATION}/installations/",
        application_installations.application_installations,
        name="application_installations",
    ),
    path(
        f"{APPLICATION}/installations/<uuid:installation>/reveal/",
        application_installations.application_token_reveal,
        name="application_token_reveal",
    ),
    # postbacks
    path(f"{APPLICATION}/postbacks/", postbacks.postback_list, name="postback_list"),
    path(f"{APPLICATION}/postbacks/replay/", postback_replay.postback_replay, name="postback_replay"),
    path(f"{APPLICATION}/postbacks/<uuid:delivery>/", postbacks.postback_detail, name="postback_detail"),
    path(
        f"{APPLICATION}/postbacks/<uuid:delivery>/redeliver/", postbacks.postback_redeliver, name="postback_redeliver"
    ),
    # secrets
    path(f"{APPLICATION}/secrets/new/", secrets.secret_create, name="secret_create"),
    path(f"{APPLICATION}/secrets/<int:secret>/retire/", secrets.secret_retire, name="secret_retire"),
    # postback_tests
    path(f"{APPLICATION}/postbacks/test/", postback_tests.postback_test, name="postback_test"),
    path(f"{APPLICATION}/postbacks/test/typed/", postback_tests.postback_test_typed, name="postback_test_typed"),
    path(f"{APPLICATION}/postbacks/test/<uuid:delivery>/", postback_tests.postback_test_run, name="postback_test_run"),
    # postback_settings
    path(f"{APPLICATION}/postbacks/settings/", postback_settings.postback_settings, name="postback_settings"),
    path(f"{APPLICATION}/postbacks/settings/mode/", postback_settings.postback_mode, name="postback_mode"),
    path(
        f"{APPLICATION}/postbacks/settings/signing-secret/reveal/",
        postback_settings.signing_secret_reveal,
        name="signing_secret_reveal",
    ),
    path(
        f"{APPLICATION}/postbacks/settings/signing-secret/rotate/",
        postback_settings.signing_secret_rotate,
        name="signing_secret_rotate",
    ),
    # listing
    path(f"{APPLICATION}/listing/", listing.listing_page, name="listing"),
    path(f"{APPLICATION}/listing/request/", listing.listing_request, name="listing_request"),
    path(f"{APPLICATION}/listing/take-back/", listing.listing_take_back, name="listing_take_back"),
    # removal
    path(f"{APPLICATION}/remove/", removal.application_remove, name="application_remove"),
    # versions
    path(f"{APPLICATION}/versions/", versions.version_list, name="version_list"),
    path(f"{APPLICATION}/versions/new/", version_creation.version_review, name="version_review"),
    path(f"{APPLICATION}/versions/new/notes/", version_creation.version_notes, name="version_notes"),
    path(f"{APPLICATION}/versions/new/release/", version_creation.version_release, name="version_release"),
    path(f"{APPLICATION}/versions/<int:version>/", versions.version_detail, name="version_detail"),
    path(f"{APPLICATION}/versions/<int:version>/export/", versions.version_export, name="version_export"),
    # store
    path("a/<slug:account>/store/", store.store_list, name="store"),
    path("a/<slug:account>/store/<uuid:application>/", store.store_application, name="store_application"),
    # my apps
    path("a/<slug:account>/apps/", my_apps.my_apps, name="my_apps"),
    path(f"{INSTALLATION}/", my_apps.installation_detail, name="installation_detail"),
    path(f"{INSTALLATION}/installed/", consent.installation_installed, name="installation_installed"),
    path(f"{INSTALLATION}/reveal/", my_apps.installation_token_reveal, name="installation_token_reveal"),
    path(f"{INSTALLATION}/postbacks/", installation_postbacks.installation_postbacks, name="installation_postbacks"),
    path(f"{INSTALLATION}/uninstall/", my_apps.installation_uninstall, name="installation_uninstall"),
    path(f"{INSTALLATION}/update/", updates.installation_update, name="installation_update"),
    path(f"{INSTALLATION}/go-back/", updates.installation_go_back, name="installation_go_back"),
    path(f"{INSTALLATION}/switch/", switching.installation_switch, name="installation_switch"),
    path(f"{INSTALLATION}/suspend/", suspensions.installation_suspend, name="installation_suspend"),
    path(f"{INSTALLATION}/resume/", suspensions.installation_resume, name="installation_resume"),
    # connectors
    path("a/<slug:account>/connectors/", connectors.connector_list, name="connector_list"),
    path("a/<slug:account>/connectors/new/", connectors.connector_new, name="connector_new"),
    path(f"{CONNECTOR}/", connectors.connector_check, name="connector_check"),
    path(f"{CONNECTOR}/edit/", connectors.connector_edit, name="connector_edit"),
    path(f"{CONNECTOR}/enable/", connectors.connector_enable, name="connector_enable"),
    path(f"{CONNECTOR}/delete/", connectors.connector_delete, name="connector_delete"),
    path(f"{INSTALLATION}/connect/", connectors.connector_from_installation, name="connector_from_installation"),
    # update_mails
    path("mails/updates/<str:key>/", update_mails.update_mails_stop, name="update_mails_stop"),
    path("mails/updates/<str:key>/again/", update_mails.update_mails_start_again, name="update_mails_start_again"),
    # support
    path("support/", support.support_search, name="support_search"),
    path("support/installations/<uuid:installation>/", support.support_installation, name="support_installation"),
    path(
        "support/installations/<uuid:installation>/postbacks/",
        installation_postbacks.support_postbacks,
        name="support_postbacks",
    ),
    # consent
    re_path(rf"^{any_case('Authorization/Authorize')}/(?P<application>[^/]*)/?$", consent.authorize, name="authorize"),
    # search
    path("search/", search.search_everything, name="search"),
]
