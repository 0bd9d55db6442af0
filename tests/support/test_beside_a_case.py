"""What stands beside a case, and on a case of help: connectors of the account, ways to account and application."""

from html import unescape

import pytest
from django.test import Client

from installs.exchange import ledger
from installs.help import asking
from installs.models import Connector, HelpCase, Installation
from linnapp.models import Account, User
from tests.exchange.test_explanations import reference_of
from tests.kit.connectors import connector
from tests.kit.exchanging import WRONG, post
from tests.kit.people import ClientOf, acting
from tests.support.test_acts_of_support import case_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_noted")]


def read(client: Client, address: str) -> str:
    return unescape(client.get(address).content.decode())


def test_connectors_of_the_account_stand_beside_the_case_without_a_way_to_them(
    console: Client, installation: Installation, carol: User, dave: User, depot: Account
) -> None:
    """The one that sends its Application ID first, then the newest; none of another account."""
    its = str(installation.application_id).upper()
    connector(installation.account, "https://shop.example", carol, name="Its client", application_id=its)
    for number in range(6):
        connector(installation.account, f"https://{number}.example", carol, name=f"Number {number}")
    connector(depot, "https://depot.example", dave, name="Elsewhere")
    Connector.objects.filter(name="Its client").update(state="FAILING", last_error="It answered 502.")
    page = read(console, case_of(installation))
    beside = page.partition("<h2>Connectors</h2>")[2].partition("</article>")[0]
    shown = [name for name in ("Its client", *(f"Number {number}" for number in range(6))) if name in beside]
    assert shown == ["Its client", "Number 2", "Number 3", "Number 4", "Number 5"]
    assert beside.index("Its client") < beside.index("Number 5") < beside.index("Number 2")
    assert "Sends the Application ID of Stock Bridge, to shop.example" in beside
    assert "It answered 502." in beside
    assert "Failing" in beside
    assert "href" not in beside
    assert "Elsewhere" not in page


def test_a_case_of_help_leads_to_account_and_application_and_looks_with_a_reason(
    console: Client, installation: Installation, carol: User, right: dict[str, str]
) -> None:
    reference = reference_of(post(right | {"Token": WRONG}))
    ledger.flush()
    account, application = installation.account, installation.application
    case = asking.ask(
        account, sentence="Nothing comes.", reference=reference, installation=installation, by=acting(carol)
    )
    page = read(console, f"/support/cases/{case.pk}/")
    assert page.count(f'href="/support/applications/{application.pk}/"') == 2
    assert f'href="/support/accounts/{account.pk}/"' in page
    pages = (
        (page, f"Support for Stock Bridge, reference {reference}"),
        (read(console, f"/support/accounts/{account.pk}/"), "Support for Carol's Cakes"),
        (read(console, f"/support/applications/{application.pk}/"), "Support for Stock Bridge"),
    )
    for shown, reason in pages:
        [link] = [part.partition('"')[0] for part in shown.split('href="') if part.startswith("/inside/")]
        assert f"{reason}</textarea>" in read(console, link)


def test_a_reference_of_anothers_names_nobody_in_the_reason(
    console: Client, client_of: ClientOf, installation: Installation, dave: User, depot: Account, right: dict[str, str]
) -> None:
    """The Owners read it, who may not know whose it is."""
    reference = reference_of(post(right | {"ApplicationSecret": WRONG}))
    ledger.flush()
    asking.ask(depot, sentence="What is this?", reference=reference, by=acting(dave))
    page = read(console, f"/support/cases/{HelpCase.objects.get().pk}/")
    [link] = [part.partition('"')[0] for part in page.split('href="') if part.startswith("/inside/")]
    assert f"Support for Dave's Depot, reference {reference}</textarea>" in read(console, link)
