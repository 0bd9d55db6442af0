from django.urls import path

from installs.application.views import (
    activity,
    overview,
    refused,
    removal,
    secrets,
    version_creation,
    versions,
    withdrawal,
)
from linnapp.url_patterns import APPLICATION, INSTALLATION

urlpatterns = [
    path(f"{APPLICATION}/", overview.application_overview, name="application_overview"),
    path(f"{APPLICATION}/activity/", activity.application_activity, name="application_activity"),
    path(f"{APPLICATION}/refused/", refused.application_refused, name="application_refused"),
    path(f"{INSTALLATION}/refused/", refused.installation_refused, name="installation_refused"),
    path(f"{APPLICATION}/secrets/new/", secrets.secret_create, name="secret_create"),
    path(f"{APPLICATION}/secrets/<int:secret>/retire/", secrets.secret_retire, name="secret_retire"),
    path(f"{APPLICATION}/remove/", removal.application_remove, name="application_remove"),
    path(f"{APPLICATION}/versions/", versions.version_list, name="version_list"),
    path(f"{APPLICATION}/versions/new/", version_creation.version_review, name="version_review"),
    path(f"{APPLICATION}/versions/new/notes/", version_creation.version_notes, name="version_notes"),
    path(f"{APPLICATION}/versions/new/release/", version_creation.version_release, name="version_release"),
    path(f"{APPLICATION}/versions/<int:version>/", versions.version_detail, name="version_detail"),
    path(f"{APPLICATION}/versions/<int:version>/export/", versions.version_export, name="version_export"),
    path(f"{APPLICATION}/versions/<int:version>/withdraw/", withdrawal.version_withdraw, name="version_withdraw"),
    path(f"{APPLICATION}/versions/<int:version>/take-back/", withdrawal.version_take_back, name="version_take_back"),
]
