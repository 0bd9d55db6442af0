"""The documents inside the portal: open to everybody, with the reader's own ids in them and nobody else's, and with no
link that leads nowhere."""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from installs.documentation.documents import DOCUMENTS
from installs.models import Installation
from linnapp.models import Account, Application, User
from linnapp.services import applications, people
from tests.kit.people import ClientOf, acting

pytestmark = pytest.mark.django_db
READERS = ("nobody", "alice", "carol")
WITH_IDS = ("first-call", "exchange")
NOT_MADE = "YOUR_APPLICATION_ID"
UNFILLED = re.compile(r"\{\{|\}\}|%7B|\"portal:")
LINK = re.compile(r'<a [^>]*?href="([^"]+)"')


@pytest.fixture
def readers(
    client_of: ClientOf, alice: User, carol: User, installation: Installation, application: Application
) -> Mapping[str, Client]:
    """Signed out; with an application; with an account on which it is installed."""
    return {"nobody": Client(), "alice": client_of(alice), "carol": client_of(carol)}


def page_of(client: Client, slug: str, query: str = "") -> str:
    answer = client.get(reverse("document", args=[slug]) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def main_of(page: str) -> str:
    return page.partition('<main id="main"')[2].partition("</main>")[0]


def made(account: Account, by: User, name: str) -> Application:
    return applications.create_application(account=account, name=name, kind=Application.Type.SYSTEM, by=acting(by))[0]


@pytest.mark.parametrize("reader", READERS)
def test_every_document_is_whole_for_every_reader(reader: str, readers: Mapping[str, Client]) -> None:
    index = main_of(readers[reader].get(reverse("documentation")).content.decode())
    for document in DOCUMENTS:
        page = main_of(page_of(readers[reader], document.slug))
        assert f"<h1>{document.title}</h1>" in page
        assert not UNFILLED.search(page), document.slug
        assert (NOT_MADE in page) == (document.slug in WITH_IDS and reader != "alice"), document.slug
        assert f'href="{reverse("document", args=[document.slug])}">{document.title}</a>' in index


def test_the_examples_have_the_readers_own_ids(
    readers: Mapping[str, Client], application: Application, installation: Installation
) -> None:
    for slug in WITH_IDS:
        page = page_of(readers["alice"], slug)
        assert f"ApplicationId={application.pk} " in page
        assert "YOUR_APPLICATION_SECRET" in page
        assert "YOUR_PERMANENT_TOKEN" in page
    assert f"http://localhost:8000/Authorization/Authorize/{application.pk}" in page_of(readers["alice"], "first-call")
    general = reverse("application_general", args=["northwind", application.pk])
    assert f'href="{general}">General</a>' in page_of(readers["alice"], "exchange")
    # Stock Bridge is installed on her account, and is not hers.
    everything = "".join(page_of(readers["carol"], document.slug) for document in DOCUMENTS)
    assert str(application.pk) not in everything
    assert "<a>" not in everything


def test_no_document_has_a_secret_or_a_token(
    readers: Mapping[str, Client], application: Application, installation: Installation
) -> None:
    secret = application.secrets.get().value()
    token = installation.permanent_tokens.get().value()
    for reader in READERS:
        for document in DOCUMENTS:
            page = page_of(readers[reader], document.slug)
            assert secret not in page
            assert token not in page


def test_another_of_the_account_is_chosen_and_nobody_elses(
    readers: Mapping[str, Client], application: Application, northwind: Account, alice: User, dave: User, depot: Account
) -> None:
    newer, foreign = made(northwind, alice, "Order <Board>"), made(depot, dave, "Depot Link")
    assert f"ApplicationId={newer.pk}" in page_of(readers["alice"], "exchange")
    chosen = page_of(readers["alice"], "exchange", f"?application={application.pk}")
    assert f"ApplicationId={application.pk}" in chosen
    assert f"ApplicationId={newer.pk}" not in chosen
    assert "Order &lt;Board&gt;" in chosen
    plain = main_of(page_of(readers["alice"], "exchange"))
    for other in (foreign.pk, "00000000-0000-4000-8000-000000000000", "not-an-id", "'; --"):
        assert main_of(page_of(readers["alice"], "exchange", f"?application={other}")) == plain
    for reader in ("nobody", "carol"):
        page = page_of(readers[reader], "exchange", f"?application={application.pk}")
        assert f"ApplicationId={NOT_MADE} " in page


def test_an_account_that_asks_for_a_second_factor_shows_nothing_without_one(
    client_of: ClientOf, application: Application, northwind: Account, bob: User
) -> None:
    assert str(application.pk) in page_of(client_of(bob), "exchange")
    Account.objects.filter(pk=northwind.pk).update(members_need_factor=True)
    page = page_of(client_of(bob), "exchange")
    assert str(application.pk) not in page
    assert NOT_MADE in page


def test_a_retired_application_is_in_no_example(client_of: ClientOf, application: Application, alice: User) -> None:
    Application.objects.filter(pk=application.pk).update(retired_at=application.created_at)
    assert NOT_MADE in page_of(client_of(alice), "exchange", f"?application={application.pk}")


@pytest.mark.parametrize("reader", READERS)
def test_no_link_is_dead(reader: str, readers: Mapping[str, Client]) -> None:
    client, pages = readers[reader], dict[str, str]()
    followed = 0
    for document in DOCUMENTS:
        here = reverse("document", args=[document.slug])
        for link in links_of(page_of(client, document.slug)):
            address, anchor = urlsplit(link)._replace(fragment="").geturl() or here, urlsplit(link).fragment
            if address.startswith("https://"):
                continue
            if address not in pages:
                answer = client.get(address, follow=True)
                assert answer.status_code == 200, f"{document.slug}: {link}"
                pages[address] = answer.content.decode()
                followed += 1
            assert not anchor or f'id="{anchor}"' in pages[address], f"{document.slug}: {link}"
    assert followed > len(DOCUMENTS)


def links_of(page: str) -> Iterator[str]:
    return (unescape(link) for link in LINK.findall(main_of(page)))


def test_the_way_there(readers: Mapping[str, Client], cakes: Account) -> None:
    """From the rail, of whoever reads; the cases of an account keep their address, and are a part of Help."""
    here = f'href="{reverse("documentation")}"'
    for client in readers.values():
        assert re.search(rf"{here}[^>]* aria-current=\"page\">.*?<span>Help</span>", page_of(client, "exchange"))
    cases = reverse("help_cases", args=[cakes.slug])
    assert f'href="{cases}"' in main_of(readers["carol"].get("/docs/").content.decode())
    assert re.search(rf"{here}[^>]* aria-current=\"page\"", readers["carol"].get(cases).content.decode())
    assert f"{reverse('account_login')}?next=%2Fdocs%2Fexchange%2F" in page_of(readers["nobody"], "exchange")


def test_the_search_finds_documents_by_their_title(readers: Mapping[str, Client]) -> None:
    def found(text: str) -> list[str]:
        answer = readers["carol"].post(reverse("search"), {"q": text})
        return re.findall(r'href="/docs/([\w-]+)/"', answer.content.decode())

    assert found("POSTBACKS") == ["postbacks"]
    assert found("a permanent token") == ["exchange"]
    assert found("pe") == []


def test_who_only_installs_reads_that_first(readers: Mapping[str, Client]) -> None:
    for reader, first in (("nobody", "first-call"), ("alice", "first-call"), ("carol", "installing")):
        index = main_of(readers[reader].get(reverse("documentation")).content.decode())
        assert re.findall(r'href="/docs/([\w-]+)/"', index)[0] == first


def test_a_person_without_an_account_reads_them_too(client_of: ClientOf, sam: User, eve: User) -> None:
    for person in (sam, eve):
        assert NOT_MADE in page_of(client_of(person), "exchange")


@pytest.fixture
def eve(alice: User) -> User:
    """An Owner who has made nothing yet."""
    user = User.objects.create_user("eve@example.com", "correct horse battery", name="Eve")
    people.create_account(name="Eve's Eggs", owner=user)
    return user


def test_other_methods_and_other_documents() -> None:
    client = Client()
    assert client.get("/docs/nothing/").status_code == 404
    assert client.get("/docs/..%2f..%2f.env/").status_code == 404
    assert client.post("/docs/exchange/").status_code == 405
    assert client.head("/docs/exchange/").status_code == 200
