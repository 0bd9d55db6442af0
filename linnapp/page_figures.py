"""How long pages take to be made, by the part of the portal that they are of."""

from collections.abc import Callable
from functools import cache
from time import perf_counter

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch

from linnapp import figures

PAGES = figures.histogram(
    "linnapp_page_duration_seconds",
    "How long a page took to be made, or to begin where it is long, by the part of the portal and by status.",
    {"part": (), "status": ()},
)
ADMIN, PEOPLE, REGISTRY, NO_PAGE, OTHER = "admin", "people", "registry", "no_page", "other"
# Modules of views that are about a person and their sign-in; the others of linnapp are of the registry.
OF_PEOPLE = {
    "browser_sessions",
    "demo",
    "factor_rules",
    "factor_sign_in",
    "factors",
    "own_person",
    "profile",
    "record",
    "sign_up",
    "typed",
}
_page = cache(PAGES.labels)


class TimedPages:
    """Stands outside all that only people's pages pass."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = perf_counter()
        response = self.get_response(request)
        seconds = perf_counter() - began
        _page(part_of(request.resolver_match), f"{response.status_code // 100}xx").observe(seconds)
        return response


def part_of(match: ResolverMatch | None) -> str:
    """A wing, or one of the few parts beside them: never a path, which anybody may make up."""
    if match is None:
        # Styles, scripts and what is not there.
        return NO_PAGE
    if match.app_names:
        return ADMIN if match.app_names[0] == "admin" else OTHER
    package, _, rest = getattr(match.func, "__module__", "").partition(".")
    if package == "allauth":
        return PEOPLE
    if package == "linnapp":
        return PEOPLE if rest.rpartition(".")[2] in OF_PEOPLE else REGISTRY
    if package == "django":
        return OTHER
    # Of the other package: a wing.
    return rest.partition(".")[0] or OTHER
