"""Passkeys by the wire: what a browser and a device would send, and what somebody else would."""

import json
import re
import time

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django import Settings

from linnapp.models import KnockCount, User
from linnapp.services.factors import MOST_PASSKEYS, rename_passkey
from linnapp.services.knocks import SIGN_INS
from tests.factors.having import signed_in_by_factor
from tests.kit.people import ClientOf
from tests.kit.signing_in.factors import (
    BY_PASSKEY,
    FACTOR,
    HOME,
    PRESENT,
    SECURITY,
    Passkey,
    answered,
    answered_alone,
    at_home,
    is_signed_in,
    made,
    past_the_password,
    recovery_codes,
    with_app,
    with_passkey,
)

pytestmark = pytest.mark.django_db
ADD = f"{SECURITY}passkeys/add/"
AGAIN = "/sign-in/again/passkey/"


@pytest.fixture
def passkey(alice: User, client_of: ClientOf) -> Passkey:
    return with_passkey(alice, client_of(alice))


def test_a_passkey_signs_in_by_itself_and_its_answer_does_so_once(alice: User, passkey: Passkey) -> None:
    browser, thief = at_home(), at_home()
    sent = answered_alone(passkey, browser, next="/profile/")
    thief.cookies["csrf"] = browser.cookies["csrf"].value
    assert browser.post(BY_PASSKEY, sent).headers["Location"] == "/profile/"
    assert browser.session["_auth_user_id"] == str(alice.pk)
    refused = thief.post(BY_PASSKEY, sent)
    assert refused.status_code == 422
    assert "This passkey isn’t registered here." in refused.content.decode()
    assert 'href="/sign-in/?next=/profile/"' in refused.content.decode().replace("%2F", "/")
    assert not is_signed_in(thief)


def test_where_no_script_runs_the_code_is_the_first_way(alice: User, passkey: Passkey) -> None:
    with_app(alice)
    browser = past_the_password(alice, at_home())
    page = browser.get(FACTOR).content.decode()
    assert re.findall(r"<button type=\"submit\"([^>]*)>Sign in</button>", page) == [
        " data-without-script",
        ' class="secondary" data-needs-script',
    ]


def test_one_that_was_given_no_name_is_called_by_the_browser_it_was_made_in(alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    agent = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", **HOME}
    assert client.get(ADD, headers=agent).context["form"]["name"].value() == "Firefox on Linux"
    with_passkey(alice, client)
    rename_passkey(Authenticator.objects.get(type="webauthn"), "Firefox on Linux")
    again = signed_in_by_factor(client_of, alice).get(ADD, headers=agent)
    assert again.context["form"]["name"].value() == "Firefox on Linux 2"


def test_asking_for_a_challenge_leaves_no_row(passkey: Passkey) -> None:
    before = Session.objects.count(), KnockCount.objects.count()
    for _ in range(20):
        answered_alone(passkey, at_home())
    assert (Session.objects.count(), KnockCount.objects.count()) == before


def test_a_passkey_is_a_second_factor_and_shows_that_it_is_still_you(
    alice: User, passkey: Passkey, client_of: ClientOf
) -> None:
    browser = past_the_password(alice, at_home(), next="/profile/")
    sent = answered(passkey, browser.get(FACTOR))
    assert browser.post(FACTOR, sent).headers["Location"] == "/profile/"
    stale = client_of(alice, fresh=False)
    assert stale.get(ADD).headers["Location"].startswith("/sign-in/again/")
    sent = answered(passkey, stale.get(AGAIN, headers=HOME), next=ADD)
    assert stale.post(AGAIN, sent, headers=HOME).headers["Location"] == ADD
    assert stale.get(ADD).status_code == 200


@pytest.mark.parametrize(
    "which", ["of another person", "of another site", "of an address below", "without a finger", "with another key"]
)
def test_no_other_passkey_opens_anything(
    alice: User, carol: User, passkey: Passkey, client_of: ClientOf, which: str
) -> None:
    other = with_passkey(carol, client_of(carol))
    if which == "of another site":
        other = Passkey(alice, "https://evil.example", key=passkey.key, credential_id=passkey.credential_id)
    if which == "of an address below":
        other = Passkey(alice, "https://elsewhere.localhost:8000", key=passkey.key, credential_id=passkey.credential_id)
    if which == "without a finger":
        other = Passkey(alice, flags=PRESENT, key=passkey.key, credential_id=passkey.credential_id)
    if which == "with another key":
        other = Passkey(alice, credential_id=passkey.credential_id)
    second = past_the_password(alice, at_home())
    assert second.post(FACTOR, answered(other, second.get(FACTOR))).status_code == 422
    assert not is_signed_in(second)
    stale = client_of(alice, fresh=False)
    sent = answered(other, stale.get(AGAIN, headers=HOME))
    assert stale.post(AGAIN, sent, headers=HOME).status_code == 422
    other.person = alice
    alone = at_home()
    assert alone.post(BY_PASSKEY, answered_alone(other, alone)).status_code == 422
    assert not is_signed_in(alone)


def test_a_challenge_ends(passkey: Passkey, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = at_home()
    sent = answered_alone(passkey, browser)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 301)
    assert "This took too long. Try again." in browser.post(BY_PASSKEY, sent).content.decode()
    assert not is_signed_in(browser)


def test_whoever_was_switched_off_stays_out(alice: User, passkey: Passkey) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    browser = at_home()
    answer = browser.post(BY_PASSKEY, answered_alone(passkey, browser))
    assert answer.headers["Location"] == "/account-inactive/"
    assert not is_signed_in(browser)


def test_a_network_sends_so_many_passkeys_a_minute() -> None:
    """Looking at each takes its time."""
    stranger = at_home()
    answers = [stranger.post(BY_PASSKEY, {"credential": "{}"}).status_code for _ in range(SIGN_INS.most + 1)]
    assert answers == [422] * SIGN_INS.most + [429]


GARBAGE = [
    "", "null", "[]", "{}", "NaN", "1e400", "[" * 5_000, '{"id": 1}', "x" * 20_000, "\0",
    json.dumps({"id": "AA", "rawId": "AA", "type": "public-key", "response": {}}),
    json.dumps({"id": "AA", "rawId": "AA", "type": "public-key", "response": []}),
    json.dumps({"id": "AA", "rawId": "AA", "type": "public-key", "response": {
        "clientDataJSON": "e30", "attestationObject": "oA", "authenticatorData": "AA", "signature": "AA",
        "userHandle": "enp6enp6enp6enp6enp6enp6eno"}}),
]  # fmt: skip


@pytest.mark.parametrize("sent", GARBAGE, ids=range(len(GARBAGE)))
def test_whatever_is_sent_as_a_passkey_is_answered(alice: User, client_of: ClientOf, sent: str) -> None:
    signed_in = client_of(alice)
    asked = signed_in.get(ADD, headers=HOME).context["asked"].token
    assert signed_in.post(ADD, {"name": "x", "credential": sent, "asked": asked}, headers=HOME).status_code == 422
    stranger = at_home()
    asked = stranger.get(BY_PASSKEY, headers={"Accept": "application/json"}).json()["asked"]
    assert stranger.post(BY_PASSKEY, {"credential": sent, "asked": asked}).status_code == 422
    assert not Authenticator.objects.exists()


def test_nothing_is_kept_of_a_passkey_but_what_is_read_again(alice: User, client_of: ClientOf) -> None:
    browser, passkey = client_of(alice), Passkey(alice)
    sent = made(passkey, browser.get(ADD, headers=HOME), "Work laptop")
    more = {"more": "\0", "clientExtensionResults": {"much": "x" * 9_000}}
    sent["credential"] = json.dumps(json.loads(sent["credential"]) | more)
    assert browser.post(ADD, sent | {"name": "Work\u202elaptop"}, headers=HOME).status_code == 422
    assert browser.post(ADD, sent, headers=HOME).status_code == 302
    assert "You already have this passkey." in browser.post(ADD, sent, headers=HOME).content.decode()
    kept = Authenticator.objects.get(type="webauthn").data
    assert (kept["name"], set(kept["credential"]), kept["credential"]["clientExtensionResults"]) == (
        "Work laptop",
        {"id", "rawId", "type", "response", "clientExtensionResults"},
        {},
    )


def test_a_passkey_is_renamed_and_removed_by_its_own_person_alone(
    alice: User, carol: User, passkey: Passkey, client_of: ClientOf
) -> None:
    row = Authenticator.objects.get(type="webauthn")
    own, other = signed_in_by_factor(client_of, alice), client_of(carol)
    for address in (f"{SECURITY}passkeys/{row.pk}/", f"{SECURITY}passkeys/{row.pk}/remove/"):
        assert other.get(address).status_code == 404
        assert other.post(address, {"name": "Mine"}).status_code == 404
    assert own.post(f"{SECURITY}passkeys/{row.pk}/", {"name": "Zażółć <b>"}).status_code == 302
    page = own.get(SECURITY).content.decode()
    assert "Zażółć &lt;b&gt;" in page
    assert own.post(f"{SECURITY}passkeys/{row.pk}/", {"name": " "}).status_code == 422
    asked = own.get(f"{SECURITY}passkeys/{row.pk}/remove/").content.decode()
    assert "It is your only second factor." in asked
    assert own.post(f"{SECURITY}passkeys/{row.pk}/remove/").headers["Location"] == SECURITY
    assert not Authenticator.objects.filter(user=alice).exists()
    assert "You sign in with your password alone" in own.get(SECURITY).content.decode()


def test_a_lost_passkey_is_made_up_for_by_a_recovery_code(alice: User, passkey: Passkey) -> None:
    browser = past_the_password(alice, at_home())
    page = browser.get(FACTOR).content.decode()
    assert "Recovery code</label>" in page
    assert browser.post(FACTOR, {"code": recovery_codes(alice)[0]}).status_code == 302
    assert is_signed_in(browser)


def test_one_has_so_many_passkeys(alice: User, passkey: Passkey, client_of: ClientOf) -> None:
    row = Authenticator.objects.get(type="webauthn")
    more = (Authenticator(user=alice, type="webauthn", data=row.data) for _ in range(MOST_PASSKEYS - 1))
    Authenticator.objects.bulk_create(more)
    browser = signed_in_by_factor(client_of, alice)
    refused = browser.post(ADD, made(Passkey(alice), browser.get(ADD, headers=HOME)), headers=HOME)
    assert refused.status_code == 422
    assert "You already have 20 passkeys. Remove one that you no longer use first." in refused.content.decode()
    assert Authenticator.objects.filter(type="webauthn").count() == MOST_PASSKEYS


@pytest.mark.parametrize(
    ("host", "asked_at", "sentence"),
    [
        ("203.0.113.7", "203.0.113.7", "Passkeys need a domain name"),
        ("portal.example.com", "portal.example.com", ""),
        ("portal.example.com", "other.example.com", "Passkeys work at one address only"),
    ],
)
def test_an_address_without_passkeys_says_why(
    alice: User, client_of: ClientOf, settings: Settings, host: str, asked_at: str, sentence: str
) -> None:
    settings.SITE_HOST, settings.ALLOWED_HOSTS = host, ["*"]
    for browser, path in ((Client(), "/sign-in/"), (client_of(alice), SECURITY), (client_of(alice), ADD)):
        page = browser.get(path, headers={"Host": asked_at}).content.decode()
        assert (sentence or "Passkeys need JavaScript") in page or path == SECURITY
        assert ("Passkeys work" in page or "Passkeys need a domain" in page) is bool(sentence)


def test_what_one_browser_was_asked_is_answered_by_no_other(alice: User, carol: User, passkey: Passkey) -> None:
    browser, other = at_home(), at_home()
    other.get("/sign-in/")
    sent = answered_alone(passkey, browser)
    assert other.post(BY_PASSKEY, sent).status_code == 422
    assert not is_signed_in(other)
    assert browser.post(BY_PASSKEY, sent).status_code == 302


def test_what_one_person_was_asked_is_answered_by_no_other(alice: User, carol: User, client_of: ClientOf) -> None:
    with_passkey(alice, client_of(alice))
    other, browser = with_passkey(carol, client_of(carol)), at_home()
    sent = answered(other, past_the_password(alice, browser).get(FACTOR))
    browser.post("/sign-in/leave/")
    past_the_password(carol, browser)
    refused = browser.post(FACTOR, sent)
    assert (refused.status_code, is_signed_in(browser)) == (422, False)
    assert browser.post(FACTOR, answered(other, browser.get(FACTOR))).status_code == 302


def test_what_was_asked_of_a_new_passkey_is_no_sign_in(alice: User, passkey: Passkey, client_of: ClientOf) -> None:
    browser = signed_in_by_factor(client_of, alice)
    sent = answered(passkey, browser.get(ADD, headers=HOME))
    assert "This took too long. Try again." in browser.post(AGAIN, sent, headers=HOME).content.decode()
    sent = answered(passkey, browser.get(AGAIN, headers=HOME))
    assert browser.post(AGAIN, sent, headers=HOME).status_code == 302
