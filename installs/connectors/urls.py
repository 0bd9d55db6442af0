from django.urls import path

from installs.connectors import views
from linnapp.url_patterns import ACCOUNT, INSTALLATION

CONNECTORS = f"{ACCOUNT}/connectors"
CONNECTOR = f"{CONNECTORS}/<uuid:connector>"

urlpatterns = [
    path(f"{CONNECTORS}/", views.connector_list, name="connector_list"),
    path(f"{CONNECTORS}/new/", views.connector_new, name="connector_new"),
    path(f"{CONNECTOR}/", views.connector_check, name="connector_check"),
    path(f"{CONNECTOR}/edit/", views.connector_edit, name="connector_edit"),
    path(f"{CONNECTOR}/enable/", views.connector_enable, name="connector_enable"),
    path(f"{CONNECTOR}/delete/", views.connector_delete, name="connector_delete"),
    path(f"{INSTALLATION}/connect/", views.connector_from_installation, name="connector_from_installation"),
]
