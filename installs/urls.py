from django.urls import URLPattern, path

from installs.views import version_creation, versions

APPLICATION = "a/<slug:account>/applications/<uuid:application>"

urlpatterns: list[URLPattern] = [
    # versions
    path(f"{APPLICATION}/versions/", versions.version_list, name="version_list"),
    path(f"{APPLICATION}/versions/new/", version_creation.version_review, name="version_review"),
    path(f"{APPLICATION}/versions/new/notes/", version_creation.version_notes, name="version_notes"),
    path(f"{APPLICATION}/versions/new/release/", version_creation.version_release, name="version_release"),
    path(f"{APPLICATION}/versions/<int:version>/", versions.version_detail, name="version_detail"),
    path(f"{APPLICATION}/versions/<int:version>/export/", versions.version_export, name="version_export"),
]
