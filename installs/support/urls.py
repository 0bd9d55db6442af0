from django.urls import path

from installs.support import views

INSTALLATION = "support/installations/<uuid:installation>"

urlpatterns = [
    path("support/", views.support_search, name="support_search"),
    path(f"{INSTALLATION}/", views.support_installation, name="support_installation"),
    path(f"{INSTALLATION}/postbacks/", views.support_postbacks, name="support_postbacks"),
]
