"""The table of names through every page that takes one, typed as people type it."""

from dataclasses import dataclass, field
from html import unescape
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import transaction
from django.test import Client

from installs.models import Connector
from linnapp.models import Account, Application, Invitation, User
from tests.house.crawl import Page
from tests.kit.connectors import FILLED
from tests.kit.people import PASSWORD, ClientOf
from tests.names.table import ACCEPTED, ADDRESSES, NAMES, Typed


@dataclass(frozen=True)
class Asked:
    """A page with a form, who fills it in, and where what is typed is stored."""

    page: str
    who: str
    name: str
    stored: tuple[Any, str]
    besides: dict[str, str] = field(default_factory=dict)


SIGN_UP = {"name": "Erin", "company": "Erin's", "email": "erin@example.com", "password1": "a long enough secret"}
WHY = {"why": "Ticket 4411"}
NAMING = {
    "sign-up, name": Asked("/sign-up/", "nobody", "name", (User, "name"), SIGN_UP),
    "sign-up, company": Asked("/sign-up/", "nobody", "company", (Account, "name"), SIGN_UP),
    "profile": Asked("/profile/", "alice", "name", (User, "name"), {"time_zone": "UTC"}),
    "new account": Asked("/accounts/new/", "alice", "name", (Account, "name")),
    "account": Asked("/a/northwind/settings/", "alice", "name", (Account, "name")),
    "new application": Asked(
        "/a/northwind/applications/new/", "alice", "name", (Application, "name"), {"type": "SYSTEM"}
    ),
    "application": Asked("/a/northwind/applications/{application}/general/", "alice", "name", (Application, "name")),
    "connector": Asked("/a/northwind/connectors/new/", "alice", "name", (Connector, "name"), FILLED),
    "admin, account": Asked("/admin/linnapp/account/{account}/change/", "paula", "name", (Account, "name"), WHY),
    "admin, new account": Asked(
        "/admin/linnapp/account/add/", "paula", "name", (Account, "name"), WHY | {"owner_email": "new@example.com"}
    ),
    "admin, person": Asked("/admin/linnapp/user/{person}/change/", "paula", "name", (User, "name"), WHY),
    "admin, application": Asked(
        "/admin/linnapp/application/{application}/change/", "paula", "name", (Application, "name"), WHY
    ),
}
ADDRESSING = {
    "sign-up": Asked("/sign-up/", "nobody", "email", (User, "email"), SIGN_UP),
    "invitation": Asked("/a/northwind/team/invite/", "alice", "email", (Invitation, "email"), {"role": "DEVELOPER"}),
    "contact of an account": Asked("/a/northwind/settings/", "alice", "contact_email", (Account, "contact_email")),
    "contact of an application": Asked(
        "/a/northwind/applications/{application}/general/", "alice", "support_contact", (Application, "support_contact")
    ),
    "admin, account": Asked(
        "/admin/linnapp/account/{account}/change/", "paula", "contact_email", (Account, "contact_email"), WHY
    ),
    "admin, new account": Asked(
        "/admin/linnapp/account/add/", "paula", "owner_email", (Account, "contact_email"), WHY | {"name": "New"}
    ),
    "admin, invitation": Asked(
        "/admin/linnapp/invitation/add/", "paula", "email", (Invitation, "email"), WHY | {"role": "DEVELOPER"}
    ),
}


@pytest.fixture
def keys(application: Application, northwind: Account, alice: User, paula: User) -> dict[str, Any]:
    return {"application": application.pk, "account": northwind.pk, "person": alice.pk}


def send(client: Client, asked: Asked, keys: dict[str, Any], typed: str) -> Any:
    page = asked.page.format(**keys)
    forms = [form for form in Page(client.get(page).content.decode(), page).forms if asked.name in form.fields]
    assert len(forms) == 1, page
    account = {"account": str(keys["account"])} if "invitation/add" in page else {}
    return client.post(forms[0].action, forms[0].fields | account | asked.besides | {asked.name: typed})


def fault(client: Client, asked: Asked, keys: dict[str, Any], row: Typed) -> str:
    """What is wrong with what a page made of what was typed; it is taken back."""
    model, column = asked.stored
    with transaction.atomic():
        before = set(model.objects.values_list(column, flat=True))
        answer = send(client, asked, keys, row.name)
        new = set(model.objects.values_list(column, flat=True)) - before
        transaction.set_rollback(True)
    said = unescape("" if answer.streaming else answer.content.decode())
    if row.stored:
        stored = row.stored.lower() if asked.name == "email" else row.stored
        return "" if answer.status_code == 302 and stored in new else f"{answer.status_code}, stored {new}"
    # A contact may be a page as well: what neither can hold is told first.
    told = (row.told, "cannot be in an address", "An address must be one line") if "contact" in column else (row.told,)
    is_told = answer.status_code in {200, 422} and any(words in said for words in told) and not new
    return "" if is_told and row.name.strip()[:4] in said else f"{answer.status_code}, stored {new}"


def as_typed(rows: list[Typed]) -> list[Typed]:
    """No browser sends half of a character, nor anything around it."""
    return [row for row in rows if "\ud800" not in row.name]


@pytest.mark.once
@pytest.mark.parametrize("form", NAMING)
def test_a_name_is_stored_in_one_spelling_or_refused_and_kept(
    form: str, keys: dict[str, Any], client_of: ClientOf, alice: User, paula: User
) -> None:
    asked = NAMING[form]
    client = client_of({"alice": alice, "paula": paula, "nobody": None}[asked.who])
    faults = {row.what: fault(client, asked, keys, row) for row in as_typed(NAMES)}
    assert {what: said for what, said in faults.items() if said} == {}


@pytest.mark.once
@pytest.mark.parametrize("form", NAMING)
def test_a_name_that_composing_makes_too_long_is_refused_and_kept(
    form: str, keys: dict[str, Any], client_of: ClientOf, alice: User, paula: User
) -> None:
    asked = NAMING[form]
    client = client_of({"alice": alice, "paula": paula, "nobody": None}[asked.who])
    model, column = asked.stored
    typed = "\u0958" * model._meta.get_field(column).max_length
    answer = send(client, asked, keys, typed)
    assert answer.status_code in {200, 422}
    assert f"at most {len(typed)} characters" in answer.content.decode()
    assert typed in answer.content.decode()


@pytest.mark.once
@pytest.mark.parametrize("form", ADDRESSING)
def test_an_address_is_stored_as_mail_is_sent_to_it_or_refused_and_kept(
    form: str, keys: dict[str, Any], client_of: ClientOf, alice: User, paula: User
) -> None:
    asked = ADDRESSING[form]
    client = client_of({"alice": alice, "paula": paula, "nobody": None}[asked.who])
    faults = {row.what: fault(client, asked, keys, row) for row in ADDRESSES}
    assert {what: said for what, said in faults.items() if said} == {}


def test_whoever_signed_up_with_an_idn_signs_in_resets_and_changes_to_it(client: Client, alice: User) -> None:
    """By the name that they know it by."""
    typed, written = "erin@b\u00fccher.example", "erin@xn--bcher-kva.example"
    client.post("/sign-up/", SIGN_UP | {"email": typed})
    assert mail.outbox[-1].to == [written]
    assert EmailAddress.objects.filter(email=written, user__email=written).update(verified=True)
    again = Client()
    assert again.post("/sign-in/", {"login": typed, "password": SIGN_UP["password1"]}).status_code == 302
    Client().post("/password/", {"email": typed})
    assert mail.outbox[-1].to == [written]
    alices = Client()
    alices.post("/sign-in/", {"login": alice.email, "password": PASSWORD})
    alices.post("/profile/e-mail/", {"email": typed.replace("erin", "alice"), "action_add": ""})
    assert mail.outbox[-1].to == [written.replace("erin", "alice")]


def test_each_accepted_name_is_a_subject_and_a_text_that_can_be_sent(
    northwind: Account, alice: User, client_of: ClientOf
) -> None:
    client = client_of(alice)
    for row in ACCEPTED:
        Account.objects.filter(pk=northwind.pk).update(name=row.stored)
        User.objects.filter(pk=alice.pk).update(name=row.stored)
        with transaction.atomic():
            client.post("/a/northwind/team/invite/", {"email": "eve@example.com", "role": "DEVELOPER"})
            transaction.set_rollback(True)
        assert mail.outbox[-1].message().as_bytes()
        assert row.stored in mail.outbox[-1].subject
