"""My apps: what an account installed, its permanent token, and its end."""

from typing import Any

import pytest
from django.urls import reverse

from installs.exchange import authorization
from installs.exchange.wire import ExchangeRequest
from installs.installations import lifecycle, suspending
from installs.installations.views import my_apps
from installs.models import Installation, Session
from linnapp.models import Account, Application, TimelineEntry, User, Version
from linnapp.services import applications, versions
from linnapp.timeline import Side
from tests.kit.consenting import external, read, release
from tests.kit.people import ClientOf, acting

ACTIONS = ("installation_token_reveal", "installation_uninstall")


def page_of(installation: Installation, name: str = "installation_detail") -> str:
    return reverse(name, args=[installation.account.slug, installation.pk])


def token_of(installation: Installation) -> str:
    return lifecycle.current_token(installation).value()


def begin_session(installation: Installation, scope: str = "") -> None:
    secret = installation.application.secrets.get().value().replace("-", "")
    token = token_of(installation).replace("-", "")
    request = ExchangeRequest(installation.application_id.hex, secret, token, scope)
    authorization.authorize(request, address="192.0.2.7")


def told(installation: Installation) -> list[str]:
    return list(TimelineEntry.objects.about(installation.pk).order_by("id").values_list("kind", flat=True))


@pytest.fixture
def others(northwind: Account, cakes: Account, alice: User, carol: User) -> list[Installation]:
    """Three more installations, newest last."""
    made = []
    for name in ("Blue Market", "Order Board", "Parcel Sync"):
        application, _ = applications.create_application(
            account=northwind, name=name, kind=Application.Type.SYSTEM, by=acting(alice)
        )
        version = versions.create_version(
            application, number=(1, 0, 0), notes="", expected_revision=1, by=acting(alice)
        )
        made.append(lifecycle.install(application, account=cakes, version=version, by=acting(carol)).installation)
    return made


def names(answer: Any) -> list[str]:
    return [row.installation.application.name for row in answer.context["rows"]]


def test_the_list_tells_what_is_installed(
    client_of: ClientOf, installation: Installation, carol: User, alice: User
) -> None:
    release(installation.application, (1, 2, 0), external() | {"LinnworksPermissions": ["A.B.C"]}, alice)
    page = read(client_of(carol).get(reverse("my_apps", args=[installation.account.slug])))
    assert (
        "Stock Bridge Northwind 1.0.0 Active never just now Report the application Stock Bridge Update to 1.2.0" in page
    )


def test_the_list_is_searched_filtered_and_sorted(
    client_of: ClientOf, installation: Installation, others: list[Installation], carol: User, sam: User
) -> None:
    lifecycle.uninstall(others[0], by=acting(carol))
    suspending.suspend_by_staff(others[1], by=acting(sam, reason="Checked."))
    Installation.objects.filter(pk=others[2].pk).update(last_used_at=others[2].installed_at)
    client = client_of(carol)
    url = reverse("my_apps", args=[installation.account.slug])
    for query, expected in (
        ({}, ["Parcel Sync", "Order Board", "Blue Market", "Stock Bridge"]),
        ({"sort": "name"}, ["Blue Market", "Order Board", "Parcel Sync", "Stock Bridge"]),
        ({"q": "bridge"}, ["Stock Bridge"]),
        ({"q": "northwind", "state": "uninstalled"}, ["Blue Market"]),
        ({"state": "suspended"}, ["Order Board"]),
        ({"state": "active"}, ["Parcel Sync", "Stock Bridge"]),
        ({"q": "nothing of this"}, []),
    ):
        answer = client.get(url, query)
        assert answer.status_code == 200
        assert names(answer) == expected
    assert names(client.get(url, {"sort": "used"}))[0] == "Parcel Sync"


def test_the_list_goes_on_where_the_page_ended(
    client_of: ClientOf,
    installation: Installation,
    others: list[Installation],
    carol: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(my_apps, "PAGE_SIZE", 3)
    client = client_of(carol)
    for sort in my_apps.SORTS:
        first = client.get(reverse("my_apps", args=[installation.account.slug]), {"sort": sort})
        second = client.get(first.context["list"].next_url)
        assert len(names(first)) == len(others)
        assert sorted(names(first) + names(second)) == ["Blue Market", "Order Board", "Parcel Sync", "Stock Bridge"]


def test_an_empty_list_says_how_to_fill_it(client_of: ClientOf, cakes: Account, carol: User) -> None:
    page = read(client_of(carol).get(reverse("my_apps", args=[cakes.slug])))
    assert "To install one, go to the Store , or open the Installation URL that its developer gave you." in page
    assert "Are you building one yourself? Start under Applications" in page
    nothing = read(client_of(carol).get(reverse("my_apps", args=[cakes.slug]), {"q": "x"}))
    assert "No application matches." in nothing


def test_the_list_costs_few_queries(
    client_of: ClientOf,
    installation: Installation,
    others: list[Installation],
    carol: User,
    django_assert_max_num_queries: Any,
) -> None:
    client = client_of(carol)
    url = reverse("my_apps", args=[installation.account.slug])
    client.get(url)
    with django_assert_max_num_queries(9):
        assert len(names(client.get(url))) == 1 + len(others)


def test_strangers_find_nothing_whatever_the_method(
    client_of: ClientOf, installation: Installation, dave: User, depot: Account, alice: User
) -> None:
    before = told(installation)
    for user in (dave, alice):
        client = client_of(user, fresh=False)
        for name in ("installation_detail", *ACTIONS):
            for address in (
                page_of(installation, name),
                page_of(installation, name).replace(installation.account.slug, depot.slug),
            ):
                assert client.post(address).status_code in {404, 405}
                assert client.get(address).status_code in {404, 405}
        assert client.get(reverse("my_apps", args=[installation.account.slug])).status_code == 404
    assert told(installation) == before
    installation.refresh_from_db()
    assert installation.is_live


def test_anonymous_signs_in_first(client_of: ClientOf, installation: Installation) -> None:
    client = client_of(None)
    for name in ("installation_detail", *ACTIONS):
        assert client.post(page_of(installation, name)).headers["Location"].startswith("/sign-in/")
    installation.refresh_from_db()
    assert installation.is_live


def test_wrong_methods_are_refused(client_of: ClientOf, installation: Installation, carol: User) -> None:
    client = client_of(carol)
    assert client.get(page_of(installation, "installation_token_reveal")).status_code == 405
    assert client.post(page_of(installation)).status_code == 405
    assert client.put(page_of(installation, "installation_uninstall")).status_code == 405
    assert client.post(reverse("my_apps", args=[installation.account.slug])).status_code == 405


def test_the_page_of_an_installation_tells_its_facts(
    client_of: ClientOf, installation: Installation, carol: User
) -> None:
    begin_session(installation, scope="orders")
    page = read(client_of(carol).get(page_of(installation)))
    assert "Stock Bridge by Northwind · Active" in page
    assert "1.0.0 installed by Carol" in page
    assert "Sessions 1" in page
    assert "from 192.0.2.7, asked for: orders" in page
    assert "It can See and change everything on this account" in page
    assert token_of(installation) not in page


@pytest.mark.parametrize(
    ("contact", "href"),
    [
        ("help@northwind.example", "mailto:help@northwind.example"),
        ("https://northwind.example/help", "https://northwind.example/help"),
        ("https://northwind.example/@help", "https://northwind.example/@help"),
    ],
)
def test_the_support_contact_can_be_followed(
    client_of: ClientOf, installation: Installation, carol: User, contact: str, href: str
) -> None:
    Application.objects.filter(pk=installation.application_id).update(support_contact=contact)
    page = client_of(carol).get(page_of(installation)).content.decode()
    assert f'<a href="{href}" rel="noopener nofollow">{contact}</a>' in page


def test_the_customer_is_not_told_who_at_the_developers_did_what(
    client_of: ClientOf, installation: Installation, carol: User, alice: User, sam: User
) -> None:
    lifecycle.reveal_token(
        installation,
        by=acting(alice, Side.DEVELOPER),
    )
    suspending.suspend_by_staff(installation, by=acting(sam, reason="Asked to."))
    page = read(client_of(carol).get(page_of(installation)))
    assert "revealed to Northwind" in page
    assert "Installation suspended by Support “Asked to.”" in page
    assert "Alice" not in page
    assert "Sam" not in page


def test_the_permanent_token_is_revealed_on_record(
    client_of: ClientOf, installation: Installation, carol: User
) -> None:
    client = client_of(carol)
    answer = client.post(page_of(installation, "installation_token_reveal"))
    assert answer.headers["Location"] == f"{page_of(installation)}#permanent-token"
    page = client.get(answer.headers["Location"])
    assert token_of(installation) in read(page)
    assert "no-store" in page.headers["Cache-Control"]
    assert told(installation) == ["INSTALLED", "TOKEN_REVEALED"]
    assert token_of(installation) not in client_of(carol).get(page_of(installation)).content.decode()


def test_revealing_asks_for_a_fresh_sign_in(client_of: ClientOf, installation: Installation, carol: User) -> None:
    client = client_of(carol, fresh=False)
    answer = client.post(page_of(installation, "installation_token_reveal"))
    assert answer.headers["Location"].startswith("/sign-in/again/")
    assert told(installation) == ["INSTALLED"]


def test_a_developer_of_the_account_reads_and_is_told_who_acts(
    client_of: ClientOf, installation: Installation, eve: User
) -> None:
    client = client_of(eve)
    page = client.get(page_of(installation))
    assert page.status_code == 200
    assert (
        "Only an Owner of Carol's Cakes can reveal the permanent token, update, suspend or uninstall: ask Carol."
        in read(page)
    )
    assert '<form method="post" action="/a/' not in page.content.decode()
    for name in ACTIONS:
        assert client.post(page_of(installation, name)).status_code == 404
    assert told(installation) == ["INSTALLED"]


def test_a_developer_of_the_own_account_acts_on_it(
    client_of: ClientOf, application: Application, northwind: Account, bob: User
) -> None:
    development = application.versions.development()
    installation = lifecycle.install(application, account=northwind, version=development, by=acting(bob)).installation
    client = client_of(bob)
    assert "Development Version" in read(client.get(page_of(installation)))
    client.post(page_of(installation, "installation_token_reveal"))
    assert token_of(installation) in client.get(page_of(installation)).content.decode()
    assert TimelineEntry.objects.about(installation.pk).get(kind="TOKEN_REVEALED").side == "DEVELOPER"


def test_uninstalling_says_what_it_breaks_and_then_does(
    client_of: ClientOf, installation: Installation, carol: User
) -> None:
    begin_session(installation)
    begin_session(installation)
    client = client_of(carol)
    url = page_of(installation, "installation_uninstall")
    page = read(client.get(url))
    assert "2 sessions end at once." in page
    assert "Its permanent token will never work again." in page
    installation.refresh_from_db()
    assert installation.is_live
    answer = client.post(url, follow=True)
    assert "Stock Bridge is uninstalled from Carol's Cakes." in read(answer)
    installation.refresh_from_db()
    assert installation.state == Installation.State.UNINSTALLED
    assert Session.objects.live().count() == 0
    assert told(installation) == ["INSTALLED", "UNINSTALLED"]


def test_uninstalling_twice_changes_nothing_more(client_of: ClientOf, installation: Installation, carol: User) -> None:
    client = client_of(carol)
    url = page_of(installation, "installation_uninstall")
    client.post(url)
    assert "is uninstalled, and its permanent token stopped working then." in read(client.post(url, follow=True))
    assert client.get(url).headers["Location"] == page_of(installation)
    assert told(installation) == ["INSTALLED", "UNINSTALLED"]


def test_what_is_over_stays_readable_and_can_be_installed_again(
    client_of: ClientOf, installation: Installation, carol: User
) -> None:
    tail = lifecycle.current_token(installation).tail
    lifecycle.uninstall(installation, by=acting(carol))
    client = client_of(carol)
    page = client.get(page_of(installation))
    assert "Uninstalled by Carol" in read(page)
    assert "It stopped working when the application was uninstalled." in read(page)
    assert "Install the application again to get a new one." in read(page)
    assert f"…{tail}" not in read(page)
    assert reverse("authorize", args=[installation.application_id]) in page.content.decode()
    client.post(page_of(installation, "installation_token_reveal"))
    assert "its permanent token stopped working then" in read(client.get(page_of(installation)))
    assert told(installation) == ["INSTALLED", "UNINSTALLED"]


def test_a_page_of_an_installation_costs_few_queries(
    client_of: ClientOf, installation: Installation, version: Version, carol: User, django_assert_max_num_queries: Any
) -> None:
    client = client_of(carol)
    client.get(page_of(installation))
    with django_assert_max_num_queries(16):
        client.get(page_of(installation))
    assert version.label == "1.0.0"
