from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe

from linnapp.models import Account


@require_safe
def account_home(request: HttpRequest, account: str) -> HttpResponse:
    """The address of an account leads to where people of it work."""
    here = get_object_or_404(Account.objects.visible_to(request.user), slug=account)
    return redirect("application_list" if here.applications.exists() else "my_apps", here.slug)
