"""The acts of support, a page for each: what it does, the reason, and back to the case."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from installs.exchange.references import found_in
from installs.help.written import refuse_credentials
from installs.models import HelpCase, Installation
from installs.models.deliveries import host_of
from installs.support import doing, sending, undoing
from installs.support import messages as writing
from installs.support.acts import Act, permission_of
from installs.support.doing import Standing, SupportAct
from installs.support.forms import ActForm, MessageForm, RedeliverForm, ReplayForm
from installs.support.views.case import opened
from linnapp import pages
from linnapp.actors import Side
from linnapp.credentials import canonical
from linnapp.models.access import REVEAL_PERMISSION
from linnapp.signing_in.fresh_sign_ins import ask_for_fresh_sign_in, shows_or_moves_secret


def allowed(request: HttpRequest, installation: UUID, act: str) -> tuple[Installation, Act]:
    """For whoever of support has the permission for it; everybody else gets 404."""
    if act not in list(Act) or not pages.signed_in(request).has_perm(permission_of(Act(act))):
        raise Http404
    return opened(request, installation), Act(act)


@require_http_methods(["GET", "HEAD", "POST"])
@shows_or_moves_secret("Sends permanent tokens to another address than before, or makes another")
def support_act(request: HttpRequest, installation: UUID, act: str) -> HttpResponse:
    row, wanted = allowed(request, installation, act)
    if wanted in writing.SIDES:
        return _message(request, row, wanted)
    return _act(request, row, doing.TABLE[wanted])


def _act(request: HttpRequest, row: Installation, act: SupportAct) -> HttpResponse:
    form = _form(request, row, act)
    if form.is_valid():
        if act.fresh:
            ask_for_fresh_sign_in(request)
        with pages.refusal_in(form):
            refuse_credentials(form.cleaned_data["reason"])
            by = pages.acting(request, Side.STAFF, form.cleaned_data["reason"])
            messages.success(request, act.perform(row, by, form.cleaned_data))
            return _back(request, row)
    told = act.told(Standing(row))
    context = _context(row, act.act, form, act=act, told=told, title=_title(row, act.asked))
    return render(request, "installs/support/support_act.html", context, status=422 if form.is_bound else 200)


def _back(request: HttpRequest, row: Installation) -> HttpResponse:
    """To the case of help that it was done from, else to that of the installation."""
    named = canonical(request.GET.get("case", ""))
    cases = HelpCase.objects.for_support(pages.signed_in(request)).about(row)
    case = cases.filter(pk=UUID(named)).first() if named else None
    return redirect("support_case", case.pk) if case else redirect("support_installation", row.pk)


def _form(request: HttpRequest, row: Installation, act: SupportAct) -> ActForm:
    typed = request.POST if request.method == "POST" else None
    facts: dict[str, Any] = {"read_by": act.read_by(row)}
    if act.act not in (Act.REDELIVER, Act.REPLAY):
        return ActForm(typed, **facts)
    may_lead_away = pages.signed_in(request).has_perm(REVEAL_PERMISSION)
    newest = sending.newest_url(row) if may_lead_away else ""
    if act.act == Act.REPLAY:
        return ReplayForm(typed, failed=sending.failed_counts(row), newest=host_of(newest), **facts)
    unarrived, each = sending.unarrived(row), sending.sendable(row)
    if all(one.url == newest for one in (*unarrived, *each)):
        newest = ""
    first = request.GET.get("delivery") or (sending.ALL if unarrived or not each else str(each[0].pk))
    facts |= {"newest": host_of(newest), "unarrived": len(unarrived), "each": each}
    return RedeliverForm(typed, initial={"which": first}, **facts)


def _message(request: HttpRequest, row: Installation, act: Act) -> HttpResponse:
    references = found_in(request.GET.get("reference", ""))
    cause, reference = request.GET.get("cause", ""), next(iter(references), "")
    begin = writing.draft(row, act, pages.signed_in(request), cause, reference)
    people = writing.recipients(row, act)
    form = MessageForm(
        request.POST if request.method == "POST" else None,
        initial={"subject": begin.subject, "text": begin.text},
        read_by=_read_by(row, act),
    )
    if form.is_valid():
        with pages.refusal_in(form):
            by = pages.acting(request, Side.STAFF, form.cleaned_data["text"], on_side=writing.SIDES[act])
            writing.write(row, act, subject=form.cleaned_data["subject"], by=by)
            messages.success(request, f"Sent to {_named(people)}.")
            return _back(request, row)
    context = _context(row, act, form, people=people, title=_title(row, doing.MESSAGES[act]))
    return render(request, "installs/support/support_message.html", context, status=422 if form.is_bound else 200)


def _read_by(row: Installation, act: Act) -> str:
    account, publisher = row.account, row.application.account
    reads, other = (publisher, account) if act == Act.TELL_DEVELOPER else (account, publisher)
    alone = "" if reads == other else f" {other} does not."
    return f"{reads} gets it by e-mail and sees it in the timeline.{alone}"


def _named(people: list[Any]) -> str:
    first = ", ".join(f"{person}" for person in people[:3])
    return f"{first} and {len(people) - 3} more" if len(people) > 3 else first


def _title(row: Installation, words: str) -> str:
    return words.format(application=row.application, account=row.account, publisher=row.application.account)


def _context(row: Installation, name: Act, form: object, **more: Any) -> dict[str, Any]:
    facts = {"installation": row, "application": row.application, "account": row.account, "name": name, "form": form}
    return facts | more


@require_POST
def support_act_undo(request: HttpRequest, installation: UUID, act: str) -> HttpResponse:
    """Takes back what this person did within the hour."""
    row, wanted = allowed(request, installation, act)
    with pages.refusal_told(request):
        entry = undoing.undoable(row, pages.signed_in(request))
        reason = undoing.reason_of_undo(row, entry) if entry else ""
        undoing.undo(row, wanted, by=pages.acting(request, Side.STAFF, reason))
        done = "Resumed" if wanted == Act.SUSPEND else "Suspended"
        messages.success(request, f"{done} again: {row.application} on {row.account} is as it was.")
    return redirect("support_installation", row.pk)
