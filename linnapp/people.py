"""How django-allauth signs people up and in here."""

import time
from datetime import timedelta
from typing import Any, cast
from urllib.parse import urlsplit

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.account.utils import get_next_redirect_url
from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils import timezone

from linnapp import mail
from linnapp.addresses import client_address
from linnapp.devices import Proven, mark_of
from linnapp.models import Invitation, User
from linnapp.services import access, knocks


class PeopleAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": (
            "E-mail or password is wrong, or the e-mail is not confirmed yet. Look at both, or set a new password: "
            "that confirms it as well."
        ),
        "duplicate_email": "This is the address you sign in with already.",
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
            self._counted = [knocks.own_password(person)]
        else:
            self._counted = knocks.sign_in(email, client_address(request.META), mark_of(request, email))

    def authenticate(self, request: Any, **given: Any) -> Any:
        person = super().authenticate(request, **given)
        if person is None or is_unconfirmed(person):
            return None
        knocks.take_back(self._counted)
        return person

    def post_login(self, request: Any, user: Any, **facts: Any) -> Any:
        cast(Proven, request).proven_by = user
        return super().post_login(request, user, **facts)

    def logout(self, request: HttpRequest) -> None:
        """Whoever leaves the portal leaves the accounts that they entered as staff."""
        if isinstance(request.user, User):
            access.leave_all(request.user)
        super().logout(request)

    def set_password(self, user: Any, password: str) -> None:
        """By the old one, or by the link in a mail: who does it is who they say."""
        super().set_password(user, password)
        cast(Proven, self.request).proven_by = user
        addresses = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
        mail.take_back(mail.Kind.PASSWORD, user.email, *addresses)

    def send_confirmation_mail(self, request: Any, emailconfirmation: Any, signup: bool) -> None:
        if knocks.may_confirm(emailconfirmation.email_address.email):
            super().send_confirmation_mail(request, emailconfirmation, signup)

    def send_account_already_exists_mail(self, email: str) -> None:
        if knocks.may_confirm(email):
            super().send_account_already_exists_mail(email)

    def is_reauthentication_required(self, *, app: str, **options: Any) -> bool:
        """Not within minutes of signing in either: allauth itself counts only a password given a second time."""
        records = get_authentication_records(self.request, self.request.user)
        latest = max((record["at"] for record in records), default=0)
        return time.time() - latest >= settings.ACCOUNT_REAUTHENTICATION_TIMEOUT

    def is_safe_url(self, url: str) -> bool:
        """Where a person is sent back to after signing in. Nothing behind the question mark decides which host that
        is, and Django refuses whatever is longer than 2 kB: a link that carries 2 kB of Tracking would be lost."""
        return bool(super().is_safe_url(url.partition("?")[0]))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """allauth makes links and the portal's name of the Host header, in which a stranger who asks for the mail of
        somebody else may write any port, or another of ALLOWED_HOSTS."""
        links = {name: at_site(link) for name, link in context.items() if name.endswith("_url")}
        super().send_mail(template_prefix, email, context | links | {"portal": settings.SITE.netloc})

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
        """Refuses an address that is another person's: it would be one address for two."""
        others = User.objects.filter(email=email_address.email).exclude(pk=email_address.user_id)
        if others.exists():
            template = "account/messages/email_confirmation_failed.txt"
            self.add_message(request, messages.ERROR, template, {"email": email_address.email})
            return False
        confirmed = bool(super().confirm_email(request, email_address))
        if confirmed:
            mail.take_back(mail.Kind.CONFIRMATION, email_address.email)
        return confirmed


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
