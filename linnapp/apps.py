from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class LinnappConfig(AppConfig):
    name = "linnapp"
    default = True


class PortalAdminConfig(admin_apps.AdminConfig):
    default_site = "linnapp.admin_site.PortalAdminSite"
    default = False
