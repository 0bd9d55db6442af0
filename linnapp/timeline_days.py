"""The timeline by the days of its reader. What stands next to each other and is alike is folded into one line: hours of
exchanges, pages that staff looked at."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from uuid import UUID

from django.utils import timezone

from linnapp import kinds
from linnapp.timeline import Line

# So many in a row are folded into one line that opens.
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
class Looks:
    """Pages that stand next to each other, looked at under one access."""

    lines: list[Line]

    @property
    def who(self) -> str:
        return self.lines[0].who


@dataclass(frozen=True)
class Day:
    date: date
    entries: list[Line | Hours | Looks]


def by_day(listed: Iterable[Line]) -> list[Day]:
    """In the order they come, by the days of the reader's time zone."""
    return [Day(day, fold(group)) for day, group in groupby(listed, key=_day)]


def _day(line: Line) -> date:
    return timezone.localdate(begin_of(line))


def begin_of(line: Line) -> datetime:
    return line.hour.begin if line.hour else line.at


def fold(listed: Iterable[Line]) -> list[Line | Hours | Looks]:
    entries: list[Line | Hours | Looks] = []
    for (is_exchanges, access), group in groupby(listed, key=lambda line: (line.hour is not None, _looked_under(line))):
        found = list(group)
        if len(found) < FOLDED_FROM or not (is_exchanges or access):
            entries.extend(found)
        else:
            entries.append(Looks(found) if access else Hours(found))
    return entries


def _looked_under(line: Line) -> UUID | None:
    return line.subject_id if line.kind == kinds.STAFF_LOOKED else None
