"""The figures of an application over the last seven days, today included, by the days of the reader's time zone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from installs.application.at_once import AtOnce
from linnapp.models import Application


@dataclass(frozen=True)
class Day:
    date: date
    active: int
    exchanges: int
    refused: int
    delivered: int


@dataclass(frozen=True)
class Week:
    """`drawn` is whether there are seven days to draw: without them a chart would tell of days that never were."""

    days: list[Day]
    active: int
    installed: int
    causes: int
    owed: int
    drawn: bool

    @property
    def exchanges(self) -> int:
        return sum(day.exchanges for day in self.days)

    @property
    def refused(self) -> int:
        return sum(day.refused for day in self.days)

    @property
    def answered_percent(self) -> float | None:
        """Of all exchanges asked for, how many were answered; None where nothing was asked."""
        asked = self.exchanges + self.refused
        return round(100 * self.exchanges / asked, 1) if asked else None

    @property
    def delivered(self) -> int:
        """Postbacks owed in these days that arrived since."""
        return sum(day.delivered for day in self.days)

    @property
    def delivered_percent(self) -> float | None:
        """Never 100 while one is missing; None where nothing was owed."""
        return math.floor(1000 * self.delivered / self.owed) / 10 if self.owed else None


def week(application: Application, known: AtOnce | None = None) -> Week:
    known = known or AtOnce.of(application)
    days = known.days
    active, first = known.numbers.active, known.numbers.first_installed_at
    installed, owed = days.by_day("installed"), days.by_day("owed")
    rows = zip(
        days.dates,
        _day_by_day(active, installed, days.by_day("uninstalled")),
        days.by_day("exchanges"),
        days.by_day("refused"),
        days.delivered,
        strict=True,
    )
    return Week(
        days=[Day(*row) for row in rows],
        active=active,
        installed=sum(installed),
        causes=len(days.by_text("refused")),
        owed=sum(owed),
        drawn=first is not None and first < days.begins[0],
    )


def _day_by_day(now: int, installed: Sequence[int], uninstalled: Sequence[int]) -> list[int]:
    """Active ones at the end of each day, counted back from now; what is suspended now counts as if it always was."""
    at_end, count = [], now
    for came, went in zip(reversed(installed), reversed(uninstalled), strict=True):
        at_end.append(max(count, 0))
        count += went - came
    return at_end[::-1]


def polyline(values: list[int], *, width: int, height: int) -> str:
    """Points of a line through the values, the highest at the top, a pixel of room above and below."""
    highest = max(values, default=0) or 1
    step = width / max(len(values) - 1, 1)
    points = ((place * step, height - 1 - (height - 2) * value / highest) for place, value in enumerate(values))
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
