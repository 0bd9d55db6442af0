"""The Refused tab: what was refused of an application, for its team."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from installs.application import attention, secret_ends
from installs.exchange import hours, ledger
from installs.installations import lifecycle
from installs.models import Installation, RefusalGroup
from linnapp.models import Account, Application, User
from linnapp.services import applications, secrets
from tests.kit.exchanging import WRONG, post
from tests.kit.people import ClientOf, acting


@pytest.fixture
def right(installation: Installation) -> dict[str, str]:
    ledger.take()
    return {
        "ApplicationId": str(installation.application_id),
        "ApplicationSecret": installation.application.secrets.get().value(),
        "Token": lifecycle.current_token(installation).value(),
    }


@pytest.fixture
def team(client_of: ClientOf, alice: User) -> Client:
    return client_of(alice)


def refused(application: Application) -> str:
    return f"/a/northwind/applications/{application.pk}/refused/"


def page(client: Client, application: Application, **asked: str) -> str:
    ledger.flush()
    return client.get(refused(application), asked).content.decode()


def test_nothing_was_refused(team: Client, application: Application) -> None:
    ledger.take()
    assert "None of the requests that Stock Bridge sent was refused in the last 30 days." in page(team, application)


def test_each_stands_with_cause_account_address_reference_and_how_often(
    team: Client, application: Application, right: dict[str, str], alice: User, paula: User, installation: Installation
) -> None:
    first = application.secrets.get()
    secrets.create_secret(application=application, by=acting(alice))
    secret_ends.retire_secret(first, after=timedelta(0), by=acting(alice))
    for _ in range(3):
        answer = post(right)
    post(right | {"ApplicationSecret": WRONG})
    Installation.objects.update(suspended_by_staff_at=timezone.now())
    proven = post(right | {"ApplicationSecret": application.secrets.live().get().value()})
    shown = page(team, application)
    assert f"The retired Application Secret …{first.tail} was sent" in shown
    assert "Another Application Secret was sent" in shown
    assert "The installation is suspended by staff" in shown
    assert shown.count("named, not proven") == 2
    assert "127.0.0.0/24" in shown
    assert '<td data-label="How often" class="number">3</td>' in shown
    for reference in (answer.headers["X-Request-Id"], proven.headers["X-Request-Id"]):
        assert f"?reference={reference}" in shown
        told = page(team, application, reference=reference)
        assert "Refused exchange" in told
        assert reference in told


def test_a_pasted_message_is_explained_above_the_list(
    team: Client, application: Application, right: dict[str, str]
) -> None:
    said = post(right | {"ApplicationSecret": WRONG}).json()["Message"]
    shown = page(team, application, q=said)
    assert "No secret of this application, live or retired, is this one" in shown
    assert "No refused request matches" not in shown


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"kind": "exchanges"}, {"UNKNOWN_TOKEN", "UNPROVEN"}),
        ({"kind": "calls"}, {"SESSION_ENDED"}),
        ({"kind": "named"}, {"UNPROVEN"}),
        ({"kind": "retired"}, set()),
        ({"cause": "UNKNOWN_TOKEN"}, {"UNKNOWN_TOKEN"}),
        ({"address": "203.0.113.0/24"}, {"UNKNOWN_TOKEN", "UNPROVEN"}),
        ({"q": "198.51"}, {"SESSION_ENDED"}),
        ({"q": "carol"}, {"SESSION_ENDED"}),
        ({"q": "cårol’s CAKES"}, {"SESSION_ENDED"}),
        ({"installation": "nonsense"}, set()),
        ({}, {"UNKNOWN_TOKEN", "UNPROVEN", "SESSION_ENDED"}),
    ],
)
def test_the_list_is_narrowed(
    team: Client, application: Application, installation: Installation, asked: dict[str, str], found: set[str]
) -> None:
    made: tuple[dict[str, Any], ...] = (
        {"reason": "UNKNOWN_TOKEN", "application_id": application.pk, "address": "203.0.113.0/24"},
        {"reason": "UNPROVEN", "named_application_id": application.pk, "address": "203.0.113.0/24"},
        {
            "reason": "SESSION_ENDED",
            "asked": "CALL",
            "application_id": application.pk,
            "installation_id": installation.pk,
            "address": "198.51.100.0/24",
        },
        {"reason": "UNPROVEN", "address": "203.0.113.0/24"},
    )
    now = timezone.now()
    for number, fields in enumerate(made):
        RefusalGroup.objects.create(key=str(number), hour=now, last_at=now, count=1, **fields)
    context = team.get(refused(application), asked).context
    assert {line.newest.reason for line in context["lines"]} == found


def test_what_is_alike_folds_over_the_hours(team: Client, application: Application) -> None:
    now = timezone.now()
    for hour in range(5):
        RefusalGroup.objects.create(
            key=str(hour),
            hour=now - timedelta(hours=hour),
            last_at=now - timedelta(hours=hour),
            reason="UNKNOWN_TOKEN",
            application_id=application.pk,
            count=4,
        )
    (line,) = team.get(refused(application)).context["lines"]
    assert (line.count, line.since) == (20, now - timedelta(hours=4))
    assert "20 <small>since" in page(team, application)
    assert team.get(refused(application), {"format": "csv"}).getvalue().count(b"\r\n") == 6


def test_a_wrong_secret_needs_attention_where_a_right_one_came_from_there_lately(
    application: Application, right: dict[str, str], installation: Installation
) -> None:
    """Anybody can name a public Application ID."""
    wrong = right | {"ApplicationSecret": WRONG}
    for address in ("203.0.113.9", "203.0.113.10", "198.51.100.1"):
        post(wrong, REMOTE_ADDR=address)
    ledger.flush()
    assert attention.notices(application) == []
    assert post(right, REMOTE_ADDR="203.0.113.77").status_code == 200
    hours.fold()
    (notice,) = attention.notices(application)
    assert notice.sentence == "2 exchanges were refused in the last day"
    assert notice.detail == "wrong Application Secret, from where a right one came recently (2)"
    Installation.objects.update(last_used_at=timezone.now() - timedelta(days=3))
    assert attention.notices(application) == []


def test_a_reference_of_another_application_is_not_explained_here(
    team: Client, application: Application, right: dict[str, str]
) -> None:
    answer = post(dict.fromkeys(right, WRONG))
    assert "Refused exchange" not in page(team, application, reference=answer.headers["X-Request-Id"])


def test_the_overview_and_what_needs_attention_lead_here(
    team: Client, application: Application, right: dict[str, str]
) -> None:
    post(right | {"Token": WRONG})
    ledger.flush()
    overview = team.get(f"/a/northwind/applications/{application.pk}/").content.decode()
    for within in ("day", "week"):
        assert f'href="{refused(application)}?kind=exchanges&amp;within={within}"' in overview


def test_a_secret_that_was_sent_with_another_applications_id_is_told_to_its_team(
    team: Client, application: Application, right: dict[str, str], depot: Account, dave: User, client_of: ClientOf
) -> None:
    board, _ = applications.create_application(
        account=depot, name="Order Board", kind=Application.Type.SYSTEM, by=acting(dave)
    )
    answer = post(right | {"ApplicationId": str(board.pk)})
    tail = application.secrets.get().tail
    shown = page(team, application)
    assert f"A wrong Application ID was sent with the secret …{tail}" in shown
    assert "Copy Application ID and Application Secret from the General page of the same application" in shown
    told = page(team, application, reference=answer.headers["X-Request-Id"])
    assert "is not that of Stock Bridge." in told
    assert f"The secret sent, …{tail}, is of Stock Bridge" in told
    assert "Order Board" not in shown + told
    theirs = f"/a/{depot.slug}/applications/{board.pk}/refused/"
    seen = client_of(dave).get(theirs, {"reference": answer.headers["X-Request-Id"]}).content.decode()
    assert "Another Application Secret was sent" in seen
    assert "The Application ID of Order Board was named, but not proven" in seen
    assert "Stock Bridge" not in seen
    assert attention.notices(application) == []
