from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from linnapp import frames, pages
from linnapp.models import Account, User


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """To where this person works: developers to their applications, others to the apps they use, a new account to the
    question what it is for, staff without an account to the staff's pages, and whoever has none to what there is to
    do."""
    account = frames.current_account(request)
    if account is None:
        return redirect(_without_account(pages.signed_in(request)))
    return redirect(place_of_work(account), account.slug)


@require_safe
def start(request: HttpRequest, account: str) -> HttpResponse:
    """The first question to a new account: it leads to New App or to the store, and decides nothing."""
    row = get_object_or_404(Account.objects.visible_to(request.user), slug=account)
    return render(request, "linnapp/people/start.html", {"account": row})


def place_of_work(account: Account) -> str:
    """The page, by its name, that the people of this account work on; where nothing was made or installed yet, the one
    that asks what they came for."""
    if account.applications.exists():
        return "application_list"
    return "my_apps" if account.used_at else "start"


def _without_account(person: User) -> str:
    if person.is_support:
        return "support_search"
    return "admin:index" if person.is_staff else "account_none"
