"""A word that many have, on SQLite: rows are asked one by one, in the order of their list, and no keys are gathered."""

from itertools import product

import pytest
from django.db import connection
from django.db.models import Model, Q
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from installs.models import Connector, ExchangeHour, Installation, PermanentToken
from linnapp.models import Account, Membership, OutgoingMail, User, commonness, sqlite_statistics
from linnapp.models.capped import count_found
from linnapp.models.folded import among, leads_to
from tests.admin.test_admin import path_of
from tests.kit.people import ClientOf
from tests.scale.test_lists_of_many import plan

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_new")]
MANY = 40


@pytest.fixture
def paulas(paula: User, client_of: ClientOf) -> Client:
    return client_of(paula)


@pytest.fixture
def many(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> list[Installation]:
    """Installations of accounts that are all called alike, where a few are many, and what is known stays so."""
    monkeypatch.setattr(commonness, "FEW", 5)
    monkeypatch.setattr(commonness, "SECONDS_KNOWN", 10**9)
    accounts = Account.objects.bulk_create(
        Account(name=f"Harbour {number}", slug=f"h-{number}", name_folded=f"  harbour  {number}")
        for number in range(MANY)
    )
    facts = {key: getattr(installation, key) for key in ("application", "version", "state")}
    rows = Installation.objects.bulk_create(Installation(**facts, account=account) for account in accounts)
    PermanentToken.objects.bulk_create(
        PermanentToken(installation=row, digest=f"d{number}") for number, row in enumerate(rows)
    )
    return rows


@pytest.mark.parametrize("model", [Installation, PermanentToken])
def test_rows_of_accounts_with_a_common_word_are_asked_one_by_one(
    model: type[Model], many: list[Installation], paulas: Client
) -> None:
    page = paulas.get(path_of(model), {"q": "harbour"}).context["cl"]
    assert page.result_count == MANY
    if connection.vendor == "sqlite":
        assert "linnapp_account_trigrams" not in plan(page.queryset)
    # Of one alone its key is looked up.
    page = paulas.get(path_of(model), {"q": "'harbour  7'"}).context["cl"]
    assert page.result_count == 1


def test_what_is_asked_of_each_row_finds_the_same(many: list[Installation]) -> None:
    for word, number in (("harbour", MANY), ("HÁRBOUR", MANY), ("bour", MANY), ("harbour  1", 11), ("zzqqzz", 0)):
        found = Account.objects.filter(name_folded__has=word)
        assert found.count() == number
        assert Installation.objects.filter(leads_to("account", among(found))).count() == number
    either = Account.objects.exclude(name_folded__has="harbour")
    assert either.filter(pk__in=[row.account_id for row in many]).count() == 0


def test_whether_a_word_is_common_is_asked_once(
    many: list[Installation], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    found = Account.objects.filter(name_folded__has="harbour")
    with django_assert_num_queries(3 if connection.vendor == "sqlite" else 2):
        assert found.count() == MANY
        assert len(found.order_by("name")[:3]) == 3


def test_of_a_common_word_in_one_column_the_rows_themselves_are_asked(
    paulas: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commonness, "FEW", 5)
    commonness.forget()
    OutgoingMail.objects.bulk_create(
        OutgoingMail(message_id=str(at), recipient=f"p{at}@example.com") for at in range(MANY)
    )
    for word, number in (("EXAMPLE.com", MANY), ("p39@", 1), ("9@", 4), ("zzqqzz", 0)):
        page = paulas.get(path_of(OutgoingMail), {"q": word}).context["cl"]
        assert page.result_count == number
        if connection.vendor == "sqlite":
            assert ("mails_by_recipient" in plan(page.queryset)) == (word in ("p39@", "zzqqzz"))


def test_sqlite_plans_by_the_figures_of_a_large_portal(paulas: Client) -> None:
    """However few rows there are, and whatever ANALYZE was told."""
    if connection.vendor != "sqlite":
        return
    rows = paulas.get(path_of(Membership), {"o": "2"}).context["cl"].queryset[:50]
    assert "TEMP B-TREE FOR ORDER BY" in plan(rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        for _ in range(2):
            sqlite_statistics.tell(connection)
            cursor.execute(sqlite_statistics.FOUND)
            assert sorted(cursor.fetchall()) == sqlite_statistics.read()
    assert "accounts_by_name" in plan(rows)


def test_figures_are_of_tables_that_are_there() -> None:
    tables = set(connection.introspection.table_names())
    assert {line[0] for line in sqlite_statistics.read()} <= tables | {
        f"{model._meta.db_table}_keys" for model in (Account, User, Connector)
    } | {"linnapp_application_keys", "linnapp_version_keys"}
    assert ExchangeHour._meta.db_table in {line[0] for line in sqlite_statistics.read()}


def test_a_common_word_is_counted_by_the_first_that_have_it_and_to_the_end(many: list[Installation]) -> None:
    found = Account.objects.filter(name_folded__has="harbour")
    rows = PermanentToken.objects.filter(leads_to("installation__account", among(found))).order_by("-pk")
    with CaptureQueriesContext(connection) as sent:
        assert [count_found(rows, most) for most in (5, MANY - 1)] == [6, MANY]
    assert len(sent) == 2
    if connection.vendor == "sqlite":
        assert all('_trigrams" MATCH' in one["sql"] and "LIMIT" in one["sql"] for one in sent)
    # Of an end that is not reached by the first of them, all are asked: of half there is no token.
    PermanentToken.objects.filter(pk__in=list(rows[: MANY // 2].values_list("pk", flat=True))).delete()
    assert [count_found(rows, most) for most in (5, MANY // 2, MANY)] == [6, MANY // 2, MANY // 2]
    assert [count_found(found.order_by("name"), most) for most in (5, MANY)] == [6, MANY]


@pytest.mark.parametrize("most", [5, 20, 2 * MANY])
def test_counts_by_common_rare_and_missing_words_are_those_of_the_rows(many: list[Installation], most: int) -> None:
    """Whichever way they go: two tables away, one, or in the table itself, by all of the words or one of them."""
    Account.objects.filter(name="Harbour 7").update(name="Harbour 7 Quay", name_folded="harbour 7 quay")
    words = ("harbour", "quay", "zzqqzz")
    for one, other in product(words, words):
        for connector in (Q.AND, Q.OR):
            found = Account.objects.filter(
                Q(("name_folded__has", one), ("name_folded__has", other), _connector=connector)
            )
            keys = {row.pk for row in Account.objects.all() if _has(row.name_folded, (one, other), connector)}
            wanted = sum(row.account_id in keys for row in many)
            for rows in (
                found.order_by("name", "pk"),
                Installation.objects.filter(leads_to("account", among(found))).order_by("-pk"),
                PermanentToken.objects.filter(leads_to("installation__account", among(found))).order_by("-pk"),
            ):
                assert rows.count() == wanted, (one, other, connector)
                assert count_found(rows, most) == min(wanted, most + 1), (one, other, connector, rows.model)
            beside = Q(leads_to("installation__account", among(found))) | Q(digest="d3")
            rows = PermanentToken.objects.filter(beside).order_by("-pk")
            assert count_found(rows, most) == min(wanted + (many[3].account_id not in keys), most + 1)


def _has(text: str, words: tuple[str, str], connector: str) -> bool:
    return (all if connector == Q.AND else any)(word in text for word in words)
