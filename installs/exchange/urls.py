"""The API: clients write its paths in any letter case, some with doubled slashes, and never follow a redirect."""

from django.urls import re_path

from installs.exchange.endpoints import SERVED
from installs.exchange.views import view_of
from linnapp.url_patterns import any_case

urlpatterns = [
    re_path(rf"^/*{any_case('api/' + path).replace('/', '/+')}/*$", view_of(served), name=served.url_name)
    for path, served in SERVED.items()
]
