"""The applications of an account, and New App."""

from django.contrib import messages
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from linnapp import pages
from linnapp.actors import Side
from linnapp.errors import refused
from linnapp.forms.applications import STATES, ApplicationFilter, NewApplicationForm
from linnapp.models import Account, Application
from linnapp.pages import ListPage, Sort
from linnapp.services import applications, quotas
from linnapp.staff_requests import staff_access_of

SORTS = {
    "changed": Sort("Last change", ("-changed_at",)),
    "name": Sort("Name", ("name_in_lower_case",)),
    "created": Sort("Created", ("-created_at",), in_head=False),
}


@require_safe
def application_list(request: HttpRequest, account: str) -> HttpResponse:
    owner = get_object_or_404(Account.objects.visible_to(request.user), slug=account)
    rows = Application.objects.visible_to(request.user).of_account(account).annotate(name_in_lower_case=Lower("name"))
    found = ListPage(request, rows.select_related("account"), filters=ApplicationFilter, sorts=SORTS)
    context = {
        "account": owner,
        "list": found,
        "may_make": staff_access_of(request) is None,
        "filters": [
            ("Type", found.chips("type", Application.Type.choices)),
            ("State", found.chips("state", STATES)),
        ],
    }
    return pages.page_or_part(request, "linnapp/application_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def application_new(request: HttpRequest, account: str) -> HttpResponse:
    owner = get_object_or_404(Account.objects.developed_by(request.user), slug=account)
    form = NewApplicationForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with pages.refusal_in(form):
            return _make(request, owner, form)
    status = 422 if form.is_bound else 200
    context = {"account": owner, "form": form, "at_limit": refused(quotas.refuse_application, owner)}
    return render(request, "linnapp/application_new.html", context, status=status)


def _make(request: HttpRequest, account: Account, form: NewApplicationForm) -> HttpResponse:
    made, secret = applications.create_application(
        account=account,
        name=form.cleaned_data["name"],
        kind=form.cleaned_data["type"],
        by=pages.acting(request, Side.DEVELOPER),
    )
    pages.show_once(request, "secret", secret.pk)
    say_if_name_is_shared(request, made)
    return redirect("application_general", account.slug, made.pk)


def say_if_name_is_shared(request: HttpRequest, application: Application) -> None:
    """Two applications may share a name; whoever did not mean it learns it at once."""
    if Application.objects.named_like(application).exists():
        messages.warning(
            request,
            f"{application.account} has another application called {application}. That is allowed, "
            "but installers cannot tell the two apart: you may want to rename one.",
        )
