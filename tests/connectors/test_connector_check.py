"""Test connection: its steps, whose turn it is, how long it waits, and what changes while it runs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from installs.connectors import checking, making
from installs.connectors.client import AUTHORIZE
from installs.models import Connector, ConnectorCheck
from linnapp.models import Account, TimelineEntry, User
from tests.kit.connectors import CALL, FILLED, SESSION, api, check, connector, lines, seen, url
from tests.kit.people import acting
from tests.kit.receivers import Received, Reply, receiving

pytestmark = pytest.mark.usefixtures("to_loopback")


def test_a_connector_that_works_passes_each_step(carols: Client, carol: User, cakes: Account) -> None:
    with receiving(api) as receiver:
        row = connector(cakes, receiver.url, carol)
        page = check(carols, row)
        paths = [(received.method, received.path) for received in receiver.received]
    assert lines(page) == [
        ("Name", "passed"),
        ("Address", "passed"),
        ("Connection", "passed"),
        ("Authorise", "passed"),
        ("token", "passed"),
        ("Server", "passed"),
        ("call", "passed"),
    ]
    assert "It works." in page
    # The key is `token`, and the answer spells it so.
    assert "The answer has “Token”: the session token, for 1800 seconds." in page
    assert "The answer names no Server: calls go to the base URL." in page
    assert f"{CALL} answered 200: 2 stock locations." in page
    assert paths == [("POST", AUTHORIZE), ("POST", CALL)]
    row.refresh_from_db()
    assert (row.state, row.session_token, row.generation) == (Connector.State.WORKING, SESSION, 1)
    assert "Working just now none Yes" in seen(carols.get(url("connector_list")))
    assert TimelineEntry.objects.get(kind="CONNECTOR_TESTED").facts["connector"] == "Warehouse"


def test_after_a_change_the_test_before_is_told_to_be_of_what_was(carols: Client, carol: User, cakes: Account) -> None:
    with receiving(api) as receiver:
        row = connector(cakes, receiver.url, carol)
        check(carols, row)
        making.edit(row, making.Values(**FILLED | {"base_url": receiver.url, "name": "Renamed"}), by=acting(carol))
        page = seen(carols.get(url("connector_check", row.pk)))
        assert "It works." in page
        row.refresh_from_db()
        assert (row.state, row.session_token) == (Connector.State.WORKING, SESSION)
    making.edit(row, making.Values(**FILLED | {"name": "Renamed"}), by=acting(carol))
    page = seen(carols.get(url("connector_check", row.pk)))
    assert "It works." not in page
    assert "The connector was changed after this test." in page
    assert "Last success never" in page


def test_the_page_asks_again_until_it_is_over_and_says_when_no_worker_takes_it(
    carols: Client, carol: User, cakes: Account
) -> None:
    row = connector(cakes, "https://api.example.com", carol)
    page = url("connector_check", row.pk)
    assert "Not tested yet." in seen(carols.get(page))
    carols.post(page)
    answer = carols.get(page, headers={"HX-Request": "true"})
    assert 'hx-trigger="every 500ms"' in answer.content.decode()
    assert f'<a href="{page}">Refresh</a>' in answer.content.decode()
    assert "<html" not in answer.content.decode()
    assert "No worker of the portal has taken it yet." not in seen(answer)
    ConnectorCheck.objects.update(created_at=timezone.now() - timedelta(seconds=5))
    assert "No worker of the portal has taken it yet." in seen(carols.get(page))
    ConnectorCheck.objects.update(state="RUNNING", created_at=timezone.now() - timedelta(minutes=2))
    answer = carols.get(page)
    assert "The worker that ran this test is gone." in seen(answer)
    assert "hx-trigger" not in answer.content.decode()


def test_a_page_that_is_read_while_the_test_ends_tells_what_came_of_it(
    carols: Client, carol: User, cakes: Account
) -> None:
    row = connector(cakes, "https://api.example.com", carol)
    carols.post(url("connector_check", row.pk))

    def ends_first(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        """Between the read of the connector and that of its test."""
        if sql.startswith("SELECT") and ConnectorCheck._meta.db_table in sql and not ended:
            ended.append(sql)
            Connector.objects.filter(pk=row.pk).update(state=Connector.State.WORKING)
            ConnectorCheck.objects.update(state=ConnectorCheck.State.PASSED, ended_at=timezone.now())
        return execute(sql, *rest)

    ended: list[str] = []
    with connection.execute_wrapper(ends_first):
        page = seen(carols.get(url("connector_check", row.pk)))
    assert "It works." in page
    assert "State Working" in page


def test_one_runs_at_a_time(carols: Client, carol: User, cakes: Account) -> None:
    row = connector(cakes, "https://api.example.com", carol)
    for _ in range(2):
        carols.post(url("connector_check", row.pk))
    assert row.checks.count() == 1


def test_what_nobody_took_in_a_minute_is_not_run(carols: Client, carol: User, cakes: Account) -> None:
    with receiving(api) as receiver:
        waiting = checking.start(connector(cakes, receiver.url, carol), by=acting(carol))
        ConnectorCheck.objects.update(created_at=timezone.now() - timedelta(seconds=61))
        checking.work()
        assert receiver.received == []
    page = carols.get(url("connector_check", waiting.connector_id))
    assert "No worker of the portal took this test within a minute. Test the connection again." in seen(page)
    assert "hx-trigger" not in page.content.decode()
    # It stands in nobody's way.
    other = connector(cakes, "https://api.example.com", carol, name="Other")
    assert checking.start(other, by=acting(carol)).pk != waiting.pk


def test_only_the_checks_of_the_last_minutes_are_kept(carols: Client, carol: User, cakes: Account) -> None:
    row = connector(cakes, "https://api.example.com", carol)
    old, recent = row.checks.create(state="PASSED"), row.checks.create(state="FAILED")
    row.checks.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(minutes=2))
    carols.post(url("connector_check", row.pk))
    waiting = row.checks.get(state=ConnectorCheck.State.WAITING)
    assert {check.pk for check in row.checks.all()} == {recent.pk, waiting.pk}


def test_what_happened_to_it_stands_on_its_page(carols: Client, carol: User, cakes: Account) -> None:
    row = connector(cakes, "https://api.example.com", carol)
    making.make(cakes, making.Values(**FILLED | {"name": "Other"}), by=acting(carol))
    making.set_enabled(row, enabled=False, by=acting(carol))
    happened = seen(carols.get(url("connector_check", row.pk))).partition("What happened ")[2]
    assert happened.startswith(
        "Connector Warehouse changed by Carol: disabled just now Connector Warehouse created by Carol just now"
    )
    assert "Other" not in happened


def test_an_account_has_one_test_at_a_time_because_a_slow_server_takes_a_thread(
    carols: Client, carol: User, cakes: Account
) -> None:
    row = connector(cakes, "https://api.example.com", carol)
    other = connector(cakes, "https://api.example.com", carol, name="Other")
    carols.post(url("connector_check", row.pk))
    answer = carols.post(url("connector_check", other.pk), follow=True)
    assert "Warehouse is being tested. Wait until that has ended." in seen(answer)
    assert not other.checks.exists()


def test_credentials_that_cannot_be_read_end_the_test_with_words(carols: Client, carol: User, cakes: Account) -> None:
    row = connector(cakes, "https://api.example.com", carol)
    Connector.objects.update(token_encrypted="of another key")
    page = check(carols, row)
    assert "The portal itself failed (WrongKey). Tell the people who run it." in page
    assert row.checks.get().is_over


def test_a_disabled_one_is_not_called(carols: Client, carol: User, cakes: Account) -> None:
    with receiving(api) as receiver:
        row = connector(cakes, receiver.url, carol)
        waiting = checking.start(row, by=acting(carol))
        making.set_enabled(row, enabled=False, by=acting(carol))
        checking.work()
        answer = carols.post(url("connector_check", row.pk), follow=True)
        with pytest.raises(CommandError, match="Warehouse is disabled"):
            call_command("connector_call", "Warehouse", "GET", "/api/x")
        assert receiver.connections == 0
    assert "Warehouse is disabled, so it sends nothing." in seen(answer)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.fault) == (
        "FAILED",
        "Warehouse is disabled, so it sends nothing. Enable it first.",
    )


@pytest.mark.django_db(transaction=True)
def test_an_edit_while_it_is_tested_is_not_told_working(carols: Client, carol: User, cakes: Account) -> None:
    row = None

    def answer(received: Received) -> Reply:
        assert row
        try:
            making.edit(row, making.Values(**FILLED | {"base_url": row.base_url, "scope": "Other"}), by=acting(carol))
        finally:
            connection.close()
        return api(received)

    with receiving(answer) as receiver:
        row = connector(cakes, receiver.url, carol)
        check(carols, row)
    row.refresh_from_db()
    assert (row.state, row.session_token) == (Connector.State.UNTESTED, "")


@pytest.mark.django_db(transaction=True)
def test_an_edit_while_it_is_tested_is_not_told_failing(carols: Client, carol: User, cakes: Account) -> None:
    row = None

    def answer(received: Received) -> Reply:
        if received.path != AUTHORIZE:
            return Reply(404)
        assert row
        try:
            making.edit(row, making.Values(**FILLED | {"base_url": row.base_url, "scope": "Other"}), by=acting(carol))
        finally:
            connection.close()
        return api(received)

    with receiving(answer) as receiver:
        row = connector(cakes, receiver.url, carol)
        assert "The connector was changed after this test." in check(carols, row)
    row.refresh_from_db()
    assert (row.state, row.last_error) == (Connector.State.UNTESTED, "")
