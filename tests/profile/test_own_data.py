"""One file with what the portal keeps of a person, without what only others may read, or what opens something."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from installs.help import asking
from installs.models import Installation
from linnapp import own_data
from linnapp.models import Account, KeptPost, MailRefusal, OutgoingMail, TimelineEntry, User
from linnapp.services import people
from tests.factors.having import use
from tests.house.world import secrets_of_the_database
from tests.kit.people import PASSWORD, ClientOf, acting
from tests.typed.forms import browser_of, end_sign_in, form_at, sign_in

pytestmark = pytest.mark.django_db
PAGE = "/profile/export/"


def exported(browser: Client) -> dict[str, Any]:
    answer = browser.post(PAGE)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="linnapp-')
    assert answer.headers["Cache-Control"] == "no-store"
    return dict(json.loads(answer.getvalue()))


def test_it_holds_what_is_kept_of_them(installation: Installation, carol: User, cakes: Account, dave: User) -> None:
    browser = Client()
    browser.post("/sign-in/", {"login": carol.email, "password": PASSWORD})
    asking.ask(cakes, sentence="It does not work.", by=acting(carol))
    people.invite(cakes, email="new@x.example", role="DEVELOPER", by=acting(carol))
    MailRefusal.objects.create(user=carol, kind="HELP")
    data = {"name": "Carol's key", "secret": "a-secret-of-a-factor"}
    factor = Authenticator.objects.create(user=carol, type="webauthn", data=data)
    use(browser, factor)
    OutgoingMail.objects.create(
        message_id="<1@x.example>", kind="NOTICE", recipient=carol.email, content_encrypted="gAAAA-the-text"
    )
    OutgoingMail.objects.create(message_id="<2@x.example>", recipient=dave.email)
    found = exported(browser)
    assert found["person"][0]["e-mail"] == carol.email
    assert found["e-mail_addresses"] == [{"e-mail": carol.email, "confirmed": True}]
    assert [(row["account"], row["role"]) for row in found["accounts"]] == [("Carol's Cakes", "OWNER")]
    assert [row["sentence"] for row in found["help_cases"]] == ["It does not work."]
    assert [row["e-mail"] for row in found["invitations_by_you"]] == ["new@x.example"]
    assert found["mails_switched_off"] == [{"kind": "HELP", "account": None}]
    assert [(row["type"], row["name"]) for row in found["second_factors"]] == [("webauthn", "Carol's key")]
    assert [row["address"] for row in found["signed_in_browsers"]] == ["127.0.0.1"]
    assert [row["application"] for row in found["installations_made"]] == ["Stock Bridge"]
    assert [row["to"] for row in found["e-mails_to_you"] if row["about"] == "NOTICE"] == [carol.email]
    did = [row["what"] for row in found["what_you_did"]]
    assert any("installed by Carol" in line.replace("\u2068", "").replace("\u2069", "") for line in did)
    text = json.dumps(found)
    for secret in ("a-secret-of-a-factor", "gAAAA-the-text", carol.password, dave.email):
        assert secret not in text
    assert not [secret for secret in secrets_of_the_database() if secret in text]


def test_what_others_did_and_what_the_team_reads_is_not_in_it(
    installation: Installation, alice: User, carol: User, client_of: ClientOf
) -> None:
    found = exported(client_of(carol))
    assert len(found["what_you_did"]) == TimelineEntry.objects.filter(actor_id=carol.pk).count() > 0
    assert "Alice" not in json.dumps(found)


def test_it_asks_for_a_fresh_sign_in(alice: User, northwind: Account, client_of: ClientOf) -> None:
    stale = client_of(alice, fresh=False)
    for asked in (stale.get(PAGE), stale.post(PAGE)):
        assert asked.headers["Location"] == f"/sign-in/again/?next={quote(PAGE, safe='')}"
    assert "this page exports the data we hold about you" in stale.get(asked.headers["Location"]).content.decode()
    assert stale.post(asked.headers["Location"], {"password": PASSWORD}).headers["Location"] == PAGE
    assert KeptPost.objects.count() == 0
    assert exported(stale)["person"][0]["e-mail"] == alice.email


def test_its_button_leads_back_to_it_where_the_sign_in_is_over(alice: User) -> None:
    """A file that comes from the page after the sign-in leaves its reader there, with nothing to go on with."""
    browser = browser_of(None)
    sign_in(browser, "/sign-in/", alice, PASSWORD)
    fields = form_at(browser, PAGE)
    end_sign_in(browser)
    door = browser.post(PAGE, fields).headers["Location"]
    assert (door, KeptPost.objects.count()) == (f"/sign-in/?next={PAGE}", 0)
    assert sign_in(browser, door, alice, PASSWORD).headers["Location"] == PAGE


def test_many_rows_are_read_a_few_at_a_time(alice: User, northwind: Account, client_of: ClientOf) -> None:
    browser = client_of(alice)
    exported(browser)
    with CaptureQueriesContext(connection) as few:
        exported(browser)
    facts = {"kind": "ACCOUNT_EDITED", "actor_id": alice.pk, "actor_name": "Alice", "side": "CUSTOMER"}
    TimelineEntry.objects.bulk_create(TimelineEntry(**facts) for _ in range(1_000))
    with CaptureQueriesContext(connection) as many:
        found = exported(browser)
    assert len(found["what_you_did"]) > 1_000
    assert len(many) - len(few) == 1_000 / own_data.ROWS_AT_ONCE
