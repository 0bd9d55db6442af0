"""The console's pages of an application and of an account."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from installs.exchange import ledger
from installs.installations import lifecycle
from installs.models import Installation
from linnapp.models import Account, Application, TimelineEntry, User
from tests.kit.exchanging import WRONG, members_of, post
from tests.kit.people import ClientOf, acting

pytestmark = pytest.mark.django_db


@pytest.fixture
def console(sam: User, client_of: ClientOf) -> Client:
    return client_of(sam)


def page_of(subject: Application | Account) -> str:
    kind = "applications" if isinstance(subject, Application) else "accounts"
    return f"/support/{kind}/{subject.pk}/"


def read(client: Client, address: str, **asked: str) -> str:
    ledger.flush()
    answer = client.get(address, asked)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_search_leads_to_both(console: Client, installation: Installation) -> None:
    application = installation.application
    for text in ("Stock Br", str(application.pk)):
        assert f'href="{page_of(application)}"' in console.post("/support/", {"q": text}).content.decode()
    for text, account in (("Carol", installation.account), (str(application.account_id), application.account)):
        assert f'href="{page_of(account)}"' in console.post("/support/", {"q": text}).content.decode()
    case = read(console, f"/support/installations/{installation.pk}/")
    for subject in (application, application.account, installation.account):
        assert f'href="{page_of(subject)}"' in case


def test_an_application_tells_facts_installations_and_what_was_refused(
    console: Client, installation: Installation, alice: User, client_of: ClientOf
) -> None:
    application, token = installation.application, installation.permanent_tokens.get()
    right = members_of(token)
    ledger.take()
    post(right | {"Token": WRONG})
    for _ in range(3):
        post(right | {"ApplicationSecret": WRONG})
    Installation.objects.update(installed_at=timezone.now() - timedelta(days=2))
    page = read(console, page_of(application))
    for told in (
        "alice@northwind.example",
        f"/support/installations/{installation.pk}/",
        f"?application={application.pk}&amp;cause=UNPROVEN",
        "3 times, 3 of them named, not proven",
        "No permanent token of this portal was sent",
        f'/support/never-connected/?application={application.pk}">1</a>',
        f"••••{application.secrets.get().tail}",
        "Version 1.0.0 created by Alice",
        "Look as Northwind",
    ):
        assert told in page, told
    for secret in (right["ApplicationSecret"], right["Token"]):
        assert secret not in page


def test_suspensions_stand_on_top_with_their_reasons(console: Client, installation: Installation) -> None:
    application, cakes = installation.application, installation.account
    for page in (page_of(application), page_of(cakes)):
        assert 'data-tone="suspended"' not in read(console, page)
    now = timezone.now()
    Application.objects.update(suspended_by_staff_at=now, suspension_reason="It asks for passwords.")
    Account.objects.update(suspended_by_staff_at=now, suspension_reason="Not paid.")
    page = read(console, page_of(application))
    assert "The reason: It asks for passwords." in page
    assert "<strong>Northwind, its developer, has been suspended</strong>" in page
    assert page.count("The reason: Not paid.") == 1
    assert "The reason: Not paid." in read(console, page_of(cakes))
    Application.objects.update(retired_at=now)
    assert "<strong>Retired</strong>" in read(console, page_of(application))


def test_an_account_tells_what_it_installed_and_what_it_makes(
    console: Client, installation: Installation, northwind: Account, bob: User
) -> None:
    page = read(console, page_of(installation.account))
    assert f"/support/installations/{installation.pk}/" in page
    assert "carol@carolscakes.example" in page
    assert "Its own applications" not in page
    page = read(console, page_of(northwind))
    assert page_of(installation.application) in page
    assert "It has not installed any application." in page
    assert "Bob <small>Developer, no second factor</small>" in page
    assert "Account created by Alice" in page


def test_live_installations_stand_before_newer_ones_that_are_over(
    console: Client, installation: Installation, depot: Account, carol: User, dave: User
) -> None:
    application, version = installation.application, installation.version
    later = lifecycle.install(application, account=depot, version=version, by=acting(dave)).installation
    lifecycle.uninstall(later, by=acting(dave))
    page = read(console, page_of(application))
    assert page.index("Carol&#x27;s Cakes</a></th>") < page.index("Dave&#x27;s Depot</a></th>")


def test_who_is_looked_at_reads_it_once_an_hour(
    console: Client, installation: Installation, client_of: ClientOf, alice: User, carol: User
) -> None:
    application, cakes = installation.application, installation.account
    for _ in range(3):
        read(console, page_of(application))
        read(console, page_of(cakes))
    team = read(client_of(alice), f"/a/northwind/applications/{application.pk}/activity/")
    customer = read(client_of(carol), "/a/carols-cakes/activity/")
    assert team.count("Stock Bridge viewed by Support") == 1
    assert customer.count("viewed by Support") == 1
    assert f"?installation={application.pk}" not in team
    assert "by Sam" not in team + customer
    TimelineEntry.objects.update(at=timezone.now() - timedelta(hours=2))
    read(console, page_of(application))
    assert TimelineEntry.objects.filter(kind="SUPPORT_VIEWED_APPLICATION").count() == 2


def test_a_page_costs_the_same_however_much_there_is(
    console: Client, installation: Installation, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    application, version = installation.application, installation.version
    accounts = Account.objects.bulk_create(Account(name=f"Shop {n}", slug=f"shop-{n}") for n in range(30))
    Installation.objects.bulk_create(
        Installation(application=application, account=account, version=version) for account in accounts
    )
    for subject in (application, installation.account):
        read(console, page_of(subject))
        with django_assert_max_num_queries(27):
            read(console, page_of(subject))
    assert len(console.get(page_of(application)).context["installations"]) == 20


def test_they_are_for_support(
    installation: Installation, client_of: ClientOf, paula: User, alice: User, carol: User, dave: User
) -> None:
    for subject in (installation.application, installation.account):
        assert client_of(paula).get(page_of(subject)).status_code == 200
        for person in (alice, carol, dave):
            assert client_of(person).get(page_of(subject)).status_code == 404
