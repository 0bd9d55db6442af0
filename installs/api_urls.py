"""Paths of the API. Clients write them in any letter case, some with a double slash, and never follow a redirect."""

from django.urls import URLPattern, re_path

from installs.links import any_case
from installs.views import api


def endpoint(name: str, view: api.ApiView, url_name: str) -> URLPattern:
    return re_path(rf"^/?{any_case('api/' + name)}/?$", view, name=url_name)


urlpatterns = [
    endpoint("Auth/AuthorizeByApplication", api.authorize_by_application, "api_authorize"),
    endpoint("Auth/GetApplicationProfileBySecretKey", api.application_profile, "api_profile"),
    endpoint("Auth/GetServerUTCTime", api.server_utc_time, "api_time"),
    endpoint("Inventory/GetStockLocations", api.stock_locations, "api_stock_locations"),
    re_path(r"", api.not_found, name="api_not_found"),
]

handler400 = "installs.views.api.bad_request"
handler500 = "installs.views.api.server_error"
