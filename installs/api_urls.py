"""Paths of machines: the API, whose clients write them in any letter case, some with a double slash, and never follow
a redirect; and what a monitor reads."""

from django.urls import URLPattern, path, re_path

from installs.links import any_case
from installs.views import api, metrics


def endpoint(name: str, view: api.ApiView, url_name: str) -> URLPattern:
    return re_path(rf"^/?{any_case('api/' + name)}/?$", view, name=url_name)


urlpatterns = [
    endpoint("Auth/AuthorizeByApplication", api.authorize_by_application, "api_authorize"),
    endpoint("Auth/GetApplicationProfileBySecretKey", api.application_profile, "api_profile"),
    endpoint("Auth/GetServerUTCTime", api.server_utc_time, "api_time"),
    endpoint("Inventory/GetStockLocations", api.stock_locations, "api_stock_locations"),
    path("metrics", metrics.metrics, name="metrics"),
    re_path(r"", api.not_found, name="api_not_found"),
]

handler400 = "installs.views.api.bad_request"
handler500 = "installs.views.api.server_error"
