"""An account as the people see it: its team, invitations to it, its settings, and another account beside it."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linnapp.actors import Side
from linnapp.errors import refused
from linnapp.forms.people import AccountForm, InvitationForm, NewAccountForm, RoleForm
from linnapp.forms.team import FACTOR_CHOICES, OverseenTeamFilter, TeamFilter
from linnapp.models import Account, Invitation, Membership
from linnapp.pages import ListPage, Sort, acting, page_or_part, refusal_in, refusal_told, signed_in, tell_saved
from linnapp.seats import seats_of
from linnapp.services import factor_rules, people, quotas
from linnapp.services.editing import EditedMeanwhile
from linnapp.services.factors import has_factor
from linnapp.signing_in.fresh_sign_ins import shows_or_moves_secret
from linnapp.staff_requests import staff_access_of
from linnapp.typed import sign_in_first

ACCESSES_SHOWN = 10
SORTS = {"name": Sort("Name", ("name_in_lower_case",)), "newest": Sort("Since", ("-created_at",))}


@require_safe
def team(request: HttpRequest, account: str) -> HttpResponse:
    row = get_object_or_404(Account.objects.visible_to(request.user), slug=account)
    is_owner = any(seat.account_id == row.pk and seat.is_owner for seat in seats_of(request))
    may_oversee = is_owner or staff_access_of(request) is not None
    # Who can be signed in as with a password alone is for Owners to know.
    narrowed = OverseenTeamFilter if may_oversee else TeamFilter
    seats = row.memberships.with_people().annotate(name_in_lower_case=Lower("user__name"))
    members = ListPage(request, seats, filters=narrowed, sorts=SORTS)
    context = {
        "account": row,
        "list": members,
        "filters": [
            ("Role", members.chips("role", Membership.Role.choices)),
            ("Second factor", members.chips("factor", FACTOR_CHOICES) if may_oversee else ()),
        ],
        "invitations": row.invitations.open().newest_first(),
        "roles": Membership.Role.choices,
        "staff_accesses": row.staff_accesses.newest_first()[:ACCESSES_SHOWN],
        "is_owner": is_owner,
        "may_oversee": may_oversee,
        "with_factor": factor_rules.with_factor(seat.user for seat in members.rows) if may_oversee else set(),
    }
    return page_or_part(request, "linnapp/people/team.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@shows_or_moves_secret("Adds somebody to the account, who can then see its secrets")
def invitation_create(request: HttpRequest, account: str) -> HttpResponse:
    row = get_object_or_404(Account.objects.owned_by(request.user), slug=account)
    form = InvitationForm(request.POST or None)
    if form.is_valid():
        with refusal_in(form, "email"):
            people.invite(row, **form.cleaned_data, by=acting(request, Side.CUSTOMER))
            messages.success(
                request, f"We invited {form.cleaned_data['email']}. The link in the e-mail works for a week."
            )
            return redirect("team", account)
    return _form_page(request, "linnapp/people/invitation_create.html", form, row)


@require_POST
def invitation_revoke(request: HttpRequest, account: str, invitation: int) -> HttpResponse:
    row = get_object_or_404(Invitation.objects.managed_by(request.user), pk=invitation, account__slug=account)
    people.revoke(row, by=acting(request, Side.CUSTOMER))
    messages.success(request, f"The link sent to {row.email} no longer works.")
    return redirect("team", account)


@require_POST
@shows_or_moves_secret("Makes somebody an Owner")
def member_role(request: HttpRequest, account: str, member: int) -> HttpResponse:
    seats = Membership.objects.of_accounts_owned_by(request.user).with_people()
    seat = get_object_or_404(seats, pk=member, account__slug=account)
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose one of the roles.")
        return redirect("team", account)
    with refusal_told(request):
        seat = people.change_role(seat, role=form.cleaned_data["role"], by=acting(request, Side.CUSTOMER))
        messages.success(request, f"{seat.user} is now {seat.get_role_display()} of {seat.account}.")
    # To the same page of the same search.
    return redirect(reverse("team", args=[account], query=request.GET, fragment=f"m-{seat.pk}"))


@require_http_methods(["GET", "HEAD", "POST"])
def member_remove(request: HttpRequest, account: str, member: int) -> HttpResponse:
    """Asks first. A person may remove their own seat too, which is leaving."""
    seats = Membership.objects.removable_by(request.user).with_people()
    seat = get_object_or_404(seats, pk=member, account__slug=account)
    leaving = seat.user_id == request.user.pk
    if request.method != "POST":
        last = leaving and seat.user.memberships.count() == 1
        context = {"account": seat.account, "seat": seat, "leaving": leaving, "last": last}
        return render(request, "linnapp/people/member_remove.html", context)
    with refusal_told(request):
        people.remove_member(seat, by=acting(request, Side.CUSTOMER))
        messages.success(request, f"You left {seat.account}." if leaving else f"{seat.user} left {seat.account}.")
        return redirect("home") if leaving else redirect("team", account)
    return redirect("team", account)


@require_http_methods(["GET", "HEAD", "POST"])
def account_settings(request: HttpRequest, account: str) -> HttpResponse:
    readers = Account.objects.owned_by if request.method == "POST" else Account.objects.overseen_by
    row = get_object_or_404(readers(request.user), slug=account)
    form = AccountForm(request.POST or None, account=row)
    if form.is_valid() and _saved(request, row, form):
        return redirect("account_settings", account)
    return _form_page(request, "linnapp/people/account_settings.html", form, row, **_members_factor(request, row))


def _members_factor(request: HttpRequest, account: Account) -> dict[str, Any]:
    members = [seat.user for seat in account.memberships.with_people()]
    having = factor_rules.with_factor(members)
    return {"members": len(members), "having": len(having), "has_one": request.user.pk in having}


def _saved(request: HttpRequest, account: Account, form: AccountForm) -> bool:
    by = acting(request, Side.CUSTOMER)
    try:
        changed = people.edit_account(account, **form.cleaned_data, started_from=form.started_from(), by=by)
    except EditedMeanwhile as conflict:
        form.put_beside(conflict.theirs)
        return False
    tell_saved(request, changed)
    return True


@require_http_methods(["GET", "HEAD", "POST"])
def account_new(request: HttpRequest) -> HttpResponse:
    form = NewAccountForm(request.POST or None)
    if form.is_valid():
        with refusal_in(form):
            account = people.create_account(name=form.cleaned_data["name"], owner=signed_in(request))
            messages.success(request, f"{account} was created, and you are its Owner.")
            return redirect("team", account.slug)
    at_limit = refused(quotas.refuse_account, signed_in(request))
    return _form_page(request, "linnapp/people/account_new.html", form, at_limit=at_limit)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_accept(request: HttpRequest, token: str) -> HttpResponse:
    """Whoever has the link may see who invites whom; only the invited address can join."""
    invitation = Invitation.objects.with_key(token)
    if invitation is None:
        return render(request, "linnapp/people/invitation_over.html", status=404)
    has_one = request.user.is_authenticated and has_factor(signed_in(request))
    context = {
        "invitation": invitation,
        "next": urlencode({"next": request.path}),
        "asks_for_factor": invitation.account.members_need_factor and not has_one,
    }
    if request.method != "POST":
        return render(request, "linnapp/people/invitation_accept.html", context)
    if not request.user.is_authenticated:
        return sign_in_first(request)
    with refusal_told(request):
        seat = people.accept(invitation, by=acting(request, Side.CUSTOMER))
        messages.success(request, f"Welcome to {seat.account}.")
        return redirect(_what_for(seat), seat.account.slug)
    return render(request, "linnapp/people/invitation_accept.html", context, status=422)


def _what_for(seat: Membership) -> str:
    """What somebody was invited to do, by the name of its page: Developers to develop, Owners of a customer to look
    after what it uses."""
    develops = seat.role == Membership.Role.DEVELOPER or seat.account.applications.exists()
    return "application_list" if develops else "my_apps"


def _form_page(
    request: HttpRequest,
    template: str,
    form: AccountForm | InvitationForm | NewAccountForm,
    account: Account | None = None,
    **more: Any,
) -> HttpResponse:
    status = 422 if form.is_bound else 200
    return render(request, template, {"form": form, "account": account, **more}, status=status)
