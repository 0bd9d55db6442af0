"""The only superuser lost their second factor: a command on the portal's machine removes it."""

import sys
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from linnapp.models import AuditEntry, TimelineEntry, User
from tests.factors.having import give_factor
from tests.kit.people import PASSWORD, ClientOf
from tests.kit.signing_in.factors import FACTOR, SECURITY, code_of, past_the_password, with_app

pytestmark = pytest.mark.django_db
WHY = "Lost the phone and the codes"
TOLD = f"By a command on the portal's machine: {WHY}"


def signed_in(person: User) -> Client:
    browser = Client()
    browser.post("/sign-in/", {"login": person.email, "password": PASSWORD})
    assert browser.get("/profile/").status_code == 200
    return browser


def removed(*arguments: str) -> str:
    out = StringIO()
    call_command("remove_factors", *arguments, stdout=out)
    return out.getvalue()


def test_it_removes_them_signs_out_tells_by_mail_and_stands_on_record(paula: User) -> None:
    browser = signed_in(paula)
    give_factor(paula)
    give_factor(paula, Authenticator.Type.RECOVERY_CODES)
    assert "The second factors of paula@linnapp.example are removed" in removed(
        "Paula@linnapp.example", "--reason", WHY
    )
    assert not Authenticator.objects.exists()
    assert browser.get("/profile/").status_code == 302
    [sent] = mail.outbox
    assert (sent.to, sent.subject) == ([paula.email], "Your second factors were removed")
    assert str(sent.body).startswith("Somebody with access to this portal's machine removed the second factors of ")
    assert TOLD in sent.body
    assert "None" not in sent.body
    for kept in (TimelineEntry, AuditEntry):
        entry = kept._default_manager.get(kind="PERSON_FACTORS_REMOVED")
        assert (entry.actor_id, entry.actor_name, entry.side, entry.reason) == (None, "", "STAFF", TOLD)
    page = signed_in(paula).get("/profile/record/").content.decode()
    assert "removed the second factors of" in page
    assert WHY in page


def test_without_a_factor_nothing_is_changed_and_nobody_told(paula: User) -> None:
    assert removed(paula.email, "--reason", WHY) == "paula@linnapp.example has no second factor: nothing was changed.\n"
    assert not mail.outbox
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("email", "reason", "told"),
    [
        ("pola@linnapp.example", WHY, "Nobody here signs in with 'pola@linnapp.example'."),
        ("\udcff@linnapp.example", WHY, "Nobody here signs in with"),
        ("pola\0@linnapp.example", WHY, "Nobody here signs in with"),
        ("paula@linnapp.example", " ", "--reason: "),
        ("paula@linnapp.example", "Lost\udcff", "--reason: "),
        ("paula@linnapp.example", "x" * 2001, "--reason: "),
    ],
)
def test_what_it_cannot_do_it_says_and_leaves_them(email: str, reason: str, told: str, paula: User) -> None:
    give_factor(paula)
    with pytest.raises(CommandError) as refused:
        removed(email, "--reason", reason)
    assert str(refused.value).startswith(told)
    assert Authenticator.objects.exists()


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("typed", "options", "left"), [("", (), 1), ("n", (), 1), ("Y", (), 0), ("n", ("--no-input",), 0)]
)
def test_in_a_terminal_it_asks_once(
    typed: str, options: tuple[str, ...], left: int, paula: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_factor(paula)
    monkeypatch.setattr(sys, "stdin", Terminal(f"{typed}\n"))
    if left:
        with pytest.raises(CommandError, match=r"Nothing was changed\."):
            removed(paula.email, "--reason", WHY, *options)
    else:
        removed(paula.email, "--reason", WHY, *options)
    assert Authenticator.objects.count() == left


@pytest.mark.parametrize(("name", "is_told"), [("Paula", True), ("Alice", False)])
def test_a_platform_admin_who_lost_theirs_is_told_of_it(name: str, is_told: bool, paula: User, alice: User) -> None:
    person = {"Paula": paula, "Alice": alice}[name]
    code = with_app(person)
    browser = past_the_password(person)
    assert (b"manage.py remove_factors" in browser.get(FACTOR).content) == is_told
    browser.post(FACTOR, {"code": code_of(code)})
    assert (b"manage.py remove_factors" in browser.get(SECURITY).content) == is_told


def test_whoever_has_none_has_lost_none(alice: User, client_of: ClientOf) -> None:
    assert b"Lost your phone or passkey?" not in client_of(alice).get(SECURITY).content
