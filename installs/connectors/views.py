"""Connectors of an account: their list, the form with the six credentials, Test connection. For its Owners."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from installs.connectors import checking, explaining, making
from installs.connectors.forms import STATES, ConnectorFilter, ConnectorForm
from installs.models import Connector, Installation
from linnapp import pages, timeline
from linnapp.errors import refused
from linnapp.models import Account, TimelineEntry
from linnapp.signing_in.fresh_sign_ins import shows_or_moves_secret
from linnapp.timeline import Side

# What the calls are that a connector can make.
DOCUMENTATION = "https://apidocs.linnworks.net/reference/overview"
LINES_SHOWN = 20
# For a report of an error, which tells what was posted.
SENSITIVE = sensitive_post_parameters("token", "application_secret")
SORTS = {
    "newest": pages.Sort("Newest", ("-created_at",), in_head=False),
    "name": pages.Sort("Name", ("name",)),
}


@require_safe
def connector_list(request: HttpRequest, account: str) -> HttpResponse:
    owner = get_object_or_404(Account.objects.overseen_by(request.user), slug=account)
    page = pages.ListPage(request, Connector.objects.on_account(owner.slug), filters=ConnectorFilter, sorts=SORTS)
    own = Installation.objects.on_account(owner.slug).of_own_applications().live().with_its_facts()
    context = {
        "account": owner,
        "list": page,
        "rows": page.rows,
        "filters": [("State", page.chips("state", STATES))],
        "own": own.order_by("application__name"),
        "at_limit": refused(making.refuse_one_more, owner),
    }
    return pages.page_or_part(request, "installs/connectors/connector_list.html", context)


@SENSITIVE
@require_http_methods(["GET", "HEAD", "POST"])
def connector_new(request: HttpRequest, account: str) -> HttpResponse:
    owner = _account(request, account)
    form = ConnectorForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with pages.refusal_in(form, "name"):
            made = making.make(owner, form.values(), by=pages.acting(request, Side.CUSTOMER))
            messages.success(request, f"{made} is saved. Test the connection to see whether it works.")
            return redirect("connector_check", account, made.pk)
    at_limit = refused(making.refuse_one_more, owner)
    context = {"account": owner, "form": form, "documentation": DOCUMENTATION, "at_limit": at_limit}
    return render(request, "installs/connectors/connector_new.html", context, status=422 if form.is_bound else 200)


@SENSITIVE
@require_http_methods(["GET", "HEAD", "POST"])
@shows_or_moves_secret("Sends the credentials of a connector to another address")
def connector_edit(request: HttpRequest, account: str, connector: UUID) -> HttpResponse:
    row = _connector(request, account, connector)
    form = ConnectorForm(request.POST if request.method == "POST" else None, stored=row)
    if form.is_valid():
        with pages.refusal_in(form, "name"):
            changed = making.edit(row, form.values(), by=pages.acting(request, Side.CUSTOMER))
            pages.tell_saved(request, changed, f"Changed: {', '.join(changed)}.")
            return redirect("connector_check", account, row.pk)
    context = {"account": row.account, "connector": row, "form": form}
    return render(request, "installs/connectors/connector_edit.html", context, status=422 if form.is_bound else 200)


@require_POST
def connector_enable(request: HttpRequest, account: str, connector: UUID) -> HttpResponse:
    """With `enabled`, or without to disable it."""
    row = _connector(request, account, connector)
    enabled = bool(request.POST.get("enabled"))
    with pages.refusal_told(request):
        making.set_enabled(row, enabled=enabled, by=pages.acting(request, Side.CUSTOMER))
        messages.success(request, f"{row} is {'enabled' if enabled else 'disabled: it sends nothing'}.")
        return redirect("connector_check", account, row.pk)
    return redirect("connector_list", account)


@require_http_methods(["GET", "HEAD", "POST"])
def connector_delete(request: HttpRequest, account: str, connector: UUID) -> HttpResponse:
    row = _connector(request, account, connector)
    if request.method != "POST":
        return render(request, "installs/connectors/connector_delete.html", {"account": row.account, "connector": row})
    with pages.refusal_told(request):
        making.delete(row, by=pages.acting(request, Side.CUSTOMER))
        messages.success(request, f"{row} is deleted.")
    return redirect("connector_list", account)


@require_http_methods(["GET", "HEAD", "POST"])
def connector_check(request: HttpRequest, account: str, connector: UUID) -> HttpResponse:
    """The connector and its last check; posted to, another check begins."""
    if request.method != "POST":
        return _check_page(request, account, connector)
    row = _connector(request, account, connector)
    with pages.refusal_told(request):
        checking.start(row, by=pages.acting(request, Side.CUSTOMER))
    return redirect("connector_check", account, row.pk)


def _check_page(request: HttpRequest, account: str, connector: UUID) -> HttpResponse:
    rows = Connector.objects.readable_by(request.user).on_account(account).select_related("account")
    row = get_object_or_404(rows, pk=connector)
    shown = explaining.last_of(row)
    if shown and shown.is_over:
        # It may have ended between the two reads, and a page that asks no more must tell what came of it.
        row = get_object_or_404(rows, pk=connector)
    context = {
        "account": row.account,
        "connector": row,
        "shown": shown,
        "history": timeline.lines(TimelineEntry.objects.about(row.pk).newest_first()[:LINES_SHOWN], Side.CUSTOMER),
    }
    return pages.page_or_part(request, "installs/connectors/connector_check.html", context)


@require_POST
def connector_from_installation(request: HttpRequest, account: str, installation: UUID) -> HttpResponse:
    owner = _account(request, account)
    rows = Installation.objects.on_account(owner.slug).with_its_facts()
    row = get_object_or_404(rows, pk=installation)
    with pages.refusal_told(request):
        made = making.from_installation(row, by=pages.acting(request, Side.CUSTOMER))
        messages.success(request, f"{made} is created from your own installation. Test the connection to see it work.")
        return redirect("connector_check", account, made.pk)
    return redirect("connector_list", account)


def _account(request: HttpRequest, account: str) -> Account:
    return get_object_or_404(Account.objects.owned_by(request.user), slug=account)


def _connector(request: HttpRequest, account: str, connector: UUID) -> Connector:
    rows = Connector.objects.manageable_by(request.user).on_account(account).select_related("account")
    return get_object_or_404(rows, pk=connector)
