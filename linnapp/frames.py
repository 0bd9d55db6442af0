"""The frame around every page: who reads it, on which account, and what is open to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from django.conf import settings
from django.http import HttpRequest

from linnapp.admin_rooms import finds_something
from linnapp.last_account import last_account
from linnapp.models import Account, Membership, StaffAccess, User
from linnapp.models.access import REVEAL_PERMISSION, purposes_of
from linnapp.page_requests import reference_of
from linnapp.seats import seats_of
from linnapp.signing_in.factor_requests import open_here, opens_entered
from linnapp.staff_requests import staff_access_of


@dataclass(frozen=True)
class Frame:
    """Who reads, on which account, and what the rail offers them. `access` is the one by which somebody of staff is
    inside this account; `elsewhere` those by which they are inside others. Links and buttons that can only fail for
    whoever is inside ask `may_edit`, `may_reveal` and `may_own`."""

    account: Account | None
    accounts: Sequence[Account]
    role: str | None
    is_support: bool
    is_admin: bool
    demo: bool
    mail_is_printed: bool
    access: StaffAccess | None = None
    elsewhere: Sequence[StaffAccess] = ()
    may_reveal: bool = True

    @property
    def to_look(self) -> bool:
        return self.access is not None and self.access.is_to_look

    @property
    def may_edit(self) -> bool:
        """Where a seat would allow it."""
        return not self.to_look

    @property
    def may_own(self) -> bool:
        """What an Owner does, and whoever installs: with a seat, or nowhere inside."""
        return self.access is None


def current_account(request: HttpRequest) -> Account | None:
    """The account a person works on: the one in the address; else, of those that are open to this session where there
    are any, the one last worked on, else the first that has applications, else the first."""
    current = _current(request, seats_of(request))
    return current.account if current else None


def frame(request: HttpRequest) -> dict[str, Frame | str]:
    """Context processor."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        empty = Frame(None, [], None, False, False, settings.DEMO, mail_is_printed())
        return {"frame": empty, "request_id": reference_of(request)}
    memberships = seats_of(request)
    current = _current(request, memberships)
    here = staff_access_of(request)
    account = here.account if here else current.account if current else None
    accounts = [membership.account for membership in memberships]
    value = Frame(
        account=account,
        accounts=[*accounts, here.account] if here else accounts,
        role=current.role if current and not here else None,
        is_support=user.is_support,
        is_admin=finds_something(request),
        demo=settings.DEMO,
        mail_is_printed=mail_is_printed(),
        access=here,
        elsewhere=[access for access in _entered(request, user) if access != here],
        may_reveal=not here or (not here.is_to_look and user.has_perm(REVEAL_PERMISSION)),
    )
    return {"frame": value, "request_id": reference_of(request)}


def _entered(request: HttpRequest, user: User) -> list[StaffAccess]:
    """Where this person is inside now, the last entered first. In a session without the second factor that staff need,
    not even the names."""
    if not user.is_staff:
        return []
    entered = StaffAccess.objects.running().of_person(user).filter(purpose__in=purposes_of(user))
    found = list(entered.exclude(account__memberships__user=user).newest_first())
    return found if found and opens_entered(request, user) else []


def mail_is_printed() -> bool:
    """Whether no mail server is named, so that a page says where a mail it promises is found."""
    return "console" in settings.DELIVERY_EMAIL["EMAIL_BACKEND"]


def _current(request: HttpRequest, memberships: Sequence[Membership]) -> Membership | None:
    named = request.resolver_match.kwargs.get("account") if request.resolver_match else None
    if named and (found := next((each for each in memberships if each.account.slug == named), None)):
        return found
    slug, choice = last_account(request), _open_ones(request, memberships) or memberships
    found = next((each for each in choice if each.account.slug == slug), None)
    developing = (each for each in choice if each.developing)  # type: ignore[attr-defined]
    return found or next(developing, None) or next(iter(choice), None)


def _open_ones(request: HttpRequest, memberships: Sequence[Membership]) -> Sequence[Membership]:
    """Without those that ask for a second factor which this session has not seen."""
    accounts = open_here(request, cast(User, request.user), [each.account for each in memberships])
    return [each for each in memberships if each.account in accounts]
