from django.contrib.admin.apps import AdminConfig


class PortalAdminConfig(AdminConfig):
    default_site = "linnapp.admin_site.PortalAdminSite"
