"""What a search of a list of the admin asks of tables that grow."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from installs.models import Delivery, ExchangeHour, Installation, RefusalGroup, RefusalSample, StockLocation
from linnapp import admin_lookups
from linnapp.models import Account, Application, BulkChange, BulkRow, OutgoingMail, User, commonness
from tests.admin.test_admin import path_of
from tests.kit.people import ClientOf
from tests.scale.test_lists_of_many import asked, plan

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_new")]
NOBODYS = "zzqqzz"


@pytest.fixture
def paulas(paula: User, client_of: ClientOf) -> Client:
    return client_of(paula)


def found(client: Client, model: type[Model], text: str) -> Any:
    return client.get(path_of(model), {"q": text}).context["cl"]


@pytest.fixture
def hours(installation: Installation) -> list[ExchangeHour]:
    now = timezone.now()
    return ExchangeHour.objects.bulk_create(
        ExchangeHour(installation=installation, hour=now - timedelta(hours=ago), exchanges=2) for ago in range(120)
    )


def test_what_a_text_finds_is_counted_less_far_and_added_up_only_where_it_is_counted(
    hours: list[ExchangeHour], installation: Installation, paulas: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = installation.application.name
    page = paulas.get(path_of(ExchangeHour), {"q": name}).content.decode()
    assert "120 exchange hours" in page
    assert "240 exchanges" in page
    monkeypatch.setattr(admin_lookups, "MOST_OF_TEXT", 60)
    few = paulas.get(path_of(ExchangeHour), {"q": name})
    assert "more than 60 exchange hours" in few.content.decode()
    assert few.context["cl"].paginator.num_pages == 2
    assert not any("SUM(" in one for one in asked(paulas, ExchangeHour, q=name))
    # A key is found by its index.
    assert "120 exchange hours" in paulas.get(path_of(ExchangeHour), {"q": str(installation.pk)}).content.decode()


def test_what_a_page_was_found_by_is_not_asked_again_of_its_rows(
    hours: list[ExchangeHour], installation: Installation, paulas: Client
) -> None:
    statements = asked(paulas, ExchangeHour, q=installation.application.name)
    rows = [one for one in statements if "LIMIT" not in one and "SUM(" not in one]
    assert len(rows) == 1
    assert str(installation.application_id).replace("-", "") not in rows[0].replace("-", "")
    listed = found(paulas, ExchangeHour, installation.application.name).result_list
    assert [row.pk for row in listed] == sorted((hour.pk for hour in hours), reverse=True)[:50]


@pytest.mark.parametrize(
    ("model", "index"),
    [
        (OutgoingMail, "mails_by_recipient"),
        (BulkRow, "bulk_rows_by_name"),
        (RefusalGroup, "refusals_by_part_of_address"),
        (RefusalSample, "samples_by_part_of_reference"),
        (StockLocation, "stock_locations_by_name"),
    ],
)
def test_parts_of_a_text_are_found_by_trigrams(
    model: type[Model], index: str, paula: User, cakes: Account, paulas: Client
) -> None:
    now = timezone.now()
    change = BulkChange.objects.create(
        table="linnapp.Application", act="suspend", title="Suspend", person=paula, total=1
    )
    group = RefusalGroup.objects.create(key="0", hour=now, reason="NO", last_at=now)
    rows: dict[type[Model], list[Any]] = {
        OutgoingMail: [OutgoingMail(message_id=str(at), recipient=f"p{at}@example.com") for at in range(8000)],
        BulkRow: [BulkRow(change=change, position=at, name=f"Row {at}") for at in range(8000)],
        RefusalGroup: [
            RefusalGroup(key=f"k{at}", hour=now, reason="NO", last_at=now, address=f"10.{at % 99}.{at}.0/24")
            for at in range(8000)
        ],
        RefusalSample: [RefusalSample(group=group, at=now, reference=f"{at:032x}") for at in range(8000)],
        StockLocation: [
            StockLocation(account=cakes, location_id=f"{at:032x}", name=f"Shelf {at}") for at in range(1, 8000)
        ],
    }
    model._base_manager.bulk_create(rows[model])
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT gin_clean_pending_list(%s::regclass)", [index])
            cursor.execute(f'ANALYZE "{model._meta.db_table}"')
    assert index in plan(found(paulas, model, NOBODYS).queryset.order_by(), "indexscan")


def sent_to(application: Application, *hosts: str) -> None:
    Delivery.objects.bulk_create(
        Delivery(application=application, event="test", url=f"https://{host}/", host=host, nonce=f"{host}{at}")
        for host in hosts
        for at in range(3)
    )


def test_deliveries_are_found_by_their_hosts_and_these_by_an_index(application: Application, paulas: Client) -> None:
    sent_to(application, "hooks.example.com", "hooks.example.org", "other.example.net", "")
    for text, number in (("hooks", 6), ("HOOKS.example.o", 3), ("example", 9), (NOBODYS, 0), ("net hooks", 0)):
        assert len(found(paulas, Delivery, text).result_list) == number
    statements = asked(paulas, Delivery, q="hooks")
    assert not any("LIKE" in one for one in statements)
    hosts = plan(found(paulas, Delivery, "hooks").queryset.order_by().values("pk"))
    assert "deliveries_by_host" in hosts or connection.vendor == "postgresql"
    assert "SCAN installs_delivery" not in hosts


def test_where_many_hosts_have_a_text_the_first_rows_are_soon_met(
    application: Application, paulas: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commonness, "FEW", 1)
    sent_to(application, "hooks.example.com", "hooks.example.org")
    assert len(found(paulas, Delivery, "hooks").result_list) == 6
