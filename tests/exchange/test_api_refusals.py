"""Refusals of the API: what is said, what it costs, what is kept."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from installs.exchange import ledger
from installs.models import FailureWindow, Installation, RefusalGroup, RefusalSample, Session
from tests.kit.exchanging import UNPROVEN, WRONG, message, post

pytestmark = pytest.mark.usefixtures("nothing_noted")


def test_whoever_proved_nothing_learns_nothing(right: dict[str, str]) -> None:
    """An unknown application, a wrong secret, a wrong token without them: one message, one amount of work."""
    unknown = right | {"ApplicationId": WRONG}
    wrong_secret = right | {"ApplicationSecret": WRONG}
    all_wrong = dict.fromkeys(right, WRONG)
    seen = set()
    for members in (unknown, wrong_secret, all_wrong, wrong_secret | {"Token": WRONG}):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = post(members)
        seen.add((answer.status_code, message(answer), len(queries)))
    assert seen == {(400, UNPROVEN, 1)}


def test_the_quota_is_told_in_the_protocols_words(right: dict[str, str], settings: Any) -> None:
    assert settings.EXCHANGES_PER_MINUTE == 150
    post(right)
    row = Session.objects.get()
    Session.objects.bulk_create(
        Session(
            digest=f"{number:064}",
            installation_id=row.installation_id,
            permanent_token_id=row.permanent_token_id,
            secret_id=row.secret_id,
            expires_at=row.expires_at,
        )
        for number in range(149)
    )
    answer = post(right)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    said = "API calls quota exceeded! Maximum admitted 150 per Minute."
    assert answer.json() == {"Code": "429", "Message": said}


def test_the_wait_of_a_failing_address_grows(right: dict[str, str]) -> None:
    waits = []
    for failures in (60, 80, 120, 1000):
        FailureWindow.objects.update_or_create(
            address="127.0.0.1",
            defaults={"began_at": timezone.now(), "last_at": timezone.now(), "failures": failures},
        )
        waits.append(int(post(right | {"ApplicationSecret": WRONG}).headers["Retry-After"]))
    assert waits == [2, 4, 16, 3600]
    assert post(right).status_code == 200


def test_a_refusal_is_kept_with_its_reference_and_masked_values(right: dict[str, str]) -> None:
    answers = [post(right | {"Token": WRONG}) for _ in range(3)]
    ledger.flush()
    group = RefusalGroup.objects.get()
    assert (group.reason, group.count, group.address) == ("UNKNOWN_TOKEN", 3, "127.0.0.0/24")
    assert group.application_id == Installation.objects.get().application_id
    sample = RefusalSample.objects.get(reference=answers[0].headers["X-Request-Id"])
    assert sample.facts == {name: f"…{value[-4:]}" for name, value in (right | {"Token": WRONG}).items()}
    assert FailureWindow.objects.get().failures == 3


def test_a_refusal_names_no_application_that_was_not_proven(right: dict[str, str]) -> None:
    post(right | {"ApplicationSecret": WRONG})
    ledger.flush()
    group = RefusalGroup.objects.get()
    assert (group.reason, group.application_id, group.installation_id) == ("UNPROVEN", None, None)
