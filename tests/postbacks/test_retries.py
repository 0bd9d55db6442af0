"""What an answer means for a postback, and how long until the next attempt. No database."""

from datetime import UTC, datetime, timedelta

import pytest

from installs.outbound.retry_after import retry_after
from installs.postbacks.retries import ATTEMPTS, Judgement, Verdict, judge

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
# Standard Webhooks' own.
MINUTES = [5 / 60, 5, 30, 2 * 60, 5 * 60, 10 * 60, 14 * 60, 20 * 60, 24 * 60]


def judged(status: int | None, attempt: int = 1, *, decides: bool = False, retry_after: str = "") -> Judgement:
    headers = {"retry-after": retry_after} if retry_after else {}
    return judge(status, headers, attempt=attempt, decides=decides, now=NOW)


def wait_after(status: int | None, attempt: int = 1, *, retry_after: str = "") -> timedelta:
    judgement = judged(status, attempt, retry_after=retry_after)
    assert judgement.verdict == Verdict.AGAIN
    assert judgement.again_at is not None
    return judgement.again_at - NOW


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        *((status, Verdict.DELIVERED) for status in (200, 201, 204, 299)),
        *((status, Verdict.AGAIN) for status in (None, 199, 300, 301, 400, 404, 409, 411, 500)),
        (410, Verdict.STOPPED),
    ],
)
def test_every_2xx_is_delivered_and_only_410_stops(status: int | None, verdict: Verdict) -> None:
    judgement = judged(status)
    assert judgement.verdict == verdict
    assert (judgement.again_at is not None) == (verdict == Verdict.AGAIN)


@pytest.mark.parametrize(
    ("status", "verdict"), [(200, Verdict.DELIVERED), *((each, Verdict.STOPPED) for each in (None, 199, 201, 410, 503))]
)
def test_an_installation_that_waits_wants_exactly_200_at_once(status: int | None, verdict: Verdict) -> None:
    assert judged(status, decides=True) == Judgement(verdict)


@pytest.mark.parametrize("attempt", range(1, 10))
def test_the_schedule_is_that_of_standard_webhooks_give_or_take_a_fifth(attempt: int) -> None:
    planned = timedelta(minutes=MINUTES[attempt - 1])
    waits = [wait_after(500, attempt) for _ in range(200)]
    assert min(waits) >= planned * 0.8
    assert max(waits) <= planned * 1.2
    assert min(waits) < planned * 0.95
    assert max(waits) > planned * 1.05


def test_the_tenth_attempt_is_the_last() -> None:
    assert ATTEMPTS == 10
    assert judged(500, 10) == Judgement(Verdict.EXHAUSTED)
    assert judged(200, 10) == Judgement(Verdict.DELIVERED)


@pytest.mark.parametrize("status", [429, 503])
def test_who_asks_for_time_gets_it_and_never_less_than_planned(status: int) -> None:
    assert wait_after(status, retry_after="7200") == timedelta(hours=2)
    assert wait_after(status, 2, retry_after="1") >= timedelta(minutes=4)
    assert wait_after(status) <= timedelta(seconds=6)


@pytest.mark.parametrize("status", [428, 430, 500, 502, 504])
def test_others_cannot_ask_for_time(status: int) -> None:
    assert wait_after(status, retry_after="7200") <= timedelta(seconds=6)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 120 ", 120),
        ("86400", 86400),
        ("86401", 86400),
        ("9" * 400, 86400),
        ("Sun, 01 Mar 2026 12:30:00 GMT", 1800),
        ("Sun, 01 Mar 2026 14:30:00 +0200", 1800),
        # No zone named: UTC, which is what the header's dates are in.
        ("Sun, 01 Mar 2026 12:30:00 -0000", 1800),
        ("Sun, 01 Mar 2026 11:30:00 GMT", 0),
        ("Mon, 01 Mar 2027 12:00:00 GMT", 86400),
        ("", 0),
        ("soon", 0),
        ("-5", 0),
        ("１２０", 0),
        ("²", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_a_day_at_most(value: str, seconds: int) -> None:
    assert retry_after(value, NOW) == timedelta(seconds=seconds)
