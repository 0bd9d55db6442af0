"""Second factors in the record: made, used, wrong, made anew, taken away."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.db import transaction
from django.urls import reverse

from linnapp.models import Account, AuditEntry, User
from tests.kit.people import ClientOf
from tests.kit.pressing import form_of
from tests.kit.signing_in.factors import (
    FACTOR,
    HOME,
    SECURITY,
    Passkey,
    answered,
    at_home,
    code_of,
    past_the_password,
    recovery_codes,
    with_app,
    with_passkey,
    wrong_code,
)
from tests.record.conftest import Enter, kinds_of, told

pytestmark = pytest.mark.django_db
RECORD = "/profile/record/"
APP, CODES = f"{SECURITY}app/", f"{SECURITY}recovery-codes/new/"


@pytest.fixture(autouse=True)
def committed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for a commit happens at once: that of a test never comes."""
    monkeypatch.setattr(transaction, "on_commit", lambda act: act())


def test_what_is_made_and_taken_away_is_told_line_by_line(alice: User, client_of: ClientOf) -> None:
    browser = client_of(alice)
    form = browser.get(APP).context
    browser.post(APP, {"code": code_of(form["secret"]), "pending": form["pending"]})
    with_passkey(alice, browser)
    browser.post(CODES)
    passkey = Authenticator.objects.get(type="webauthn")
    browser.post(f"{SECURITY}passkeys/{passkey.pk}/remove/")
    browser.post(f"{APP}remove/")
    page = told(browser.get(RECORD, {"about": "factors"}))
    lines = re.findall(
        r"(?:Authenticator app|Recovery codes|Passkey \W*Laptop\W*) (?:added|removed) by|"
        r"Alice replaced the recovery codes",
        page,
    )
    # Newest first.
    assert [re.sub(r"[^\w “”]", "", line) for line in lines] == [
        "Recovery codes removed by",
        "Authenticator app removed by",
        "Passkey “Laptop” removed by",
        "Alice replaced the recovery codes",
        "Passkey “Laptop” added by",
        "Recovery codes added by",
        "Authenticator app added by",
    ]


def test_a_recovery_code_says_how_many_are_left(alice: User) -> None:
    with_app(alice)
    codes = recovery_codes(alice)
    browser = past_the_password(alice)
    browser.post(FACTOR, {"code": codes[0]})
    assert f"Recovery code used by Alice, {len(codes) - 1} left" in told(browser.get(RECORD))


def test_wrong_codes_are_counted_at_the_sign_in_and_where_it_is_asked_whether_it_is_still_them(
    alice: User, client_of: ClientOf
) -> None:
    secret = with_app(alice)
    browser = past_the_password(alice)
    for _ in range(2):
        assert browser.post(FACTOR, {"code": wrong_code(secret)}).status_code == 422
    stale = client_of(alice, fresh=False)
    assert stale.post(reverse("mfa_reauthenticate"), {"code": wrong_code(secret)}).status_code == 422
    page = told(stale.get(RECORD))
    assert re.search(r"Wrong code for Alice, from 127\.0\.0\.0/24, 3 times until", page)


def test_wrong_passkeys_are_counted_at_the_sign_in_and_where_it_is_asked_whether_it_is_still_them(
    alice: User, client_of: ClientOf
) -> None:
    passkey = with_passkey(alice, client_of(alice))
    other = Passkey(alice, credential_id=passkey.credential_id)
    browser, again = past_the_password(alice, at_home()), reverse("mfa_reauthenticate_webauthn")
    assert browser.post(FACTOR, answered(other, browser.get(FACTOR))).status_code == 422
    stale = client_of(alice, fresh=False)
    sent = answered(other, stale.get(again, headers=HOME))
    assert stale.post(again, sent, headers=HOME).status_code == 422
    assert re.search(r"Wrong passkey for Alice, from 127\.0\.0\.0/24, 2 times until", told(stale.get(RECORD)))


def test_no_code_and_no_secret_is_written_down(alice: User) -> None:
    secret = with_app(alice)
    wrong, code = wrong_code(secret), recovery_codes(alice)[0]
    browser = past_the_password(alice)
    browser.post(FACTOR, {"code": wrong})
    browser.post(FACTOR, {"code": code})
    assert kinds_of(alice) == ["SIGN_IN_FAILED", "FACTOR_CODE_USED", "SIGN_IN"]
    facts = str(list(AuditEntry.objects.values("facts", "person_name", "device", "reason")))
    assert [word for word in (secret, wrong, code, "correct horse") if word in facts] == []


def test_a_password_alone_signs_nobody_in_who_has_one(enter: Enter, alice: User) -> None:
    with_app(alice)
    assert enter(alice).get(RECORD).status_code == 302
    assert kinds_of(alice) == []


def test_those_that_a_superuser_removed_are_told_to_the_person_and_their_owners(
    alice: User, bob: User, paula: User, client_of: ClientOf
) -> None:
    with_app(bob)
    act, superuser = reverse("admin:linnapp_user_act", args=[bob.pk, "remove_factors"]), client_of(paula)
    read = form_of(superuser.get(act), "confirm_form").value("read")
    superuser.post(act, {"apply": "1", "reason": "Lost the phone", "read": read})
    assert mail.outbox[-1].to == [bob.email]
    for reader, record in ((bob, RECORD), (alice, "/a/northwind/team/record/")):
        page = told(client_of(reader).get(record))
        assert "Support removed the second factors of Bob and signed them out everywhere" in page
        assert "Lost the phone" in page
        assert "Paula" not in page
    entry = AuditEntry.objects.get(kind="PERSON_FACTORS_REMOVED")
    assert (entry.actor_id, entry.person_id) == (paula.pk, bob.pk)


def test_what_a_team_asks_of_its_members_is_told_to_its_owners(alice: User, northwind: Account) -> None:
    secret = with_app(alice)
    owner, rule = past_the_password(alice), reverse("account_factors", args=["northwind"])
    owner.post(FACTOR, {"code": code_of(secret)})
    for needed in ("yes", "yes", "no"):
        owner.post(rule, {"needed": needed})
    page = told(owner.get("/a/northwind/team/record/", {"about": "team"}))
    assert page.count("Alice made a second factor required for members") == 1
    assert page.count("Alice stopped requiring a second factor") == 1
