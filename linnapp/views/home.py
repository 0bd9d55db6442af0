from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from linnapp import pages


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """To where this person works: developers to their applications, others to the apps they use."""
    account = pages.current_account(request)
    if account is None:
        return redirect("account_new")
    return redirect("application_list" if account.applications.exists() else "my_apps", account.slug)
