from django.urls import path

from installs.postbacks.views import deliveries, events, of_installation, replay, settings, trials
from linnapp.url_patterns import APPLICATION, INSTALLATION

POSTBACKS = f"{APPLICATION}/postbacks"
SIGNING_SECRET = f"{POSTBACKS}/settings/signing-secret"

urlpatterns = [
    path(f"{POSTBACKS}/", deliveries.postback_list, name="postback_list"),
    path(f"{POSTBACKS}/<uuid:delivery>/", deliveries.postback_detail, name="postback_detail"),
    path(f"{POSTBACKS}/<uuid:delivery>/redeliver/", deliveries.postback_redeliver, name="postback_redeliver"),
    path(f"{POSTBACKS}/replay/", replay.postback_replay, name="postback_replay"),
    path(f"{POSTBACKS}/test/", trials.postback_test, name="postback_test"),
    path(f"{POSTBACKS}/test/typed/", trials.postback_test_typed, name="postback_test_typed"),
    path(f"{POSTBACKS}/test/<uuid:delivery>/", trials.postback_test_run, name="postback_test_run"),
    path(f"{POSTBACKS}/settings/", settings.postback_settings, name="postback_settings"),
    path(f"{POSTBACKS}/settings/mode/", settings.postback_mode, name="postback_mode"),
    path(f"{POSTBACKS}/settings/events/", events.events_set, name="events_set"),
    path(f"{POSTBACKS}/settings/events/test/", events.events_test, name="events_test"),
    path(f"{POSTBACKS}/settings/alerts/", settings.postback_alerts, name="postback_alerts"),
    path(f"{SIGNING_SECRET}/reveal/", settings.signing_secret_reveal, name="signing_secret_reveal"),
    path(f"{SIGNING_SECRET}/rotate/", settings.signing_secret_rotate, name="signing_secret_rotate"),
    path(f"{INSTALLATION}/postbacks/", of_installation.installation_postbacks, name="installation_postbacks"),
]
