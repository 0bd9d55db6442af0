"""How django-allauth signs people up and in here."""

import time
from datetime import timedelta
from typing import Any, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.account.models import EmailAddress
from allauth.account.utils import get_next_redirect_url, passthrough_next_redirect_url
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpRequest
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone

from linnapp import mail
from linnapp.addresses import client_address
from linnapp.models import Invitation, User
from linnapp.moments import kept
from linnapp.services import access, audit, browser_sessions, ends, knocks, mail_owners
from linnapp.signing_in import own_passwords
from linnapp.signing_in.devices import Proven, mark_of
from linnapp.signing_in.factor_requests import BEGUN_WITH, needs_factor, note_begun, note_made
from linnapp.user_agents import place_of

FACTOR_MADE = {
    "mfa/messages/totp_activated.txt": Authenticator.Type.TOTP,
    "mfa/messages/webauthn_added.txt": Authenticator.Type.WEBAUTHN,
}


class PeopleAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": (
            "The e-mail or password is wrong, or the e-mail is not confirmed yet. Check both, or set a new password, "
            "which confirms your e-mail too."
        ),
        "duplicate_email": "You already sign in with this address.",
        "incorrect_password": "This is not your password.",
        "enter_current_password": "This is not your current password.",
    }

    def save_user(self, request: Any, user: Any, form: Any, commit: bool = True) -> Any:
        """A person with a name; the form makes the account they own."""
        user.name = form.cleaned_data.get("name", "")
        user.time_zone = form.cleaned_data.get("time_zone") or "UTC"
        return super().save_user(request, user, form, commit)

    def get_client_ip(self, request: Any) -> str:
        """What mails about a changed password name: the same address as everywhere."""
        return client_address(request.META)

    def pre_authenticate(self, request: Any, **given: Any) -> None:
        """Before the password is looked at: counted afterwards, many at the same moment would pass together."""
        email = given.get("email", "")
        person = request.user
        if person.is_authenticated and person.email == email:
            self._counted = knocks.own_password(person, request.session.session_key)
        else:
            self._counted = knocks.sign_in(email, client_address(request.META), mark_of(request, email))

    def authenticate(self, request: Any, **given: Any) -> Any:
        person = super().authenticate(request, **given)
        if person is None or person not in mail_owners.owners_of(given.get("email", person.email)):
            return None
        if is_unconfirmed(person):
            # As the receivers do of what Django itself refuses.
            audit.count_wrong(person, address=client_address(request.META), what="password")
            return None
        knocks.take_back(self._counted)
        return person

    def pre_login(self, request: Any, user: Any, **facts: Any) -> Any:
        """Whoever comes so far typed the password, be it at sign-up. Of a known address nothing is kept: it needs none,
        and then this is no sign-up."""
        if not EmailAddress.objects.filter(user=user, verified=True).exists():
            own_passwords.keep_typed(request, user)
            request.session[own_passwords.SIGNING_UP] = user.email
        note_begun(request, user)
        return super().pre_login(request, user, **facts)

    def post_login(self, request: Any, user: Any, **facts: Any) -> Any:
        was_known = getattr(request, "proven_by", None) == user or mark_of(request, user.email)
        if not (was_known or self._is_first or facts.get("signup")):
            self._tell_of_device(request, user)
        cast(Proven, request).proven_by = user
        if self.is_reauthentication_required(app=""):
            # By a verified address or an invitation: as fresh as by a password.
            record_authentication(request, user, method="mail")
        for name in (own_passwords.SIGNING_UP, BEGUN_WITH):
            request.session.pop(name, None)
        return super().post_login(request, user, **facts)

    def add_message(self, request: Any, level: int, message_template: Any = None, *given: Any, **facts: Any) -> Any:
        """What allauth tells, in the request that did it, once it is done. Whoever changed their password is told that
        it signed them out, and not twice."""
        if message_template == "account/messages/logged_out.txt" and hasattr(request, "proven_by"):
            return
        super().add_message(request, level, message_template, *given, **facts)
        if message_template in FACTOR_MADE:
            note_made(request, request.user, FACTOR_MADE[message_template])

    def login(self, request: Any, user: Any) -> None:
        # Asked before it is written: nobody ever signed in, and there is no device to know.
        self._is_first = user.last_login is None
        super().login(request, user)

    def _tell_of_device(self, request: HttpRequest, person: User) -> None:
        """Whoever knows the password could sign in for hours: the mails have an end, and the first ones tell it."""
        last = knocks.may_tell(knocks.NEW_DEVICES, person.pk)
        if last is None:
            return
        place, when = place_of(request), timezone.localtime(timezone.now(), ZoneInfo(person.time_zone))
        facts = {
            "email": person.email,
            "when": f"{kept(when, 'DATETIME_LONG')} ({person.time_zone})",
            "device": place["device"],
            "address": place["network"],
            "password_url": reverse("account_reset_password"),
            "security_url": reverse("mfa_index"),
        }
        self.send_mail("account/email/new_device", person.email, facts | last)

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """What somebody did to their own sign-in: who does it all day mails nobody all day."""
        last = knocks.may_tell(knocks.OWN_CHANGES, template_prefix, user.pk, knocks.folded(email or user.email))
        if last is not None:
            facts = {"device": place_of(self.request)["device"], "password_url": reverse("account_reset_password")}
            super().send_notification_mail(template_prefix, user, {**(context or {}), **facts, **last}, email)

    def logout(self, request: HttpRequest) -> None:
        """Whoever leaves the portal leaves the accounts that they entered as staff."""
        if isinstance(request.user, User):
            access.leave_all(request.user)
            browser_sessions.forget(request.session.session_key)
        super().logout(request)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """With the way back to where the sign-in was to lead, such as to what was typed."""
        link = super().get_reset_password_from_key_url(key)
        return str(passthrough_next_redirect_url(self.request, link, "next"))

    def set_password(self, user: Any, password: str) -> None:
        """By the old one, or by the link in a mail: who does it is who they say."""
        request = cast(Proven, self.request)
        request.proven_by, request.had_password = user, user.has_usable_password()
        super().set_password(user, password)
        # What was typed waits on: whoever forgot their password may be on the way back to it.
        browser_sessions.end_all(user, with_forms=False)
        mail.take_back(mail.Kind.PASSWORD, *mail_owners.addresses_of(user))

    def send_confirmation_mail(self, request: Any, emailconfirmation: Any, signup: bool) -> None:
        if knocks.may_confirm(emailconfirmation.email_address.email):
            super().send_confirmation_mail(request, emailconfirmation, signup)

    def send_account_already_exists_mail(self, email: str) -> None:
        if knocks.may_confirm(email):
            super().send_account_already_exists_mail(email)

    def is_reauthentication_required(self, *, app: str, **options: Any) -> bool:
        """Not within minutes of signing in either: allauth itself counts only a password given a second time. Where
        there is a second factor, whatever was given in a session that has not seen it does not count."""
        records = get_authentication_records(self.request, self.request.user)
        latest = max((record["at"] for record in records), default=0)
        is_old = time.time() - latest >= settings.FRESH_SIGN_IN_SECONDS
        return is_old or needs_factor(self.request, self.request.user)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, str]]:
        """As the page that asks offers them, the first one first."""
        words = {
            "reauthenticate": "Use your password",
            "mfa_reauthenticate": "Use a code",
            "mfa_reauthenticate:webauthn": "Use a passkey",
        }
        ways = super().get_reauthentication_methods(user)
        if ways and needs_factor(self.request, user):
            ways = [way for way in ways if way["id"] != "reauthenticate"]
        return [way | {"description": words[way["id"]]} for way in ways]

    def is_safe_url(self, url: str) -> bool:
        """Where a person is sent back to after signing in. Nothing behind the question mark decides which host that
        is, and Django refuses whatever is longer than 2 kB: a link that carries 2 kB of Tracking would be lost."""
        return bool(super().is_safe_url(url.partition("?")[0]))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """allauth makes links and the portal's name of the Host header, in which a stranger who asks for the mail of
        somebody else may write any port, or another of ALLOWED_HOSTS."""
        links = {name: at_site(link) for name, link in context.items() if name.endswith("_url")}
        own = {"portal": settings.SITE.netloc, "record": settings.SITE_URL + reverse("own_record")}
        super().send_mail(template_prefix, email, context | links | own)

    def render_mail(
        self, template_prefix: str, email: str | list[str], context: dict[str, Any], headers: Any = None
    ) -> EmailMessage:
        made = super().render_mail(template_prefix, email, context, headers)
        kind, lasts = with_link(template_prefix)
        ends_at = timezone.now() + lasts if lasts else None
        to = (made.subject, made.body, made.from_email, made.to)
        opens = ", ".join(made.to) if lasts or is_of_a_stranger(template_prefix) else ""
        return mail.Letter(*to, headers=made.extra_headers, kind=kind, ends_at=ends_at, opens=opens)

    def is_email_verified(self, request: HttpRequest, email: str) -> bool:
        """Whoever comes with the key of an invitation has read the mail that it was sent in, and nowhere else."""
        invitation = invitation_on_the_way(request)
        return invitation is not None and invitation.email == email.lower()

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Refuses an address that is another person's: it would be one address for two. A sign-up with it that nobody
        confirmed is no person yet, and ends."""
        ends.drop_sign_up_with(email_address.email, besides=cast(User, email_address.user))
        others = User.objects.filter(email=email_address.email).exclude(pk=email_address.user_id)
        if others.exists():
            template = "account/messages/email_confirmation_failed.txt"
            self.add_message(request, messages.ERROR, template, {"email": email_address.email})
            return False
        with transaction.atomic():
            if self.takes_password_away(request, email_address):
                email_address.user.set_unusable_password()
                email_address.user.save(update_fields=["password"])
            confirmed = bool(super().confirm_email(request, email_address))
            if confirmed:
                mail.take_back(mail.Kind.CONFIRMATION, email_address.email)
                mail_owners.end_waiting(email_address.email, owner=cast(User, email_address.user))
        return confirmed

    def takes_password_away(self, request: HttpRequest, address: EmailAddress) -> bool:
        """Whether confirming an address here means a new password: somebody signed up with it elsewhere, and perhaps
        not its reader. Whoever has a confirmed address, and a new one now, keeps theirs."""
        return is_unconfirmed(address.user) and not own_passwords.was_typed_here(request, address.user)


def is_unconfirmed(person: User) -> bool:
    """Whether somebody signed up as this person and never read a mail. Their password opens nothing and is answered as
    a wrong one is: otherwise signing up and in again would tell whether an address was known before. Who was made by
    an operator has no address yet, and confirms it by signing in."""
    confirmed = set(EmailAddress.objects.filter(user=person).values_list("verified", flat=True))
    return bool(confirmed) and True not in confirmed


def with_link(template_prefix: str) -> tuple[str, timedelta | None]:
    """What a mail of allauth is about, and how long its link opens something, by the name of its template."""
    name = template_prefix.rpartition("/")[2]
    if name.startswith("email_confirmation"):
        return mail.Kind.CONFIRMATION, timedelta(days=app_settings.EMAIL_CONFIRMATION_EXPIRE_DAYS)
    if name == "password_reset_key":
        return mail.Kind.PASSWORD, timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
    return mail.Kind.SIGN_IN, None


def is_of_a_stranger(template_prefix: str) -> bool:
    """What an address gets in place of a link: that it is known, or unknown. As a link, the newest one replaces others:
    otherwise the portal would take longer over one of the two."""
    return template_prefix.rpartition("/")[2] in ("unknown_account", "account_already_exists")


def at_site(link: str) -> str:
    """The link under SITE_URL, wherever it led."""
    return settings.SITE_URL + urlsplit(link)._replace(scheme="", netloc="").geturl()


def invitation_on_the_way(request: HttpRequest) -> Invitation | None:
    """The open invitation that `next` leads back to, of somebody who signs up because they were invited."""
    try:
        match = resolve(get_next_redirect_url(request) or "")
    except Resolver404:
        return None
    return Invitation.objects.with_key(match.kwargs["token"]) if match.url_name == "invitation_accept" else None
