"""Paths of machines, of each wing that has some; whatever else they ask for is answered in the API's own shape."""

from django.urls import include, path, re_path

from installs.exchange import views

urlpatterns = [
    path("", include("installs.exchange.urls")),
    path("", include("installs.metrics.machine_urls")),
    re_path(r"", views.not_found, name="api_not_found"),
]

handler400 = "installs.exchange.views.bad_request"
handler404 = "installs.exchange.views.not_found"
handler500 = "installs.exchange.views.server_error"
