"""From a page that needs a second factor to where one is made, and the rule of an account about its members."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from linnapp.actors import Side
from linnapp.models import Account
from linnapp.pages import acting, at_section, refusal_told, tell_saved
from linnapp.services import factor_rules
from linnapp.signing_in.factor_requests import WANTED_PAGE
from linnapp.signing_in.fresh_sign_ins import ask_for_fresh_sign_in, shows_or_moves_secret


@require_safe
def factor_begin(request: HttpRequest) -> HttpResponse:
    """Keeps the page that asked, which is offered once there is a factor."""
    page = request.GET.get("next", "")
    if page.startswith("/") and url_has_allowed_host_and_scheme(page, allowed_hosts=None):
        request.session[WANTED_PAGE] = page
    return redirect("mfa_index")


@shows_or_moves_secret("Changes whether members need a second factor")
@require_POST
def account_factors(request: HttpRequest, account: str) -> HttpResponse:
    row = get_object_or_404(Account.objects.owned_by(request.user), slug=account)
    needed = request.POST.get("needed")
    if needed not in ("yes", "no"):
        messages.error(request, "Choose whether members need a second factor.")
        return redirect(at_section("second-factor", "account_settings", account))
    ask_for_fresh_sign_in(request)
    with refusal_told(request):
        changed = factor_rules.ask_members(row, needed=needed == "yes", by=acting(request, Side.CUSTOMER))
        told = "Members need a second factor from now on." if needed == "yes" else "Members need no second factor."
        tell_saved(request, changed, told)
    return redirect(at_section("second-factor", "account_settings", account))
