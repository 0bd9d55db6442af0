"""Marked secrets and marked words are planted, the main journeys driven, and everything that was written is searched.

Secrets stand in the encrypted columns alone. The words that are organisational only (Summary, Group, Module Name,
Formatted Name) are on no page, in no answer, mail or log for anybody but the application's own team.
"""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from installs.connectors import making
from installs.connectors.reading import Authorised
from installs.connectors.sessions import RowSessions
from installs.exchange import ledger
from installs.help import asking
from installs.installations import lifecycle, moving
from installs.models import Connector, HelpCase, Installation
from installs.store import listings
from installs.support import messages
from installs.support.acts import Act
from linnapp import credentials
from linnapp.manifest import Manifest, ManifestModule
from linnapp.models import Account, Application, User, Version
from linnapp.services import applications, manifests, versions
from tests.kit.engines import tables_with_rows
from tests.kit.people import ClientOf, acting

pytestmark = pytest.mark.once
AUTHORIZE = "/api/Auth/AuthorizeByApplication"
MARKERS = {
    "summary": "marker-summary-41ba",
    "group": "marker-group-52cb",
    "name": "marker-name-63dc",
    "formatted_name": "marker-formatted-74ed",
}
ENCRYPTED = {
    ("linnapp_secret", "encrypted"),
    ("installs_permanenttoken", "encrypted"),
    ("installs_connector", "application_secret_encrypted"),
    ("installs_connector", "token_encrypted"),
    ("installs_connector", "session_encrypted"),
}
MOVING_PAGES = ("installation_update", "installation_go_back")
# Every member of an object's address that a page of the URL conf asks for.
Arguments = dict[str, Any]


@dataclass(frozen=True)
class Planted:
    installation: Installation
    secret: str
    permanent_token: str
    session_token: str

    @property
    def values(self) -> list[str]:
        spelled = [self.secret, self.permanent_token, self.session_token]
        return spelled + [value.replace("-", "") for value in spelled]


def describe(application: Application, alice: User) -> None:
    applications.edit_application(
        application,
        by=acting(alice),
        summary=MARKERS["summary"],
        description="What everybody reads.",
        support_contact="",
    )


def released(application: Application, number: tuple[int, int, int], by: User) -> Version:
    """Each version has a module more, and another folder and other names for those before, each of them marked."""
    modules = (
        ManifestModule(
            key=f"{place:032x}",
            group=f"{MARKERS['group']} {number}",
            name=f"{MARKERS['name']} {number} {place}",
            formatted_name=f"{MARKERS['formatted_name']} {number} {place}",
            type="ExternalUserInterface",
        )
        for place in range(number[1], -1, -1)
    )
    row = Application.objects.get(pk=application.pk)
    saved = manifests.save_manifest(
        row, Manifest(modules=tuple(modules)), expected_revision=row.manifest_revision, by=acting(by)
    )
    return versions.create_version(
        saved, number=number, notes="Notes.", expected_revision=saved.manifest_revision, by=acting(by)
    )


def exchanged(installation: Installation) -> Planted:
    """Exchanges, calls, and gets refused, as clients do."""
    secret = installation.application.secrets.get().value()
    token = lifecycle.current_token(installation).value()
    members = {"ApplicationId": str(installation.application_id), "ApplicationSecret": secret, "Token": token}
    answer = Client().post(AUTHORIZE, json.dumps(members), content_type="application/json")
    session = answer.json()["Token"]
    assert not any(marker in answer.content.decode() for marker in MARKERS.values())
    Client().get("/api/Inventory/GetStockLocations", headers={"Authorization": session})
    for wrong in ({"Token": session}, {"Token": secret}, {"ApplicationId": token}, {"ApplicationSecret": session}):
        refused = Client().post(AUTHORIZE, json.dumps(members | wrong), content_type="application/json")
        assert refused.status_code == 400
        assert not any(value in refused.content.decode() for value in (secret, token, session))
    Client().get(AUTHORIZE, members)
    ledger.flush()
    return Planted(installation, secret, token, session)


@pytest.fixture
def planted(
    application: Application, northwind: Account, cakes: Account, alice: User, carol: User, paula: User, caplog: Any
) -> Planted:
    caplog.set_level(logging.DEBUG)
    ledger.take()
    describe(application, alice)
    first = released(application, (1, 0, 0), alice)
    row = Application.objects.get(pk=application.pk)
    installation = lifecycle.install(row, account=cakes, version=first, by=acting(carol)).installation
    # In the store, with an update that waits and a way back: each has a page.
    moving.update(installation, to=released(application, (1, 1, 0), alice), by=acting(carol))
    released(application, (1, 2, 0), alice)
    listings.accept(row, by=acting(paula, reason="Good."))
    found = exchanged(Installation.objects.with_its_facts().get(pk=installation.pk))
    connect(found, cakes, carol)
    ask_for_help(found, cakes, carol, paula)
    return found


def connect(planted: Planted, account: Account, by: User) -> None:
    """A connector with the same credentials, and a session of it."""
    values = making.Values(
        name="Warehouse",
        base_url="https://api.example.com",
        scope="all",
        token=planted.permanent_token,
        application_id=str(planted.installation.application_id),
        application_secret=planted.secret,
        grant_type=making.GRANT_TYPE,
        token_key=making.TOKEN_KEY,
    )
    made = making.make(account, values, by=acting(by))
    RowSessions(made).put(0, Authorised(planted.session_token, 1800))


def ask_for_help(planted: Planted, account: Account, carol: User, paula: User) -> None:
    """Somebody pastes what they have, and support writes to the developer."""
    said = f"It does not work with {planted.permanent_token} and {planted.secret.upper()}: {planted.session_token}"
    asking.ask(
        account, sentence=said, reference=planted.session_token, installation=planted.installation, by=acting(carol)
    )
    by = acting(paula, reason="Which secret is it?")
    messages.write(planted.installation, Act.TELL_DEVELOPER, subject="It does not work", by=by)


def patterns(resolver: URLResolver) -> Iterator[str]:
    for found in resolver.url_patterns:
        if isinstance(found, URLResolver) and found.namespace is None:
            yield from patterns(found)
        elif isinstance(found, URLPattern) and found.name:
            yield found.name


def addresses(planted: Planted, account: Account) -> Iterator[str]:
    """Every page of the URL conf about the planted application, as `account` would address it."""
    application = planted.installation.application
    every: Arguments = {
        "account": account.slug,
        "application": application.pk,
        "installation": planted.installation.pk,
        "version": planted.installation.version_id,
        "secret": application.secrets.get().pk,
        "connector": Connector.objects.get().pk,
        "case": HelpCase.objects.get().pk,
        "act": Act.ROTATE,
        "account_key": account.pk,
        "kind": "installation",
        "subject": planted.installation.pk,
        "place": 0,
        "document": "exchange",
    }
    for name in dict.fromkeys(patterns(get_resolver())):
        for arguments in _of(name, every):
            yield reverse(name, kwargs=arguments)
    yield f"/Authorization/Authorize/{application.pk}"


def _of(name: str, every: Arguments) -> Iterator[Arguments]:
    """The arguments that a page takes, of those there are; nothing for a page about something else."""
    for rows, *_ in get_resolver().reverse_dict.getlist(name):
        for _, parameters in rows:
            if set(parameters) <= every.keys():
                yield {parameter: every[parameter] for parameter in parameters}


def texts_of(client: Client, planted: Planted, account: Account) -> Iterator[tuple[str, str]]:
    """What each page says, as a page and as CSV, and what a search finds."""
    for address in addresses(planted, account):
        for response in (client.get(address), *(client.get(address, {"format": kind}) for kind in ("csv", "json"))):
            yield address, text_of(response)
    for address in (reverse("search"), reverse("support_search")):
        # A page repeats what was searched for: the beginning of a marker would find it, and is none.
        for words in (planted.installation.application.name, *(marker[:-5] for marker in MARKERS.values())):
            yield address, text_of(client.post(address, {"q": words}))


def text_of(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return str(content.decode(errors="replace"))


def tables() -> Iterator[tuple[str, str, str]]:
    """Every value of the database as text, with its table and column. Sessions of people are read as what they say."""
    with connection.cursor() as cursor:
        for table in tables_with_rows():
            cursor.execute(f'SELECT * FROM "{table}"')
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                yield from ((table, column, str(value)) for column, value in zip(columns, row, strict=True))
    for session in Session.objects.all():
        yield Session._meta.db_table, "session_data", str(session.get_decoded())


def test_secrets_stand_in_the_encrypted_columns_alone(planted: Planted) -> None:
    found = {(table, column) for table, column, text in tables() for value in planted.values if value in text}
    assert found == set()
    rows = [row for row in tables() if row[:2] in ENCRYPTED]
    kept = {(table, column): credentials.decrypt(text) for table, column, text in rows}
    assert kept == {
        ("linnapp_secret", "encrypted"): planted.secret,
        ("installs_permanenttoken", "encrypted"): planted.permanent_token,
        ("installs_connector", "application_secret_encrypted"): planted.secret,
        ("installs_connector", "token_encrypted"): planted.permanent_token,
        ("installs_connector", "session_encrypted"): planted.session_token,
    }


def test_a_revealed_value_is_written_nowhere(planted: Planted, client_of: ClientOf, alice: User, carol: User) -> None:
    application, installation = planted.installation.application, planted.installation
    by_alice, by_carol = client_of(alice), client_of(carol)
    general = reverse("application_general", args=["northwind", application.pk])
    by_alice.post(reverse("secret_reveal", args=["northwind", application.pk, application.secrets.get().pk]))
    packed = {"Accept-Encoding": "gzip"}
    secret_page = by_alice.get(general, headers=packed)
    assert planted.secret in text_of(secret_page)
    detail = reverse("installation_detail", args=[installation.account.slug, installation.pk])
    by_carol.post(reverse("installation_token_reveal", args=[installation.account.slug, installation.pk]))
    token_page = by_carol.get(detail, headers=packed)
    assert planted.permanent_token in text_of(token_page)
    # The length of a compressed page may tell of what is in it.
    assert not any("Content-Encoding" in page.headers for page in (secret_page, token_page))
    found = {(table, column) for table, column, text in tables() for value in planted.values if value in text}
    assert found == set()


@pytest.mark.parametrize("name", ["carol", "dave", "sam", None])
def test_no_page_of_anybody_else_holds_a_marker_or_a_secret(
    planted: Planted, client_of: ClientOf, request: pytest.FixtureRequest, name: str | None, depot: Account, caplog: Any
) -> None:
    client = client_of(request.getfixturevalue(name) if name else None)
    northwind = planted.installation.application.account
    forbidden = [*MARKERS.values(), *planted.values]
    accounts = (northwind, planted.installation.account, depot)
    pages = [page for account in accounts for page in texts_of(client, planted, account)]
    assert len(pages) > 100
    if name == "carol":
        own = {reverse(page, args=["carols-cakes", planted.installation.pk]) for page in MOVING_PAGES}
        assert {address for address, text in pages if "What differs" in text} == own
    assert {(address, word) for address, text in pages for word in forbidden if word in text} == set()
    assert [word for word in forbidden if word in caplog.text] == []


def test_the_team_reads_the_markers(planted: Planted, client_of: ClientOf, alice: User) -> None:
    """What the search above looks for is there to be found."""
    northwind = planted.installation.application.account
    everything = "".join(text for _, text in texts_of(client_of(alice), planted, northwind))
    assert [marker for marker in MARKERS.values() if marker not in everything] == []
    assert [value for value in planted.values if value in everything] == []


def test_logs_and_mails_hold_neither(planted: Planted, client_of: ClientOf, alice: User, caplog: Any) -> None:
    northwind = planted.installation.application.account
    client_of(alice).post(
        reverse("invitation_create", args=[northwind.slug]), {"email": "new@northwind.example", "role": "DEVELOPER"}
    )
    Client().post(reverse("account_reset_password"), {"email": alice.email})
    written = caplog.text + "".join(f"{message.subject}{message.body}" for message in mail.outbox)
    assert [word for word in (*MARKERS.values(), *planted.values) if word in written] == []
