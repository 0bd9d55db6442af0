"""What an hour of exchanges opens to: through the wire, folded, and read on the pages of three readers."""

import json
import re
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import F
from django.utils import timezone

from installs.exchange import hour_lines, hours, ledger
from installs.exchange.hour_lines import OTHERS, PREFIXES_OF_A_DAY, Counted
from installs.installations import suspending
from installs.models import AddressDay, ExchangeHour, Installation, RefusalGroup, RefusalSample, SecretHour, Session
from linnapp import batches
from linnapp.models import Application, TimelineEntry, User
from linnapp.services import secrets
from tests.exchange.test_exchanges import exchange
from tests.kit.exchanging import post
from tests.kit.people import ClientOf, acting

pytestmark = pytest.mark.usefixtures("nothing_noted")
HOUR = timedelta(hours=1)


@pytest.fixture
def told(
    right: dict[str, str], application: Application, installation: Installation, alice: User, carol: User
) -> datetime:
    """An hour of the wire, moved back until it was told: four good exchanges, one with the next secret, from two
    prefixes; one with a session token in the permanent one's place, three of the installation while it is suspended."""
    secrets.create_secret(application=application, by=acting(alice))
    newest = application.secrets.order_by("-pk")[0]
    answers = [post(right, REMOTE_ADDR=address) for address in ("192.0.2.1", "192.0.2.9", "198.51.100.7")]
    answers.append(post(right | {"ApplicationSecret": newest.value()}, REMOTE_ADDR="192.0.2.1"))
    assert [answer.status_code for answer in answers] == [200] * 4
    refused = [post(right | {"Token": answers[0].json()["Token"]})]
    suspending.suspend(installation, by=acting(carol))
    refused += [post(right, REMOTE_ADDR="203.0.113.5") for _ in range(3)]
    assert [answer.status_code for answer in refused] == [400] * 4
    ledger.flush()
    Session.objects.update(created_at=F("created_at") - 2 * HOUR)
    RefusalGroup.objects.update(hour=F("hour") - 2 * HOUR)
    hours.fold()
    hours.tell_timeline()
    return RefusalGroup.objects.all()[0].hour


def newest_reference(reason: str) -> str:
    return RefusalSample.objects.filter(group__reason__contains=reason).order_by("-at")[0].reference


def json_of(answer: Any) -> list[dict[str, Any]]:
    assert answer.headers["Content-Type"] == "application/json"
    found = json.loads(b"".join(answer.streaming_content))
    assert isinstance(found, list)
    return found


def pages_of(installation: Installation) -> dict[str, str]:
    return {
        "carol": f"/a/{installation.account.slug}/apps/{installation.pk}/",
        "alice": f"/a/northwind/applications/{installation.application_id}/activity/?installation={installation.pk}",
        "sam": f"/support/installations/{installation.pk}/",
    }


@pytest.mark.parametrize("person", ["carol", "alice", "sam"])
def test_an_hour_opens_to_causes_addresses_and_secrets(
    person: str, told: datetime, installation: Installation, client_of: ClientOf, request: pytest.FixtureRequest
) -> None:
    client = client_of(request.getfixturevalue(person))
    page = client.get(pages_of(installation)[person]).content.decode()
    assert "4 exchanges, 3 refused, from 3 addresses" in page
    assert f'<time datetime="{timezone.localtime(told).isoformat()}">{told:%H}:00</time>, one hour' in page
    reference = newest_reference("SUSPENDED_BY_ACCOUNT")
    found = re.search(r"suspended by the account: 3, reference <a href=\"([^\"]+)\"><code>(\w+)</code></a></dd>", page)
    assert found is not None
    assert found[2] == reference
    explained = client.get(found[1]).content.decode()
    assert "Refused exchange" in explained
    assert f"<dd><code>{reference}</code></dd>" in explained
    assert "session token was sent" not in page
    assert "<dd>192.0.2.0/24: 3</dd>" in page
    assert "<dd>198.51.100.0/24: 1</dd>" in page
    first, newest = installation.application.secrets.order_by("pk")
    for secret, number in ((first, 3), (newest, 1)):
        assert (f"<dd>Application Secret …{secret.tail}: {number}</dd>" in page) is (person != "carol")
        assert secret.value() not in page


def test_the_application_as_a_whole_tells_causes_and_secrets(
    told: datetime, installation: Installation, alice: User, client_of: ClientOf
) -> None:
    whole = pages_of(installation)["alice"].partition("?")[0]
    page = client_of(alice).get(whole, {"about": "exchanges"}).content.decode()
    assert "4 exchanges, 4 refused, on 1 installation" in page
    tab = f"/a/northwind/applications/{installation.application_id}/refused/"
    sent = newest_reference("SESSION_TOKEN")
    assert "<dd>The installation is suspended by the account: 3, reference" in page
    named = f'<a href="{tab}?reference={sent}"><code>{sent}</code></a>'
    assert f"<dd>A session token was sent instead of the permanent token: 1, reference {named}</dd>" in page
    assert f"<dd>Application Secret …{installation.application.secrets.order_by('pk')[0].tail}: 3</dd>" in page
    assert "192.0.2.0/24" not in page


def test_a_file_holds_what_the_hour_opens_to(
    told: datetime, installation: Installation, carol: User, client_of: ClientOf
) -> None:
    found = json_of(client_of(carol).get(pages_of(installation)["carol"], {"format": "json", "about": "exchanges"}))
    assert [(line["what"], datetime.fromisoformat(line["when"])) for line in found] == [
        ("4 exchanges, 3 refused, from 3 addresses", told)
    ]
    reference = newest_reference("SUSPENDED_BY_ACCOUNT")
    assert found[0]["details"] == [
        "Answered: 4 exchanges",
        f"Refused: The installation is suspended by the account: 3, reference {reference}",
        "From: 192.0.2.0/24: 3; 198.51.100.0/24: 1",
    ]


def test_folding_again_counts_nothing_twice(installation: Installation) -> None:
    now = timezone.now()
    for _ in range(2):
        exchange(installation, now)
        hours.fold()
        hours.fold()
    assert SecretHour.objects.get().exchanges == 2
    assert AddressDay.objects.get().hours == {hour_lines.key_of(now): {"192.0.2.0/24": 2}}


def test_an_hour_that_stands_is_not_written_again(
    installation: Installation, django_assert_max_num_queries: Any
) -> None:
    hour = hours.hour_of(timezone.now())
    exchange(installation, hour)
    hours.fold_hour(hour)
    SecretHour.objects.all().delete()
    hours.fold_hour(hour)
    assert not SecretHour.objects.exists()


def test_a_large_hour_is_folded_in_parts(
    installation: Installation, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    hour = hours.hour_of(timezone.now())
    monkeypatch.setattr(hours, "COUNTED_TOGETHER", 2)
    monkeypatch.setattr(hours, "COMPARED_TOGETHER", 1)
    for number in range(7):
        exchange(installation, hour, address=f"192.0.2.{number}")
    parts = hours._parts_of(hour)
    assert len(parts) == 4
    assert [last.int + 1 for _, last in parts] == [*(first.int for first, _ in parts[1:]), hours.ALL_KEYS]
    hours.fold_hour(hour)
    assert list(ExchangeHour.objects.values_list("exchanges", "addresses")) == [(7, 7)]


def test_a_day_has_room_for_so_many_prefixes_and_counts_the_rest() -> None:
    many = Counted(uuid4())
    for number in range(60):
        many.add(1, f"10.0.{number}.1", 1 + number, timezone.now(), timezone.now())
    day = hour_lines.with_hour({"09": {"10.0.0.0/24": 5}}, "10", many.by_prefix())
    assert len(day["10"]) == PREFIXES_OF_A_DAY + 1
    assert day["10"]["10.0.0.0/24"] == 1
    assert sum(day["10"].values()) == sum(range(1, 61))
    assert day["10"][OTHERS] == sum(range(2, 12))
    assert hour_lines.with_hour(day, "10", many.by_prefix()) == day


def test_they_end_after_a_season(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MOST", 2)
    now = hours.hour_of(timezone.now())
    for days in (0, 89, 91, 92, 93):
        at = now - timedelta(days=days)
        SecretHour.objects.create(installation=installation, hour=at, secret_id=1, exchanges=1)
        AddressDay.objects.create(installation=installation, day=at.date(), hours={})
    hour_lines.drop_old()
    assert SecretHour.objects.count() == AddressDay.objects.count() == 2


def test_an_hour_whose_causes_are_gone_says_so(
    told: datetime, installation: Installation, carol: User, client_of: ClientOf
) -> None:
    RefusalGroup.objects.all().delete()
    long_ago = (told - timedelta(days=40)).isoformat()
    entry = TimelineEntry.objects.get(kind="EXCHANGES")
    TimelineEntry.objects.filter(pk=entry.pk).update(facts=entry.facts | {"hour": long_ago})
    page = client_of(carol).get(pages_of(installation)["carol"]).content.decode()
    assert "<dd>3: causes are kept for 30 days</dd>" in page
