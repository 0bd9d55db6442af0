from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from linnapp import frames, pages
from linnapp.models import User


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """To where this person works: developers to their applications, others to the apps they use, staff without an
    account to the staff's pages, and whoever has none to what there is to do."""
    account = frames.current_account(request)
    if account is None:
        return redirect(_without_account(pages.signed_in(request)))
    return redirect("application_list" if account.applications.exists() else "my_apps", account.slug)


def _without_account(person: User) -> str:
    if person.is_support:
        return "support_search"
    return "admin:index" if person.is_staff else "account_none"
