"""The pages of each wing."""

from django.urls import include, path

urlpatterns = [
    path("", include("installs.application.urls")),
    path("", include("installs.installations.urls")),
    path("", include("installs.postbacks.urls")),
    path("", include("installs.exchange.page_urls")),
    path("", include("installs.store.urls")),
    path("", include("installs.connectors.urls")),
    path("", include("installs.documentation.urls")),
    path("", include("installs.help.urls")),
    path("", include("installs.support.urls")),
    path("", include("installs.search.urls")),
]
