"""Signing in: the page, and the one click of the demo."""

from typing import Any, cast

from allauth.account import views
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import get_next_redirect_url
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from linnapp.addresses import is_from_this_machine
from linnapp.demo_people import PEOPLE, DemoPerson
from linnapp.models import User
from linnapp.signing_in.factor_requests import no_passkeys_here

EMAILS = {person.email for person in PEOPLE}


class SignIn(views.LoginView):
    """allauth's page; in demo mode with the people of the demo beside the form."""

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        people = demo_people() if is_offered(self.request) else []
        facts = {"demo_people": people, "no_passkeys": no_passkeys_here(self.request)}
        return cast("dict[str, Any]", super().get_context_data(**facts, **context))


def is_offered(request: HttpRequest) -> bool:
    """In demo mode, and to somebody on this machine: behind a proxy on it, everybody would come from loopback."""
    return settings.DEMO and is_from_this_machine(request.META)


def demo_people() -> list[DemoPerson]:
    """Those there are in this database."""
    present = set(User.objects.filter(email__in=EMAILS, is_active=True).values_list("email", flat=True))
    return [person for person in PEOPLE if person.email in present]


@login_not_required
@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    email = request.POST.get("email", "")
    if not is_offered(request) or email not in EMAILS:
        raise Http404
    person = get_object_or_404(User, email=email, is_active=True)
    # The session of whoever was signed in before ends here: nothing of theirs goes over to the next person.
    logout(request)
    record_authentication(request, person, method="demo", email=email)
    # Past the second factor, which somebody may have tried on one of these people: all others would be kept out.
    adapter = get_adapter()
    adapter.login(request, person)
    facts = {"email_verification": None, "signal_kwargs": None, "email": email, "signup": False}
    answer = adapter.post_login(request, person, redirect_url=get_next_redirect_url(request), **facts)
    return cast(HttpResponse, answer)
