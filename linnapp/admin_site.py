from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.utils.decorators import method_decorator


class PortalAdminSite(admin.AdminSite):
    """The Django admin behind the portal's own sign-in, so that there is one door with one throttle."""

    site_header = "linnapp admin"
    site_title = "linnapp admin"
    index_title = "Everything in the portal"
    enable_nav_sidebar = True


PortalAdminSite.login = method_decorator(secure_admin_login)(PortalAdminSite.login)  # type: ignore[method-assign]
