"""Whatever shows or moves a secret asks for a fresh sign-in, and goes on after it with everything that was typed. Made
from the URL conf: a view with the mark that stands in no case here, or not in SECURITY.md, fails the suite."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.test import Client, RequestFactory
from django.urls import URLPattern, reverse
from django.utils.regex_helper import normalize

from linnapp.actors import Side
from linnapp.errors import SignInIsOld
from linnapp.models import Application, User
from linnapp.pages import acting as acting_on
from linnapp.services import secrets
from linnapp.signing_in.fresh_sign_ins import told_of
from tests.architecture.imports import ROOT
from tests.factors.having import use
from tests.fresh.cases import CASES, Town
from tests.house.world import routes
from tests.kit.people import PASSWORD, ClientOf, grow_old
from tests.kit.signing_in.factors import HOME
from tests.typed.forms import go_on

MARKED = {str(route.name): route for route in routes(settings.ROOT_URLCONF) if told_of(route.callback)}
# One's own: a stranger has these as well.
OF_EVERYBODY = {"account_email", "mfa_activate_totp", "mfa_add_webauthn", "profile_delete"}
# Of these nothing is kept: a file has its button pressed again (tests/profile/test_own_data.py), a password is typed
# again (tests/typed/test_fresh_sign_in.py).
NOT_KEPT = {"profile_export", "account_set_password"}
ROW = re.compile(r"^\| `(/[^`]*)` \| ([^|]+) \|$", re.MULTILINE)


def place_of(route: URLPattern) -> str:
    """As a person reads it: `/a/<account>/…`."""
    spelled, _ = normalize(route.pattern.regex.pattern)[0]
    return "/" + re.sub(r"%\((\w+)\)s", r"<\1>", spelled)


def test_security_md_has_each_page_and_no_other() -> None:
    told = (ROOT / "SECURITY.md").read_text().partition("## What asks for a fresh sign-in")[2]
    assert dict(ROW.findall(told)) == {place_of(route): told_of(route.callback) for route in MARKED.values()}


def test_each_page_with_the_mark_is_tried() -> None:
    assert MARKED.keys() == CASES.keys() | NOT_KEPT


@pytest.mark.parametrize("name", CASES)
def test_an_old_sign_in_is_asked_and_goes_on_with_what_was_typed(name: str, town: Town, client_of: ClientOf) -> None:
    case = CASES[name]
    url, client = case.url(town, MARKED[name]), at_home(client_of(town.world.users[case.who]))
    # Of whoever has a second factor, this browser has seen it: only there a password is enough.
    if factor := Authenticator.objects.exclude(type="recovery_codes").filter(user=town.world.users[case.who]).first():
        use(client, factor)
    typed = case.typed(town, client, url)
    grow_old(client)
    assert not case.done(town)
    asked = client.post(url, typed)
    assert (asked.status_code, not case.done(town)) == (302, True)
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))
    told = told_of(MARKED[name].callback)
    why = f"Sign in again to continue: this page {told[0].lower()}{told[1:]}, and you last signed in"
    assert why in client.get(asked.headers["Location"]).content.decode()
    wrong = client.post(asked.headers["Location"], {"password": "not hers at all"})
    assert (wrong.status_code, not case.done(town)) == (422, True)
    assert go_on(client, asked, PASSWORD).status_code < 400
    assert case.done(town)


def at_home(client: Client) -> Client:
    """At the address that passkeys belong to."""
    client.defaults["HTTP_HOST"] = HOME["Host"]
    return client


@pytest.mark.parametrize("name", sorted(CASES.keys() - OF_EVERYBODY))
def test_a_stranger_is_told_nothing_and_asked_for_no_password(name: str, town: Town, client_of: ClientOf) -> None:
    """Eve is a member of no account."""
    case = CASES[name]
    url = case.url(town, MARKED[name])
    typed = case.typed(town, at_home(client_of(town.world.users[case.who])), url)
    stranger = User.objects.create_user("eve@example.com", PASSWORD, name="Eve")
    answer = client_of(stranger, fresh=False).post(url, typed)
    assert answer.status_code == 403 if name == "authorize" else answer.status_code == 404
    assert not case.done(town)


def test_a_page_without_the_mark_can_do_nothing_of_it_right_after_signing_in(
    application: Application, alice: User, client_of: ClientOf
) -> None:
    request = RequestFactory().post("/")
    request.session, request.user = client_of(alice).session, alice
    with pytest.raises(SignInIsOld):
        secrets.reveal_secret(application.secrets.get(), by=acting_on(request, Side.DEVELOPER))
