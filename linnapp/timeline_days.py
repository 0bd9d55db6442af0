"""The timeline by the days of its reader. What stands next to each other and is alike is folded into one line: hours of
exchanges, pages that staff looked at, and whatever happened once more."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
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
class Repeats:
    """Lines that stand next to each other and say the same: the first as it is, the others inside of it."""

    first: Line
    others: list[Line]

    @property
    def number(self) -> int:
        return len(self.others) + 1

    @property
    def since(self) -> Line:
        """The earliest: the list may run either way."""
        return min(self.first, self.others[-1], key=lambda line: line.begin)


Entry = Line | Hours | Looks | Repeats


@dataclass(frozen=True)
class Day:
    date: date
    entries: list[Entry]


def by_day(listed: Iterable[Line]) -> list[Day]:
    """In the order they come, by the days of the reader's time zone. What was repeated stands on the day of the first
    that comes."""
    return [Day(day, _fold(entries)) for day, entries in groupby(with_repeats(listed), key=_day)]


def _day(entry: Line | Repeats) -> date:
    line = entry.first if isinstance(entry, Repeats) else entry
    return timezone.localdate(line.begin)


def with_repeats(listed: Iterable[Line]) -> list[Line | Repeats]:
    """In the order they come, those that say the same and stand beside each other in one."""
    entries: list[Line | Repeats] = []
    for _, group in groupby(listed, key=_said):
        first, *others = group
        entries.append(Repeats(first, others) if others else first)
    return entries


def _said(line: Line) -> tuple[object, ...]:
    """What makes two lines the same to whoever reads them. Each hour of exchanges is its own."""
    where = (line.subject_id, line.account, line.application, line.on_behalf_of)
    return (line.kind, line.sentence, line.reason, *where, line.hour and line.entry_id)


def _fold(listed: Iterable[Line | Repeats]) -> list[Entry]:
    entries: list[Entry] = []
    for alike, group in groupby(listed, key=_folded_by):
        found = list(group)
        lines = [entry for entry in found if isinstance(entry, Line)]
        if alike is None or len(lines) < FOLDED_FROM:
            entries.extend(found)
        else:
            entries.append(Hours(lines) if alike == "hours" else Looks(lines))
    return entries


def _folded_by(entry: Line | Repeats) -> str | UUID | None:
    if isinstance(entry, Repeats):
        return None
    if entry.hour:
        return "hours"
    return entry.subject_id if entry.kind == kinds.STAFF_LOOKED else None
