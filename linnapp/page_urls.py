from django.urls import URLPattern, path

from linnapp.views import applications, general, home

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("a/<slug:account>/applications/", applications.application_list, name="application_list"),
    path("a/<slug:account>/applications/new/", applications.application_new, name="application_new"),
    path(
        "a/<slug:account>/applications/<uuid:application>/general/",
        general.application_general,
        name="application_general",
    ),
    path(
        "a/<slug:account>/applications/<uuid:application>/general/logo/",
        general.application_logo,
        name="application_logo",
    ),
    path(
        "a/<slug:account>/applications/<uuid:application>/general/logo/remove/",
        general.application_logo_remove,
        name="application_logo_remove",
    ),
    path(
        "a/<slug:account>/applications/<uuid:application>/general/secrets/<int:secret>/reveal/",
        general.secret_reveal,
        name="secret_reveal",
    ),
    path("logos/<str:digest>.png", general.logo, name="logo"),
]
