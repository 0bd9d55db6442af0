"""Cases: the inbox of the support console."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from installs.exchange.explanations import explain
from installs.exchange.references import found_in
from installs.help import inbox
from installs.help.forms import AnswerForm, AssignForm, InboxFilter, StateForm
from installs.models import HelpCase, RefusedConsent
from linnapp import pages
from linnapp.actors import Actor, Side
from linnapp.models import Application
from linnapp.services.support import colleagues

SORTS = {
    "waiting": pages.Sort("Longest waiting", ("since",)),
    "newest": pages.Sort("Newest", ("-opened_at",), in_head=False),
}
ALL, WAITS_FOR_SUPPORT = "all", "open"


class Inbox(pages.ListPage):
    """Narrowed to what waits for support before anybody asked: what leads to the rest is always there."""

    is_long = True


@require_safe
def support_cases(request: HttpRequest) -> HttpResponse:
    if not pages.signed_in(request).is_support:
        raise Http404
    rows = HelpCase.objects.for_support(request.user).for_inbox()
    chosen = request.GET.get("state", "")
    if chosen not in dict(InboxFilter.STATES):
        chosen = ALL if request.GET.get("q") else WAITS_FOR_SUPPORT
    page = Inbox(request, rows if chosen == ALL else rows.in_state(chosen), filters=InboxFilter, sorts=SORTS)
    (_, anybody, is_anybody), *others = page.chips("who", InboxFilter.WHO)
    states = [(label, page.url(state=value, after=None), value == chosen) for value, label in InboxFilter.STATES]
    context = {
        "list": page,
        "rows": page.rows,
        "filters": [("State", states), ("Assigned to", [("Anybody", anybody, is_anybody), *others])],
    }
    return pages.page_or_part(request, "installs/help/support_cases.html", context)


@require_safe
def support_case(request: HttpRequest, case: UUID) -> HttpResponse:
    return _page(request, _case(request, case), AnswerForm())


@require_POST
def support_case_answer(request: HttpRequest, case: UUID) -> HttpResponse:
    row = _case(request, case)
    form = AnswerForm(request.POST)
    if form.is_valid():
        with pages.refusal_in(form):
            inbox.answer(row, form.cleaned_data["text"], solves=form.cleaned_data["solves"], by=_acting(request))
            messages.success(request, "Answer sent. It is also on the page of the case.")
            return redirect("support_case", row.pk)
    return _page(request, row, form, status=422)


@require_POST
def support_case_move(request: HttpRequest, case: UUID) -> HttpResponse:
    """To the state that is posted."""
    row = _case(request, case)
    form = StateForm(request.POST)
    if not form.is_valid():
        return _page(request, row, AnswerForm(), status=422)
    state = HelpCase.State(form.cleaned_data["state"])
    with pages.refusal_told(request):
        inbox.move(row, state, by=_acting(request))
        messages.success(request, f"The case is now {state.label.lower()}.")
    return redirect("support_case", row.pk)


@require_POST
def support_case_assign(request: HttpRequest, case: UUID) -> HttpResponse:
    row = _case(request, case)
    form = AssignForm(request.POST if "to" in request.POST else None, people=colleagues(), current=row.assigned_to_id)
    if not form.is_valid():
        return _page(request, row, AnswerForm(), assigning=form, status=422)
    to = form.person
    with pages.refusal_told(request):
        inbox.assign(row, to, by=_acting(request))
        told = f"Assigned to {to}." if to else "Not assigned."
        messages.success(request, f"{told[:-1]}, who gets an e-mail." if to and to != request.user else told)
    return redirect("support_case", row.pk)


def _case(request: HttpRequest, case: UUID) -> HelpCase:
    return get_object_or_404(HelpCase.objects.for_support(request.user).with_its_facts(), pk=case)


def _acting(request: HttpRequest) -> Actor:
    return pages.acting(request, Side.STAFF)


def _page(
    request: HttpRequest, case: HelpCase, form: AnswerForm, *, assigning: AssignForm | None = None, status: int = 200
) -> HttpResponse:
    reader = pages.signed_in(request)
    refusal = explain(case.reference, reader) if case.reference else None
    consent = None if refusal else RefusedConsent.objects.led_to_by(found_in(case.reference))
    about = case.installation or (refusal and refusal.installation) or case.led_to
    context = {
        "case": case,
        "said": list(case.messages.select_related("written_by")),
        "form": form,
        "assigning": assigning or AssignForm(people=colleagues(), current=case.assigned_to_id),
        "refusal": refusal,
        "consent": consent,
        "named": _named(consent) if consent else None,
        "installation": about,
        "reference": refusal.reference if refusal else "",
    }
    return render(request, "installs/help/support_case.html", context, status=status)


def _named(consent: RefusedConsent) -> Application | None:
    """No such application may be there."""
    key = consent.application_id
    return Application.objects.select_related("account").filter(pk=key).first() if key else None
