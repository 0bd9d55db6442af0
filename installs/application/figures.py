"""The figures of an application over the last seven days, today included, by the days of the reader's time zone."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from installs.models import Delivery, ExchangeHour, Installation, RefusalGroup
from linnapp.models import Application

DAYS = 7


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


def week(application: Application) -> Week:
    """Seven queries."""
    dates = _last_days()
    since = _midnight(dates[0])
    installations = Installation.objects.of_application(application)
    installed = installations.installed_by_day(since)
    active_now = installations.active().count()
    active = _day_by_day(dates, active_now, installed, installations.uninstalled_by_day(since))
    exchanges = ExchangeHour.objects.of_application(application).since(since).exchanges_by_day()
    refusals = RefusalGroup.objects.exchanges().of_application(application.pk).since(since)
    refused = refusals.by_day()
    postbacks = Delivery.objects.of_application(application).owed()
    owed, arrived = postbacks.owed_and_delivered([_midnight(day) for day in dates])
    return Week(
        days=[
            Day(day, active[day], exchanges.get(day, 0), refused.get(day, 0), delivered)
            for day, delivered in zip(dates, arrived, strict=True)
        ],
        active=active_now,
        installed=sum(installed.values()),
        causes=len(refusals.by_reason()),
        owed=owed,
        drawn=installations.filter(installed_at__lt=since).exists(),
    )


def _last_days() -> list[date]:
    today = timezone.localdate()
    return [today - timedelta(days=ago) for ago in reversed(range(DAYS))]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())


def _day_by_day(
    dates: list[date], now: int, installed: Mapping[date, int], uninstalled: Mapping[date, int]
) -> dict[date, int]:
    """Active ones at the end of each day, counted back from now; what is suspended now counts as if it always was."""
    at_end, count = {}, now
    for day in reversed(dates):
        at_end[day] = max(count, 0)
        count += uninstalled.get(day, 0) - installed.get(day, 0)
    return at_end


def polyline(values: list[int], *, width: int, height: int) -> str:
    """Points of a line through the values, the highest at the top, a pixel of room above and below."""
    highest = max(values, default=0) or 1
    step = width / max(len(values) - 1, 1)
    points = ((place * step, height - 1 - (height - 2) * value / highest) for place, value in enumerate(values))
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
