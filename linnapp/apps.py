from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class LinnappConfig(AppConfig):
    name = "linnapp"
    default = True

    def ready(self) -> None:
        # Its receivers are known from then on.
        import_module("linnapp.audit_receivers")


class PortalAdminConfig(admin_apps.AdminConfig):
    default_site = "linnapp.admin_site.PortalAdminSite"
    default = False
