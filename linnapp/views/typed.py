"""Signing in without leaving what was typed: the dialog in a page, and what waits behind the sign-in."""

from urllib.parse import urlsplit

from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.csrf import csrf_failure
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_htmx.middleware import HtmxDetails

from linnapp.forms.people import SignInForm
from linnapp.page_requests import will_show_credential
from linnapp.pages import signed_in
from linnapp.services import typed
from linnapp.typed import (
    AGAIN,
    ENDED,
    KEPT,
    drawn_for,
    key_of,
    looked_at_first,
    mark_for,
    new_token_first,
    nothing_kept,
)
from linnapp.views.kept_in_words import in_words

# The page that a dialog opens in says whom it was drawn for.
PAGE_IS_OF = "X-Drawn-For"
# As Django says it: of the right shape, and another than the cookie's.
OLDER_TOKEN = "CSRF token from POST incorrect."


@require_http_methods(["GET", "HEAD", "POST"])
def go_on(request: HttpRequest, link: str) -> HttpResponse:
    """What was typed before the sign-in, as a form to where it went: it is sent as if it had not been stopped. POST
    discards it."""
    if link == AGAIN:
        return _type_it_again(request)
    person, key = signed_in(request), key_of(request, link)
    kept = typed.kept(person, key)
    if kept is None:
        return nothing_kept(request)
    if request.method == "POST":
        typed.take(person, key)
        messages.info(request, "What you typed was discarded.")
        return redirect(kept.page or "home")
    # It may hold whatever people type, secrets too.
    will_show_credential(request)
    context = {"kept": kept, "link": link, "kept_field": KEPT, "seen": in_words(request, kept)}
    return render(request, "account/typed/go_on.html", context)


def _type_it_again(request: HttpRequest) -> HttpResponse:
    """For what is not kept."""
    page = request.GET.get("page", "")
    is_ours = url_has_allowed_host_and_scheme(page, allowed_hosts=None)
    context = {"page": page if is_ours else "", "was_ended": request.GET.get("why") == ENDED}
    return render(request, "account/typed/type_again.html", context)


def token_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Every sign-in makes another CSRF token, and a tab that was open has the old one. What else is wrong with a token,
    or with where it comes from, is refused."""
    answer = None
    if reason == OLDER_TOKEN:
        answer = new_token_first(request) if HtmxDetails(request) else looked_at_first(request)
    return answer or csrf_failure(request, reason)


@never_cache
@require_http_methods(["GET", "POST"])
def sign_in_here(request: HttpRequest) -> HttpResponse:
    """The form in the dialog of a page, for the person that it was drawn for; once they signed in, JSON with the token
    and the mark that its forms carry from now on. Whoever else is signed in, or signed in by it, gets the first
    page."""
    drawn = drawn_for(request.headers.get(PAGE_IS_OF, ""))
    if drawn is None or (request.user.is_authenticated and request.user != drawn.person):
        return JsonResponse({"go": reverse("home")})
    if request.user.is_authenticated:
        return _goes_on(request)
    sent = {"password": request.POST.get("password", ""), "login": drawn.person.email}
    form = SignInForm(sent if request.method == "POST" else None, request=request)
    if form.is_valid():
        return _signed_in(request, form)
    context = {"form": form, "person": drawn.person}
    return render(request, "account/_sign_in_here.html", context, status=422 if form.is_bound else 200)


def _signed_in(request: HttpRequest, form: SignInForm) -> HttpResponse:
    try:
        answer = form.login(request, redirect_url=reverse("home"))
    except ImmediateHttpResponse as stopped:
        answer = stopped.response
    if request.user.is_authenticated:
        return _goes_on(request)
    door = answer.headers.get("Location", "/")
    context = {"door": door, "is_factor": _name_of(door) == "mfa_authenticate"}
    return render(request, "account/_sign_in_elsewhere.html", context)


def _goes_on(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"token": get_token(request), "mark": mark_for(request)})


def _name_of(address: str) -> str:
    try:
        return str(resolve(urlsplit(address).path).url_name)
    except Resolver404:
        return ""
