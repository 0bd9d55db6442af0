"""A clock that jumps ends nothing: what is due by it waits until the new time has lasted, or the old one is back."""

from datetime import UTC, datetime, timedelta

import pytest

from linnapp.periodic import Trust

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
HOUR = 3600


def trusted(steps: list[tuple[int, int]]) -> list[bool]:
    """Whether each look is believed; a step is the seconds that passed, and what the clock says they were."""
    trust = Trust()
    return [trust.in_clock(NOON + timedelta(seconds=says), passed) for passed, says in steps]


@pytest.mark.parametrize(
    ("steps", "believed"),
    [
        # As time goes by, also after a minute in which nobody looked, and set right by some seconds.
        ([(0, 0), (1, 1), (61, 61), (62, 74)], [True, True, True, True]),
        # An hour ahead, and back: no look at the wrong time is believed, and the first at the right one is.
        ([(0, 0), (1, 1), (2, 2 + HOUR), (11, 11 + HOUR), (12, 12)], [True, True, False, False, True]),
        # An hour ahead for good, or back: believed after five minutes.
        ([(0, 0), (2, 2 + HOUR), (301, 301 + HOUR), (302, 302 + HOUR)], [True, False, False, True]),
        ([(0, 0), (2, 2 - HOUR), (301, 301 - HOUR), (302, 302 - HOUR)], [True, False, False, True]),
        # Another jump in between: the five minutes start again.
        (
            [(0, 0), (2, HOUR), (200, 2 * HOUR), (400, 2 * HOUR + 200), (500, 2 * HOUR + 300)],
            [True, *[False] * 3, True],
        ),
    ],
)
def test_what_is_due_waits_while_the_clock_is_in_doubt(steps: list[tuple[int, int]], believed: list[bool]) -> None:
    assert trusted(steps) == believed


def test_a_jump_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    trusted([(0, 0), (2, 2 + HOUR), (3, 3 + HOUR)])
    assert [record.getMessage() for record in caplog.records] == [
        "This machine's clock jumped ahead by 1 h 0 min: what is due by it waits until the new time "
        "has lasted for 5 minutes"
    ]
