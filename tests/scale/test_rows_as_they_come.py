"""A word that many have, on PostgreSQL: looked up as rows come by where a page is full after a few, and gathered where
that is more than there is to gather."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client

from installs.models import Connector, Installation
from linnapp.models import Account, Membership, User, commonness
from linnapp.models.capped import count_up_to
from linnapp.models.folded import among, leads_to
from tests.admin.test_admin import path_of
from tests.kit.people import ClientOf
from tests.scale.costs import Statement, cost, watched
from tests.scale.many_rows import analyze, as_of_a_large_portal
from tests.scale.test_lists_of_many import plan

pytestmark = pytest.mark.django_db
ALL, ONE_IN = 2000, 5
HAVE_IT = ALL // ONE_IN


@pytest.fixture(autouse=True)
def as_if_few_were_many(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(commonness, "FEW", 20)
    commonness.forget()
    yield
    commonness.forget()


@pytest.fixture
def many(installation: Installation) -> list[Installation]:
    """Installations of as many accounts, a fifth of which has a word in its name that comes last in their order."""
    names = [f"{'account' if at % ONE_IN else 'zephyr'} {at:04} ltd" for at in range(ALL)]
    accounts = Account.objects.bulk_create(
        Account(name=name.title(), slug=f"a-{at}", name_folded=name) for at, name in enumerate(names)
    )
    facts = {key: getattr(installation, key) for key in ("application", "version", "state")}
    rows = Installation.objects.bulk_create(Installation(**facts, account=account) for account in accounts)
    Connector.objects.bulk_create(
        Connector(account=account, name=f"Shop {at}", base_url="https://shop.example.com/")
        for at, account in enumerate(accounts[:60])
    )
    analyze([Account, Installation, Connector])
    return rows


@pytest.fixture
def paulas(many: list[Installation], paula: object, client_of: ClientOf) -> Client:
    return client_of(paula)


def sent(client: Client, model: type[Model], text: str) -> list[Statement]:
    """What reads the rows of a list that was searched: counted, and as a page."""
    with watched() as statements:
        client.get(path_of(model), {"q": text})
    return [one for one in statements if "LIMIT" in one.sql and f'FROM "{model._meta.db_table}"' in one.sql]


def test_a_page_is_full_after_a_few_rows_and_a_count_gathers(paulas: Client) -> None:
    counted, page = sent(paulas, Installation, "zephyr")
    assert paulas.get(path_of(Installation), {"q": "zephyr"}).context["cl"].result_count == HAVE_IT
    if connection.vendor == "postgresql":
        assert "ORDER BY" in page.sql
        assert cost(page, {"linnapp_account", "installs_installation"}) < ALL
        assert "IN (SELECT" in counted.sql
        # Rare words are looked up by the keys of those that have them.
        assert all("SELECT U0" not in one.sql for one in sent(paulas, Installation, "'zephyr 0005'"))


def test_of_a_small_table_the_rows_are_looked_up_to_be_counted_too(paulas: Client) -> None:
    statements = sent(paulas, Connector, "zephyr")
    assert paulas.get(path_of(Connector), {"q": "zephyr"}).context["cl"].result_count == 12
    if connection.vendor == "postgresql":
        assert all("IS NOT NULL" in one.sql and "IN (SELECT" not in one.sql for one in statements)
        assert cost(statements[0], {"linnapp_account"}) <= 60


def test_accounts_of_a_few_people_are_found_by_their_keys(many: list[Installation], paulas: Client) -> None:
    people = User.objects.bulk_create(
        User(email=f"kiosk{at}@example.com", email_folded=f"kiosk{at}@example.com") for at in range(15)
    )
    Membership.objects.bulk_create(
        Membership(account=row.account, user=person) for row, person in zip(many, people, strict=False)
    )
    statements = sent(paulas, Account, "kiosk")
    assert not any('"linnapp_membership"' in one.sql for one in statements[-2:])
    assert paulas.get(path_of(Account), {"q": "kiosk"}).context["cl"].result_count == len(people)


def test_a_count_that_ends_soon_looks_up(many: list[Installation]) -> None:
    found = Installation.objects.filter(leads_to("account", among(Account.objects.filter(name_folded__has="zephyr"))))
    for most, looks_up in ((10, True), (1000, False)):
        with watched() as statements:
            assert count_up_to(found, most) == min(HAVE_IT, most + 1)
        if connection.vendor == "postgresql":
            assert ("IS NOT NULL" in statements[-1].sql) is looks_up


def test_within_a_part_of_a_table_many_are_gathered_once(many: list[Installation]) -> None:
    mine = Installation.objects.filter(application=many[0].application_id)
    named = among(Account.objects.filter(name_folded__has="zephyr"))
    found = mine.filter(leads_to("account", named, within=mine))
    assert found.count() == HAVE_IT
    if connection.vendor == "postgresql":
        assert "hashed SubPlan" in plan(found)


def test_what_all_have_is_expected_and_what_few_have_is_not(many: list[Installation]) -> None:
    if connection.vendor != "postgresql":
        return
    for word, one_in, are_many in (
        ("zephyr", 25, True),
        ("zephyr", 4, False),
        ("zephyr 0005", 25, False),
        ("ltd", 4, True),
    ):
        found = Account.objects.filter(name_folded__has=word)
        assert commonness.are_expected_many(found, one_in) is are_many, word


@pytest.mark.parametrize(("order", "first"), [("", 0), ("-1", ALL - ONE_IN)])
def test_accounts_whose_names_begin_with_a_common_word_are_sorted(order: str, first: int, paulas: Client) -> None:
    as_of_a_large_portal([Account])
    commonness.forget()
    page = paulas.get(path_of(Account), {"q": "zephyr"} | ({"o": order} if order else {})).context["cl"]
    assert page.result_list[0].name == f"Zephyr {first:04} Ltd"
    step = -ONE_IN if order else ONE_IN
    assert [row.name for row in page.result_list] == [f"Zephyr {first + at * step:04} Ltd" for at in range(50)]
    if connection.vendor == "postgresql":
        told = plan(page.queryset.values("pk")[:50])
        assert "Sort" in told
        assert "accounts_by_name" not in told
        # What nearly all have is soon met in the order of the list.
        page = paulas.get(path_of(Account), {"q": "ltd"}).context["cl"]
        assert "accounts_by_name" in plan(page.queryset.values("pk")[:50])
