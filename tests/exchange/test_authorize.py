"""The token exchange through the client: who gets a session, and what everybody else is told."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from installs.application import secret_ends
from installs.exchange import authorization, ledger, refusals
from installs.exchange.authorization import Refused, authorize
from installs.exchange.wire import ExchangeRequest, read_exchange
from installs.installations import lifecycle, suspending
from installs.models import Installation, Session
from linnapp import endings
from linnapp.models import Account, Application, User
from linnapp.services import applications, secrets
from tests.kit.people import acting

URL = "/api/Auth/AuthorizeByApplication"
LOCATIONS = "/api/Inventory/GetStockLocations"
WRONG = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def credentials_of(installation: Installation) -> dict[str, str]:
    secret = installation.application.secrets.get()
    token = lifecycle.current_token(installation)
    return {
        "ApplicationId": str(installation.application_id),
        "ApplicationSecret": secret.value(),
        "Token": token.value(),
    }


def exchange(members: dict[str, Any]) -> Any:
    return Client().post(URL, json.dumps(members), content_type="application/json")


def test_a_permanent_token_is_exchanged_for_a_session_that_calls(
    credentials_of: dict[str, str], installation: Installation
) -> None:
    answer = exchange(credentials_of)
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert body["EntityId"] == str(installation.account_id)
    assert body["TTL"] == 1800
    locations = Client().get(LOCATIONS, headers={"Authorization": body["Token"]})
    assert locations.status_code == 200
    assert [row["LocationName"] for row in locations.json()] == ["Default"]
    bare = Client().post(LOCATIONS, headers={"Authorization": f"Bearer {body['Token'].replace('-', '')}"})
    assert bare.status_code == 200


def test_what_is_read_of_an_exchange_are_the_ids_of_the_rows_on_either_engine(
    credentials_of: dict[str, str], installation: Installation
) -> None:
    request = ExchangeRequest(
        credentials_of["ApplicationId"].replace("-", ""), credentials_of["ApplicationSecret"], credentials_of["Token"]
    )
    session = authorization.authorize(request, address="203.0.113.9")
    assert (session.installation_id, session.account_id) == (installation.pk, installation.account_id)
    assert session.session_id == Session.objects.get().pk
    Installation.objects.filter(pk=installation.pk).update(suspended_by_staff_at=timezone.now())
    with pytest.raises(authorization.Refused) as refusal:
        authorization.authorize(request, address="203.0.113.9")
    proven = (refusal.value.application_id, refusal.value.installation_id)
    assert proven == (installation.application_id, installation.pk)


@pytest.mark.parametrize("wrong", ["ApplicationId", "ApplicationSecret"])
def test_whoever_proved_nothing_gets_one_message(credentials_of: dict[str, str], wrong: str) -> None:
    answer = exchange(credentials_of | {wrong: WRONG})
    assert answer.status_code == 400
    assert answer.json()["Message"].startswith("ApplicationId, ApplicationSecret or Token is wrong.")
    assert Session.objects.count() == 0


def test_the_developer_is_told_that_it_is_a_session_token(credentials_of: dict[str, str]) -> None:
    session = exchange(credentials_of).json()["Token"]
    answer = exchange(credentials_of | {"Token": session})
    assert answer.status_code == 400
    tail = credentials_of["Token"][-4:]
    told = f"Token is a session token. Send the permanent token of the installation instead (ending …{tail}); "
    assert answer.json()["Message"].startswith(told)


def test_another_developer_is_not_told_whose_session_token_it_is(
    credentials_of: dict[str, str], alice: User, northwind: Account
) -> None:
    session = exchange(credentials_of).json()["Token"]
    other, secret = applications.create_application(
        account=northwind, name="Other", kind=Application.Type.SYSTEM, by=acting(alice)
    )
    answer = exchange({"ApplicationId": str(other.pk), "ApplicationSecret": secret.value(), "Token": session})
    assert answer.json()["Message"].startswith("Token is not a permanent token of this portal.")


def test_suspending_ends_sessions_and_refuses_the_next(
    credentials_of: dict[str, str], installation: Installation, paula: User
) -> None:
    token = exchange(credentials_of).json()["Token"]
    suspending.suspend_by_staff(installation, by=acting(paula, reason="Abuse"))
    assert exchange(credentials_of).status_code == 400
    assert Client().get(LOCATIONS, headers={"Authorization": token}).status_code == 401


def test_the_least_recently_used_session_ends_past_the_cap(credentials_of: dict[str, str], settings: Any) -> None:
    settings.SESSIONS_PER_INSTALLATION = 3
    tokens = [exchange(credentials_of).json()["Token"] for _ in range(5)]
    answers = [Client().get(LOCATIONS, headers={"Authorization": token}).status_code for token in tokens]
    assert answers == [401, 401, 200, 200, 200]


def test_more_than_the_quota_is_429(credentials_of: dict[str, str], settings: Any) -> None:
    settings.EXCHANGES_PER_MINUTE = 2
    assert [exchange(credentials_of).status_code for _ in range(3)] == [200, 200, 429]


def test_a_failing_address_is_asked_to_wait_and_a_right_exchange_is_not(
    credentials_of: dict[str, str], application: Application
) -> None:
    for _ in range(refusals.FAILURES_ALLOWED):
        assert exchange(credentials_of | {"Token": WRONG, "ApplicationSecret": WRONG}).status_code == 400
    ledger.flush()
    late = exchange(credentials_of | {"ApplicationSecret": WRONG})
    assert late.status_code == 429
    assert late.headers["Retry-After"] == "2"
    assert exchange(credentials_of).status_code == 200


def test_an_exchange_is_answered_by_one_statement_and_on_sqlite_by_two(
    credentials_of: dict[str, str], django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1 if connection.vendor == "postgresql" else 2):
        assert exchange(credentials_of).status_code == 200


def test_an_idle_session_has_ended(credentials_of: dict[str, str], settings: Any) -> None:
    token = exchange(credentials_of).json()["Token"]
    Session.objects.update(last_used_at=timezone.now() - timedelta(seconds=1801))
    assert Client().get(LOCATIONS, headers={"Authorization": token}).status_code == 401


def test_wrong_credentials_for_a_profile_count_as_failures_too(application: Application) -> None:
    sent = {"ApplicationId": str(application.pk), "ApplicationSecret": WRONG, "UserId": "1"}
    url = "/api/Auth/GetApplicationProfileBySecretKey"
    for _ in range(refusals.FAILURES_ALLOWED):
        assert Client().post(url, json.dumps(sent), content_type="application/json").status_code == 400
    ledger.flush()
    late = Client().post(url, json.dumps(sent), content_type="application/json")
    assert (late.status_code, late.headers["Retry-After"]) == (429, "2")


def test_a_secret_that_ended_between_the_moment_and_the_look_begins_no_session(
    credentials_of: dict[str, str], installation: Installation, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy machine takes the moment, waits its turn, and reads a secret whose end lies after that moment."""
    first = installation.application.secrets.get()
    secrets.create_secret(application=installation.application, by=acting(alice))
    moments = iter([timezone.now()])
    secret_ends.retire_secret(first, after=endings.AFTER["now"], by=acting(alice))
    asked, now = read_exchange(credentials_of), timezone.now
    monkeypatch.setattr(timezone, "now", lambda: next(moments, None) or now())
    with pytest.raises(Refused) as refused:
        authorize(asked, address="203.0.113.9")
    assert refused.value.reason == refusals.Reason.UNPROVEN
    assert not Session.objects.exists()


READ_ONLY = {
    "sqlite": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF", "cannot be read or written"),
    # What else the transaction did is not undone by what failed.
    "postgresql": ("SAVEPOINT before; SET LOCAL transaction_read_only = on", "ROLLBACK TO before", "does not answer"),
}


def test_a_database_that_takes_no_writes_is_away_and_no_fault(
    credentials_of: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    on, off, said = READ_ONLY[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(on)
        try:
            answer = exchange(credentials_of)
        finally:
            cursor.execute(off)
    assert answer.status_code == 503, answer.content
    assert answer.headers["Retry-After"] == "2"
    assert said in caplog.text
    assert exchange(credentials_of).status_code == 200
