"""Numbers, spans and moments as sentences for people say them."""

import math
from datetime import UTC, datetime, timedelta

from linnapp.moments import kept, shown

# Of a form that was saved as it was.
NOTHING_CHANGED = "Nothing was changed."


def counted(number: int, one: str, many: str = "") -> str:
    """“1 installation”, “1,200 installations”. `many` is what an s is not enough for, such as “accounts have”."""
    return f"{with_commas(number)} {one if number == 1 else many or f'{one}s'}"


def with_commas(number: int) -> str:
    """All readers of English group digits alike."""
    return f"{number:,}"


def counted_up_to(most: int, number: int, one: str, many: str = "") -> str:
    """The same of what was counted no further than to one more than `most`: “more than 10,000 installations”."""
    return f"more than {counted(most, one, many)}" if number > most else counted(number, one, many)


def span_in_words(span: timedelta) -> str:
    """A span as somebody sets it: beyond 24 hours in days, else in the largest unit that fits. Not for none at all."""
    seconds = int(span.total_seconds())
    if seconds > 86400:
        return counted(seconds // 86400, "day")
    unit, size = next((unit, size) for unit, size in (("hour", 3600), ("minute", 60), ("second", 1)) if seconds >= size)
    return counted(seconds // size, unit)


def seconds_in_words(seconds: float) -> str:
    return "1 second" if math.isclose(seconds, 1) else f"{seconds:g} seconds"


def measured_in_words(span: timedelta) -> str:
    """A span as a clock took it, in its two largest units: "4 min 12 s", "3 d 2 h"."""
    seconds = max(int(span.total_seconds()), 0)
    sizes = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    parts = []
    for unit, size in sizes:
        count, seconds = divmod(seconds, size)
        parts.append((count, unit))
    first = next((place for place, (count, _) in enumerate(parts) if count), len(parts) - 1)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2])


def distance_in_words(when: datetime, now: datetime) -> str:
    """How long ago, or how soon. Both in the reader's zone: what is yesterday depends on where the reader's midnight
    is."""
    distance = abs(now - when)
    if distance < timedelta(minutes=1):
        return "just now" if when <= now else "in a moment"
    days = abs((now.date() - when.date()).days)
    if distance < timedelta(hours=1):
        span = counted(distance.seconds // 60, "minute")
    elif days == 0 or distance < timedelta(hours=6):
        span = counted(distance.seconds // 3600, "hour")
    elif days == 1:
        return "yesterday" if when < now else "tomorrow"
    elif days < 7:
        span = counted(days, "day")
    else:
        return shown(when, "DAY" if when.year == now.year else "DATE_FORMAT")
    return f"{span} ago" if when < now else f"in {span}"


def moment_in_words(moment: datetime) -> str:
    """For those who read it later and elsewhere."""
    return f"{kept(moment.astimezone(UTC), 'DATETIME_AT')} UTC"
