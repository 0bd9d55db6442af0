"""What signing in and changing how one does leaves in the record: receivers of what Django and allauth tell."""

from typing import Any

from allauth.account import signals as account
from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import reverse

from linnapp import kinds
from linnapp.actors import NOBODY, Actor, Side
from linnapp.addresses import client_address
from linnapp.kinds import Kind
from linnapp.models import User
from linnapp.services import audit, browser_sessions
from linnapp.signing_in.devices import Proven
from linnapp.user_agents import Place, place_of
from linnapp.words import counted

Type = Authenticator.Type
# By what allauth keeps of a sign-in: the method, or the type of the second factor.
WAYS = {
    "password": "a password",
    "password_reset": "a new password",
    "demo": "the demo’s sign-in",
    str(Type.TOTP): "an authenticator app",
    str(Type.WEBAUTHN): "a passkey",
    str(Type.RECOVERY_CODES): "a recovery code",
}
BY_MAIL = "a link in an e-mail"
WRONG = {str(Type.TOTP): "code", str(Type.RECOVERY_CODES): "recovery code"}
FACTORS = {str(Type.TOTP): "Authenticator app", str(Type.RECOVERY_CODES): "Recovery codes"}


def _put(kind: Kind, request: HttpRequest | None, person: User, **facts: Any) -> None:
    """By the person themselves, unless somebody else is signed in: staff who help them."""
    by = person if request is None or not isinstance(request.user, User) else request.user
    side = Side.CUSTOMER if by.pk == person.pk else Side.STAFF
    place: Place = {"network": "", "device": ""} if request is None else place_of(request)
    audit.put(kind, of=person, by=Actor(by, side), **place, **facts)


def _put_by_mail(kind: Kind, request: HttpRequest, person: User, **facts: Any) -> None:
    """By whoever reads their mail, whoever else is signed in there."""
    audit.put(kind, of=person, by=Actor(person, Side.CUSTOMER), **place_of(request), **facts)


@receiver(account.user_logged_in)
def signed_in(request: HttpRequest, user: User, **given: Any) -> None:
    records = get_authentication_records(request, user)
    ways = [WAYS.get(str(record.get("type", record["method"])), BY_MAIL) for record in records]
    _put(kinds.SIGNED_IN, request, user, way=" and ".join(dict.fromkeys(ways)) or BY_MAIL)


@receiver(user_logged_out)
def signed_out(request: HttpRequest, user: Any, **given: Any) -> None:
    if not isinstance(user, User):
        return
    if browser_sessions.is_left_alone(user, request.session):
        audit.put(kinds.SIGNED_OUT_IDLE, of=user, by=NOBODY, **place_of(request), span=browser_sessions.idle_span())
    else:
        _put(kinds.SIGNED_OUT, request, user)


@receiver(user_login_failed)
def wrong_password(credentials: dict[str, Any], request: HttpRequest | None = None, **given: Any) -> None:
    """The same work for an address that nobody has."""
    email = str(credentials.get("email", "")).strip().lower()
    person = User.objects.filter(email=email).first()
    audit.count_wrong(person, address=client_address(request.META if request else {}), what="password")


@receiver(mfa.authentication_failed)
def wrong_factor(request: HttpRequest, user: User, authenticator: Authenticator, **given: Any) -> None:
    audit.count_wrong(user, address=client_address(request.META), what=WRONG[str(authenticator.type)])


def _named(authenticator: Authenticator) -> str:
    if authenticator.type == Type.WEBAUTHN:
        return f"Passkey “{authenticator.wrap().name}”"
    return FACTORS[str(authenticator.type)]


@receiver(mfa.authenticator_added)
def factor_added(request: HttpRequest, authenticator: Authenticator, **given: Any) -> None:
    _put(kinds.FACTOR_ADDED, request, authenticator.user, factor=_named(authenticator))


@receiver(mfa.authenticator_removed)
def factor_removed(request: HttpRequest, authenticator: Authenticator, **given: Any) -> None:
    _put(kinds.FACTOR_REMOVED, request, authenticator.user, factor=_named(authenticator))


@receiver(mfa.authenticator_reset)
def factor_made_anew(request: HttpRequest, authenticator: Authenticator, **given: Any) -> None:
    _put(kinds.FACTOR_MADE_ANEW, request, authenticator.user, factor=_named(authenticator))


@receiver(mfa.authenticator_used)
def factor_used(request: HttpRequest, authenticator: Authenticator, **given: Any) -> None:
    """Of a code that works once it counts that it is gone, and its owner gets a mail; the others stand beside the
    sign-in."""
    if authenticator.type == Type.RECOVERY_CODES:
        # It was read before the code was.
        authenticator.refresh_from_db()
        left = len(authenticator.wrap().get_unused_codes())
        _put(kinds.FACTOR_CODE_USED, request, authenticator.user, left=left)
        facts = {"left": counted(left, "code"), "security_url": reverse("mfa_index")}
        get_adapter(request).send_notification_mail("mfa/email/recovery_code_used", authenticator.user, facts)


@receiver([account.password_changed, account.password_set])
def password_changed(request: HttpRequest, user: User, **given: Any) -> None:
    _put(kinds.PASSWORD_CHANGED, request, user)


@receiver(account.password_reset)
def password_reset(request: Proven, user: User, **given: Any) -> None:
    """Whoever had none resets none: what a stranger typed at sign-up was taken away."""
    _put_by_mail(kinds.PASSWORD_RESET if request.had_password else kinds.PASSWORD_SET, request, user)


@receiver(account.email_changed)
def email_changed(
    request: HttpRequest, user: User, from_email_address: Any, to_email_address: Any, **given: Any
) -> None:
    """The first one that is confirmed takes the place of none."""
    if not from_email_address:
        _put_by_mail(kinds.EMAIL_CONFIRMED, request, user, email=to_email_address.email)
    elif from_email_address.email != to_email_address.email:
        facts = {"before": from_email_address.email, "email": to_email_address.email}
        _put_by_mail(kinds.EMAIL_CHANGED, request, user, **facts)
