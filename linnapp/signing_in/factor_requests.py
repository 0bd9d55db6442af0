"""Whether a request comes from a session that a second factor was used in, and what it is refused without."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from linnapp import credentials
from linnapp.addresses import read
from linnapp.models import Account, User
from linnapp.services.factor_rules import asking_for_one
from linnapp.services.factors import factors_of, has_factor, one_is_there

# Of the session: the page that asked for a second factor.
WANTED_PAGE = "factor:next"
# Of a form and an address: a factor is asked for, and no fresh sign-in.
FOR_FACTOR = "factor"
# What a sign-in began with, until it is complete.
BEGUN_WITH = "factor:begun_with"


class FactorNeeded(Exception):
    """The page is one of an account that asks its members for a second factor; of staff, where no account is named."""

    def __init__(self, account: Account | None) -> None:
        super().__init__(str(account))
        self.account = account


def is_proven(request: HttpRequest, person: User) -> bool:
    """Whether a factor that the person still has was used in this session, or made in it: at the sign-in or later, for
    as long as both last. A session may be older than the factor, and somebody else's."""
    records = get_authentication_records(request, person)
    used = {record["id"] for record in records if record.get("method") == "mfa" and "id" in record}
    return bool(used) and one_is_there(person, used)


def opens_entered(request: HttpRequest, person: User) -> bool:
    """Whether this session shows anything of the accounts that this person entered as staff."""
    return not settings.STAFF_NEED_FACTOR or is_proven(request, person)


def needs_factor(request: HttpRequest, person: User) -> bool:
    """Whether no password makes this session fresh: its person has a factor, and it has seen none. Sessions of the
    demo's one click go past factors, as that click does."""
    if is_proven(request, person) or not has_factor(person):
        return False
    records = get_authentication_records(request, person)
    return not (settings.DEMO and any(record["method"] == "demo" for record in records))


def prove(request: HttpRequest, factor: Authenticator) -> None:
    """As if this session had been asked for the factor, which whoever makes it has in their hands."""
    record_authentication(request, factor.user, "mfa", id=factor.pk, type=factor.type)


def note_made(request: HttpRequest, person: User, kind: str) -> None:
    """A factor of this kind was made just now. The first one proves the session, and each one where the session was
    proven. Back to the page that asked for one."""
    factors = factors_of(person)
    if not (factors.are_one or is_proven(request, person)):
        return
    if factor := factors.app if kind == Authenticator.Type.TOTP else max(factors.passkeys, key=lambda row: row.pk):
        prove(request, factor)
    # With the first one there are recovery codes to store before that.
    if not factors.are_one and (page := request.session.pop(WANTED_PAGE, "")):
        told = format_html('<a href="{}">Continue to the page that asked for your second factor</a>', page)
        messages.success(request, told)


def note_begun(request: HttpRequest, person: User) -> None:
    """Their password was right, and a second factor may be asked for: the sign-in holds for the password as it is."""
    request.session[BEGUN_WITH] = person.get_session_auth_hash()


def still_waits(request: HttpRequest, person: User, since: float) -> bool:
    """Whether a sign-in that began at `since`, in seconds since 1970, may go on: it ends with the password it began
    with, and where its person is signed out everywhere."""
    ended_at = person.signed_out_at
    is_over = ended_at is not None and since <= ended_at.timestamp()
    return not is_over and credentials.same(request.session.get(BEGUN_WITH, ""), person.get_session_auth_hash())


def refuse_without_factor(request: HttpRequest, person: User, account: Account | None) -> None:
    """Raises FactorNeeded. One that was removed since opens nothing, whatever the session remembers."""
    if not (is_proven(request, person) and has_factor(person)):
        raise FactorNeeded(account)
    request.session.pop(WANTED_PAGE, "")


def open_here(request: HttpRequest, person: User, accounts: Iterable[Account]) -> list[Account]:
    """Of accounts that this person may choose from, those that this session opens."""
    several = list(accounts)
    if not any(account.members_need_factor for account in several) or is_proven(request, person):
        return several
    return [account for account in several if not account.members_need_factor]


def refuse_closed(request: HttpRequest, person: User, slug: str) -> None:
    """Raises FactorNeeded for the account of this address, where it is one of theirs that needs a factor first."""
    if account := asking_for_one(person, slug):
        refuse_without_factor(request, person, account)


def door_to_factor(request: HttpRequest, person: User) -> str:
    """The page where somebody who has a factor uses it in this session: their passkey where there is one and it works,
    so that no recovery code is spent."""
    has = factors_of(person)
    by_code = bool(has.app or has.recovery)
    by_passkey = has.passkeys and not (by_code and no_passkeys_here(request))
    return reverse("mfa_reauthenticate_webauthn" if by_passkey else "mfa_reauthenticate")


def no_passkeys_here(request: HttpRequest) -> str:
    """Why there are no passkeys at this page's address, in a sentence; "" where there are."""
    if read(settings.SITE_HOST):
        return f"Passkeys need a domain name, and this portal's address is a number: {settings.SITE_HOST}."
    if settings.IN_THE_CLEAR:
        return "Passkeys need https, and this portal does not use it."
    if urlsplit(f"//{request.get_host()}").hostname != settings.SITE_HOST:
        return f"Passkeys work at one address only. Open {settings.SITE_URL} to use them."
    return ""
