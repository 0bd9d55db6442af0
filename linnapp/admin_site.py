from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils.decorators import method_decorator

from linnapp.admin_rooms import finds_something
from linnapp.admin_search import SearchForm, find, searched
from linnapp.signing_in.fresh_sign_ins import shows_or_moves_secret

asks_where_needed = shows_or_moves_secret("Changes accounts and shows or moves their secrets")


class PortalAdminSite(admin.AdminSite):
    """The Django admin behind the portal's own sign-in, so that there is one door with one throttle.

    Whoever is signed in and not of the staff is told what they are told everywhere: there is no such page.
    """

    site_header = "linnapp admin"
    site_title = "linnapp admin"
    index_title = "Everything in the portal"
    enable_nav_sidebar = True

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Without Django's way from a row to its page on the site, which no table here has: it failed over any key."""
        django = [pattern for pattern in super().get_urls() if getattr(pattern, "name", None) != "view_on_site"]
        return [path("search/", self.admin_view(self.search), name="search"), *django]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Each page of the admin asks where a service wants a fresh sign-in, whatever is done there."""
        return super().admin_view(asks_where_needed(view), cacheable)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        more = {"finds_something": finds_something(request), "search_form": SearchForm()}
        return super().each_context(request) | more

    def i18n_javascript(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The words of Django's scripts, which stand before each of its forms and lists: asked for once a day."""
        answer: HttpResponse = super().i18n_javascript(request, extra_context)
        answer.headers["Cache-Control"] = "private, max-age=86400"
        return answer

    def search(self, request: HttpRequest) -> HttpResponse:
        """What is looked for may be somebody's e-mail address: it is sent in the body, and stands in no address."""
        form = SearchForm(request.POST if request.method == "POST" else None)
        found = find(request, form.cleaned_data["q"]) if form.is_valid() else None
        context = self.each_context(request) | {
            "title": "Search",
            "search_form": form,
            "found": found,
            "searched": [page.opts.verbose_name_plural for page in searched(request)],
        }
        status = 422 if form.is_bound and not form.is_valid() else 200
        return TemplateResponse(request, "admin/search.html", context, status=status)

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
