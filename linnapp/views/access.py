"""Staff enter an account and leave it; an Owner ends it."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from linnapp.actors import Actor, Side
from linnapp.forms.access import EnterForm
from linnapp.models import Account, StaffAccess
from linnapp.models.access import purposes_of
from linnapp.pages import acting, refusal_in, signed_in
from linnapp.services import access
from linnapp.signing_in.fresh_sign_ins import fresh_sign_in_first, shows_or_moves_secret


@require_http_methods(["GET", "HEAD", "POST"])
@shows_or_moves_secret("Opens an account’s pages to staff")
def access_enter(request: HttpRequest, slug: str) -> HttpResponse:
    """Asks what for and why. Whoever may enter nowhere is told that there is no such page, as strangers are."""
    purposes = purposes_of(signed_in(request))
    if not purposes:
        raise Http404
    row = get_object_or_404(Account, slug=slug)
    if request.method != "POST" and _is_open(request, row):
        return redirect(_where_to(request.GET.get("next", ""), row))
    return _enter(request, row, purposes)


def _is_open(request: HttpRequest, account: Account) -> bool:
    """Whether its pages are open already: by a seat, or an access for what is wanted."""
    person = signed_in(request)
    if Account.objects.with_seat_of(person).filter(pk=account.pk).exists():
        return True
    running = access.access_of(person, account.slug)
    return running is not None and request.GET.get("purpose") in (running.purpose, StaffAccess.Purpose.LOOK)


@fresh_sign_in_first
def _enter(request: HttpRequest, account: Account, purposes: list[StaffAccess.Purpose]) -> HttpResponse:
    wanted = {name: request.GET.get(name, "") for name in ("purpose", "next", "reason")}
    form = EnterForm(request.POST or None, purposes=purposes, initial={k: v for k, v in wanted.items() if v})
    if form.is_valid():
        by = acting(request, Side.STAFF, form.cleaned_data["reason"])
        with refusal_in(form):
            made = access.enter(account, purpose=form.cleaned_data["purpose"], by=by)
            messages.success(request, f"You are in {account} {made.get_purpose_display()}. {_told(made, by)}")
            return redirect(_where_to(form.cleaned_data["next"], account))
    context = {"account": account, "form": form}
    return render(request, "linnapp/access/enter.html", context, status=422 if form.is_bound else 200)


def _told(entered: StaffAccess, by: Actor) -> str:
    if entered.reason != by.reason:
        return "You were inside already, with the reason you gave then. To give another one, leave first."
    return "We told its Owners." if entered.account.owners() else "It has no Owner to tell."


def _where_to(wanted: str, account: Account) -> str:
    """A page of that account, its applications where none is named."""
    here = reverse("application_list", args=[account.slug])
    inside = wanted.startswith(here.removesuffix("applications/"))
    return wanted if inside and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else here


@require_POST
def access_leave(request: HttpRequest, access_id: UUID) -> HttpResponse:
    row = get_object_or_404(StaffAccess.objects.of_person(signed_in(request)).newest_first(), pk=access_id)
    access.leave(row, by=acting(request, Side.STAFF))
    messages.success(request, f"You left {row.account}.")
    return redirect("home")


@require_POST
def access_end(request: HttpRequest, account: str, access_id: UUID) -> HttpResponse:
    rows = StaffAccess.objects.filter(account__in=Account.objects.owned_by(request.user)).newest_first()
    row = get_object_or_404(rows, pk=access_id, account__slug=account)
    if access.send_away(row, by=acting(request, Side.CUSTOMER)):
        messages.success(request, f"{row.person} of this portal's staff can no longer open your pages.")
    else:
        messages.info(request, f"{row.person} had already left.")
    return redirect("team", account)
