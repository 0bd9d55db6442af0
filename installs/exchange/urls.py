"""The API: clients write its paths in any letter case, some with a double slash, and never follow a redirect."""

from django.urls import URLPattern, re_path

from installs.exchange import views
from linnapp.url_patterns import any_case


def endpoint(name: str, view: views.ApiView, url_name: str) -> URLPattern:
    return re_path(rf"^/?{any_case('api/' + name)}/?$", view, name=url_name)


urlpatterns = [
    endpoint("Auth/AuthorizeByApplication", views.authorize_by_application, "api_authorize"),
    endpoint("Auth/GetApplicationProfileBySecretKey", views.application_profile, "api_profile"),
    endpoint("Auth/GetServerUTCTime", views.server_utc_time, "api_time"),
    endpoint("Inventory/GetStockLocations", views.stock_locations, "api_stock_locations"),
]
