"""What the console finds in what a customer sends, and what it says where it finds nothing."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from installs.models import Installation, RefusalGroup, Session
from installs.models import sessions as session_rows
from installs.support.pasted import read
from linnapp import credentials
from linnapp.models import Account, Application, User
from tests.admin.test_admin import make_session
from tests.kit.people import ClientOf
from tests.support.test_support import SUPPORT, case_of, refuse, search

pytestmark = pytest.mark.django_db
ID = "8f2c0d7a-1111-4222-8333-9444555591d4"


@pytest.fixture
def console(sam: User, client_of: ClientOf) -> Client:
    return client_of(sam)


# What is read out of a text.


@pytest.mark.parametrize(
    "text",
    [
        ID,
        ID.upper(),
        ID.replace("-", ""),
        f"{{{ID}}}",
        f"urn:uuid:{ID}",
        f"https://hooks.example.com/in?token={ID}&tracking=7",
        f'{{"Token": "{ID}", "Message": "no"}}',
        f"Dear support,\r\n\r\nAuthorization: {ID}\r\nthanks",
    ],
)
def test_an_id_is_read_in_any_spelling(text: str) -> None:
    assert read(text).ids == (UUID(ID),)
    assert read(text).words == ()


@pytest.mark.parametrize(
    ("text", "emails", "addresses", "references"),
    [
        ("mail Carol@Cakes.example.", ("carol@cakes.example",), (), ()),
        ("<carol@cakes.example>, or bob@x.example!", ("carol@cakes.example", "bob@x.example"), (), ()),
        ("erin@B\u00fccher.example wrote", ("erin@xn--bcher-kva.example",), (), ()),
        ("from 192.0.2.7:443", (), ("192.0.2.7",), ()),
        ("[2001:DB8::7] said no", (), ("2001:db8::7",), ()),
        ("at 11:30:15 with 1.2.3 and 300.1.1.1", (), (), ()),
        ("version 1.2.3.4.5", (), (), ()),
        ("Reference 0123456789ABCDEF.", (), (), ("0123456789abcdef",)),
        ("x0123456789abcdef0", (), (), ()),
        (f"{ID} 0123456789abcdef", (), (), ("0123456789abcdef",)),
        ("", (), (), ()),
    ],
)
def test_what_stands_in_a_message_is_read(
    text: str, emails: tuple[str, ...], addresses: tuple[str, ...], references: tuple[str, ...]
) -> None:
    found = read(text)
    assert (found.emails, found.addresses, found.references) == (emails, addresses, references)


# What it leads to.


def test_a_reference_goes_before_an_application_id_in_the_same_message(
    console: Client, installation: Installation
) -> None:
    refuse(installation, "0123456789abcdef")
    message = f'{{"ApplicationId": "{installation.application_id}"}}\n-> "Refused. Reference 0123456789abcdef"'
    assert search(console, message) == f"{case_of(installation)}?reference=0123456789abcdef"
    assert f"Installations of {installation.application.name}" in search(console, str(installation.application_id))


def test_an_e_mail_in_a_message_leads_to_person_account_and_installation(
    console: Client, installation: Installation, carol: User
) -> None:
    page = search(console, "Hello,\nit does not work.\nYours, Carol <CAROL@CarolsCakes.example>, 11:30")
    assert f'href="{case_of(installation)}"' in page
    assert carol.email in page
    assert "Somebody" not in page


def test_a_part_of_a_name_or_mail_finds_people(console: Client, installation: Installation, bob: User) -> None:
    for text in ("BÓB", "bob@north", "ob@"):
        assert bob.email in search(console, text), text


def test_an_address_leads_to_who_was_refused_and_who_connects(
    console: Client, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(None, "0123456789abcdef", "UNPROVEN", 3)
    session = make_session(installation)
    Session.objects.update(address="198.51.100.9")
    page = search(console, "calls come from 192.0.2.7")
    assert "Application ID, Application Secret or token is wrong" in page
    assert "3 times" in page
    assert f'href="{case_of(installation)}"' in search(console, "198.51.100.9:52110")
    assert "Nothing found" in search(console, "198.51.100.10")
    monkeypatch.setattr(session_rows, "LATEST", 0)
    assert "Nothing found" in search(console, "198.51.100.9")
    assert session.pk
    refuse(installation, "fedcba9876543210")
    RefusalGroup.objects.update(hour=timezone.now() - timedelta(hours=3))
    assert f'href="{case_of(installation)}"' in search(console, "192.0.2.7")


def test_no_hit_says_what_was_looked_for_and_shows_no_token(console: Client, northwind: Account) -> None:
    page = search(console, f"token {ID}, reference 0123456789abcdef, from 192.0.2.8, a@b.example")
    for said in ("…91d4 as the id of", "0123456789abcdef as the reference", "192.0.2.8 as the address", "a@b.example"):
        assert said in page
    assert ID not in page
    assert ID.replace("-", "") not in page
    page = search(console, "nobody of this name")
    assert "“nobody of this name” in the names of companies" in page
    assert "there is none" in search(console, "It does not work. " * 20)


def test_an_installation_of_many_is_found_among_the_newest(
    console: Client, application: Application, installation: Installation
) -> None:
    accounts = Account.objects.bulk_create(
        Account(name=f"Sölde {n}", slug=f"solde-{n}", contact_email="c@x.example") for n in range(25)
    )
    Installation.objects.bulk_create(
        Installation(application=application, account=account, version=installation.version) for account in accounts
    )
    page = search(console, "solde")
    assert page.count("/support/installations/") == 20
    assert "These are the first 20. To narrow the search, use an id or a longer name." in page
    assert search(console, credentials.new_credential()).count("/support/installations/") == 0
    assert console.post(SUPPORT, {"q": "x" * 10_001}).status_code == 422
