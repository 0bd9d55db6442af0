from datetime import UTC, datetime, timedelta, timezone

import pytest

from linnapp.words import (
    counted,
    distance_in_words,
    measured_in_words,
    moment_in_words,
    seconds_in_words,
    span_in_words,
)

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)


def test_one_is_one_and_large_numbers_are_grouped() -> None:
    assert [counted(number, "exchange") for number in (0, 1, 2)] == ["0 exchanges", "1 exchange", "2 exchanges"]
    assert counted(1_234_567, "exchange") == "1,234,567 exchanges"
    assert [counted(number, "address", "addresses") for number in (1, 2)] == ["1 address", "2 addresses"]


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=10), "10 seconds"),
        (timedelta(minutes=10), "10 minutes"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(days=1), "24 hours"),
        (timedelta(days=7), "7 days"),
        (timedelta(days=90), "90 days"),
    ],
)
def test_a_span_is_told_as_it_was_set(span: timedelta, words: str) -> None:
    assert span_in_words(span) == words


def test_parts_of_a_second_are_told() -> None:
    words = [seconds_in_words(seconds) for seconds in (0.5, 1, 1.0, 10)]
    assert words == ["0.5 seconds", "1 second", "1 second", "10 seconds"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (252, "4 min 12 s"), (3600, "1 h 0 min"), (90_000, "1 d 1 h"), (-5, "0 s")],
)
def test_spans_are_said_in_two_units(seconds: int, words: str) -> None:
    assert measured_in_words(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (NOW - timedelta(seconds=20), "just now"),
        (NOW - timedelta(minutes=1), "1 minute ago"),
        (NOW - timedelta(minutes=5), "5 minutes ago"),
        (NOW - timedelta(hours=1), "1 hour ago"),
        (NOW - timedelta(hours=14), "14 hours ago"),
        (NOW - timedelta(hours=20), "yesterday"),
        (NOW - timedelta(days=4), "4 days ago"),
        (datetime(2026, 3, 2, 12, tzinfo=UTC), "2 Mar"),
        (datetime(2025, 3, 2, 12, tzinfo=UTC), "2 Mar 2025"),
        (NOW + timedelta(seconds=20), "in a moment"),
        (NOW + timedelta(minutes=9, seconds=30), "in 9 minutes"),
        (NOW + timedelta(days=1), "tomorrow"),
        (NOW + timedelta(days=6), "in 6 days"),
    ],
)
def test_a_moment_is_told_in_words(when: datetime, words: str) -> None:
    assert distance_in_words(when, NOW) == words


def test_just_after_midnight_the_last_hours_are_not_yet_yesterday() -> None:
    assert distance_in_words(
        datetime(2026, 3, 9, 23, 30, tzinfo=UTC),
        datetime(2026, 3, 10, 1, 40, tzinfo=UTC),
    ) == ("2 hours ago")


def test_a_moment_for_whoever_reads_it_later_is_in_utc() -> None:
    moment = datetime(2026, 3, 10, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert moment_in_words(moment) == "9 Mar 2026 at 23:30 UTC"
