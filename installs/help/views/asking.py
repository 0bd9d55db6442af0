"""Get help, and the cases of an account as its own people read them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from installs.exchange.explanations import Explanation, explain
from installs.help import asking
from installs.help.forms import OWN_STATES, AskForm, MessageForm, OwnCasesFilter, ReportForm
from installs.models import HelpCase
from linnapp import pages
from linnapp.actors import Side
from linnapp.credentials import canonical
from linnapp.frames import current_account
from linnapp.models import Account

NEWEST_FIRST = {"newest": pages.Sort("Newest first", ("-opened_at",))}
MOST_OFFERED = 100


@require_http_methods(["GET", "HEAD", "POST"])
def help_new(request: HttpRequest) -> HttpResponse:
    form = _ask_form(request)
    if form.accounts and form.is_valid():
        with pages.refusal_in(form):
            case = asking.ask(
                form.account,
                sentence=form.cleaned_data["sentence"],
                reference=form.cleaned_data["reference"],
                installation=form.installation,
                by=pages.acting(request, Side.CUSTOMER),
            )
            messages.success(request, "Sent to support. You get an e-mail when they answer.")
            return redirect("help_case", case.account.slug, case.pk)
    return render(request, "installs/help/help_new.html", {"form": form}, status=422 if form.is_bound else 200)


def _ask_form(request: HttpRequest) -> AskForm:
    """With what the address names chosen, where this person has a seat that it belongs to; else with nothing said."""
    accounts = list(Account.objects.with_seat_of(request.user).order_by("name"))
    offered = asking.to_ask_about(request.user).with_its_facts().defer("version__snapshot")
    named = canonical(request.POST.get("about", "") or request.GET.get("installation", ""))
    rows = list(offered.filter(account__in=accounts).order_by("state", "-installed_at")[:MOST_OFFERED])
    if named and UUID(named) not in {row.pk for row in rows}:
        rows += offered.filter(pk=named)
    initial = {"reference": request.GET.get("reference", "")[: HelpCase.LONGEST_REFERENCE]}
    chosen = next((row for row in rows if named and row.pk == UUID(named)), None)
    current = current_account(request)
    slug = request.GET.get("account", "") or (current.slug if current else "")
    if chosen and not initial["reference"] and request.method != "POST":
        initial["reference"] = asking.newest_refusal(chosen, pages.signed_in(request))
    initial["about"] = str(chosen.pk) if chosen else slug
    sent = request.POST if request.method == "POST" else None
    return AskForm(sent, accounts=accounts, installations=rows, initial=initial)


@require_http_methods(["GET", "HEAD", "POST"])
def application_report(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    owner = get_object_or_404(Account.objects.with_seat_of(request.user), slug=account)
    row = get_object_or_404(asking.to_report(owner).select_related("account"), pk=application)
    form = ReportForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with pages.refusal_in(form):
            case = asking.report(row, account=owner, by=pages.acting(request, Side.CUSTOMER), **form.cleaned_data)
            messages.success(request, f"Support has your report. Nobody at {row.account} reads it.")
            return redirect("help_case", account, case.pk)
    context = {"account": owner, "application": row, "form": form}
    return render(request, "installs/help/application_report.html", context, status=422 if form.is_bound else 200)


@require_safe
def help_cases(request: HttpRequest, account: str) -> HttpResponse:
    owner = get_object_or_404(Account.objects.visible_to(request.user), slug=account)
    rows = HelpCase.objects.readable_by(request.user).on_account(account).with_its_facts()
    page = pages.ListPage(request, rows, filters=OwnCasesFilter, sorts=NEWEST_FIRST)
    filters = [("State", page.chips("state", OWN_STATES))]
    context = {"account": owner, "list": page, "rows": page.rows, "filters": filters}
    return pages.page_or_part(request, "installs/help/help_cases.html", context)


@require_safe
def help_case(request: HttpRequest, account: str, case: UUID) -> HttpResponse:
    rows = HelpCase.objects.readable_by(request.user).on_account(account).with_its_facts()
    return _page(request, get_object_or_404(rows, pk=case), MessageForm())


@require_POST
def help_case_write(request: HttpRequest, account: str, case: UUID) -> HttpResponse:
    row = _writable(request, account, case)
    form = MessageForm(request.POST)
    if form.is_valid():
        with pages.refusal_in(form):
            asking.write(row, form.cleaned_data["text"], by=pages.acting(request, Side.CUSTOMER))
            messages.success(request, "Sent. You get an e-mail when support answers.")
            return redirect("help_case", account, row.pk)
    return _page(request, row, form, status=422)


@require_POST
def help_case_solve(request: HttpRequest, account: str, case: UUID) -> HttpResponse:
    row = _writable(request, account, case)
    with pages.refusal_told(request):
        asking.solve(row, by=pages.acting(request, Side.CUSTOMER))
        messages.success(request, "Marked as solved. Write here again if it comes back.")
    return redirect("help_case", account, row.pk)


def _writable(request: HttpRequest, account: str, case: UUID) -> HelpCase:
    rows = HelpCase.objects.writable_by(request.user).on_account(account).with_its_facts()
    return get_object_or_404(rows, pk=case)


def _page(request: HttpRequest, case: HelpCase, form: MessageForm, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "account": case.account,
        "case": case,
        "said": list(case.messages.select_related("written_by")),
        "form": form,
        "may_write": HelpCase.objects.writable_by(request.user).filter(pk=case.pk).exists(),
        "refusal": _explained(request, case),
    }
    return render(request, "installs/help/help_case.html", context, status=status)


def _explained(request: HttpRequest, case: HelpCase) -> Explanation | None:
    """As far as this reader may read of it. Staff read it in the console: here they see what the customer sees."""
    reader = pages.signed_in(request)
    return explain(case.reference, reader) if case.reference and not reader.is_staff else None
