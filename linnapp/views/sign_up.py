"""What follows signing up: the mail once more, and its link."""

from typing import Any, ClassVar, cast

from allauth.account import views
from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.internal.flows.signup import send_unknown_account_mail
from allauth.account.internal.stagekit import stash_login, unstash_login
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from linnapp.addresses import client_address
from linnapp.models import User
from linnapp.services import knocks
from linnapp.signing_in.devices import Proven
from linnapp.signing_in.own_passwords import SIGNING_UP


@login_not_required
@require_safe
def verification_sent(request: HttpRequest) -> HttpResponse:
    return _page(request)


@login_not_required
@require_POST
def verification_again(request: HttpRequest) -> HttpResponse:
    """One answer whether the address is known, waits or is nobody's: what is sent differs, as at sign-up."""
    email = request.session.get(SIGNING_UP, "")
    if not email:
        return redirect("account_signup")
    try:
        knocks.sign_up(email, client_address(request.META))
    except knocks.TooOften as refused:
        page = _page(request, too_often=refused.message)
        page.status_code = 429
        page.headers["Retry-After"] = str(refused.seconds)
        return page
    is_too_soon = knocks.confirmation_wait(email) > 0
    if not is_too_soon:
        _send_again(request, email)
    again = "too-soon" if is_too_soon else "sent"
    return redirect(f"{reverse('account_email_verification_sent')}?again={again}")


def _send_again(request: HttpRequest, email: str) -> None:
    address = EmailAddress.objects.select_related("user").filter(email=email, user__email=email).first()
    if address and not address.verified:
        address.send_confirmation(request, signup=True)
    elif User.objects.filter(email=email).exists():
        get_adapter().send_account_already_exists_mail(email)
    elif knocks.may_confirm(email):
        # Who never confirmed ends after a week, and a browser remembers for longer.
        send_unknown_account_mail(request, email)


def _page(request: HttpRequest, **facts: Any) -> HttpResponse:
    email = request.session.get(SIGNING_UP, "")
    wait = knocks.confirmation_wait(email) if email else 0
    facts |= {"email": email, "again": request.GET.get("again", ""), "wait": knocks.in_words(wait) if wait else ""}
    return render(request, "account/verification_sent.html", facts)


class ForgottenPassword(views.PasswordResetView):
    def get_initial(self) -> dict[str, Any]:
        person = self.request.user
        return {"email": person.email} if person.is_authenticated else {}

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().get_context_data(**context)
        person = self.request.user
        # It is asked whether it is still them, and they have nothing else to show it by.
        is_only_way = person.is_authenticated and not get_adapter().get_reauthentication_methods(person)
        return found | {"is_still_you": is_only_way and found["redirect_field_value"]}

    def get_success_url(self) -> str:
        """Not allauth's, which goes on to `next` before anybody read the mail."""
        return str(self.passthrough_next_url(reverse("account_reset_password_done")))


class NewPassword(views.PasswordResetFromKeyView):
    """Behind the link of a reset."""

    def form_valid(self, form: BaseForm) -> HttpResponse:
        """Where a second factor is asked for first, the sign-in that waits for it knows where it leads: allauth forgets
        that here."""
        response = cast(HttpResponse, super().form_valid(form))
        if waits := unstash_login(self.request, peek=True):
            waits.redirect_url = self.get_next_url()
            stash_login(self.request, waits)
        return response


class ConfirmAddress(views.ConfirmEmailView):
    """The link in the mail. Where somebody signed up with another browser, or somebody else did, it leads on to a new
    password."""

    http_method_names: ClassVar[list[str]] = ["get", "head", "post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """A new address of somebody who has one is theirs to confirm: the reader of that mail, who clicks as one does,
        would else give it to whoever asked for it."""
        waiting = EmailConfirmationHMAC.from_key(kwargs["key"])
        person = waiting.email_address.user if waiting else None
        if person and person != request.user and EmailAddress.objects.filter(user=person, verified=True).exists():
            messages.info(request, "To confirm a new address, sign in as the person who asked for the change.")
            return redirect_to_login(request.get_full_path())
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        address = self.object.email_address if self.object else None
        if address and get_adapter().takes_password_away(self.request, address):
            context["stranger"] = address.user
        return cast("dict[str, Any]", super().get_context_data(**context))

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        response = cast(HttpResponse, super().post(*args, **kwargs))
        person = cast(User, self.object.email_address.user)
        person.refresh_from_db()
        if not EmailAddress.objects.filter(user=person, verified=True).exists():
            return response
        cast(Proven, self.request).proven_by = person
        return response if person.has_usable_password() else self._to_new_password(person)

    def _to_new_password(self, person: User) -> HttpResponse:
        """As behind the link of a reset: whoever is here has read the mail of this address."""
        self.request.session[views.INTERNAL_RESET_SESSION_KEY] = default_token_generator.make_token(person)
        key = views.PasswordResetFromKeyView.reset_url_key
        page = reverse("account_reset_password_from_key", args=[user_pk_to_url_str(person), key])
        return redirect(self.passthrough_next_url(page))
