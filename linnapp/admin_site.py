from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator


class PortalAdminSite(admin.AdminSite):
    """The Django admin behind the portal's own sign-in, so that there is one door with one throttle.

    Whoever is signed in and not of the staff is told what they are told everywhere: there is no such page.
    """

    site_header = "linnapp admin"
    site_title = "linnapp admin"
    index_title = "Everything in the portal"
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        self._refuse_others(request)
        return super().has_permission(request)

    def _refuse_others(self, request: HttpRequest) -> None:
        if request.user.is_authenticated and not request.user.is_staff:
            raise Http404

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Nobody signs in here: whoever did is sent on, and whoever did not to the portal's own door, which counts
        wrong passwords. Django's own form would let staff guess those of others without an end."""
        self._refuse_others(request)
        return redirect("admin:index") if request.user.is_authenticated else self._login(request, extra_context)

    @method_decorator(secure_admin_login)
    def _login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().login(request, extra_context)

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account_change_password")

    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account_logout")
