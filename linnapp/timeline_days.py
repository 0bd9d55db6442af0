"""The timeline by the days of its reader; hours of exchanges that stand next to each other are folded into one line."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.utils import timezone

from linnapp.timeline import Line

# So many hours of exchanges in a row are folded into one line that opens.
FOLDED_FROM = 3


@dataclass(frozen=True)
class Hours:
    """Hours of exchanges that stand next to each other."""

    lines: list[Line]

    @property
    def exchanges(self) -> int:
        return sum(line.hour.exchanges for line in self.lines if line.hour)

    @property
    def refused(self) -> int:
        return sum(line.hour.refused for line in self.lines if line.hour)


@dataclass(frozen=True)
class Day:
    date: date
    entries: list[Line | Hours]


def by_day(listed: Iterable[Line]) -> list[Day]:
    """In the order they come, by the days of the reader's time zone."""
    return [Day(day, fold_hours(group)) for day, group in groupby(listed, key=_day)]


def _day(line: Line) -> date:
    return timezone.localdate(begin_of(line))


def begin_of(line: Line) -> datetime:
    return line.hour.begin if line.hour else line.at


def fold_hours(listed: Iterable[Line]) -> list[Line | Hours]:
    entries: list[Line | Hours] = []
    for is_exchanges, group in groupby(listed, key=lambda line: line.hour is not None):
        found = list(group)
        if is_exchanges and len(found) >= FOLDED_FROM:
            entries.append(Hours(found))
        else:
            entries.extend(found)
    return entries
