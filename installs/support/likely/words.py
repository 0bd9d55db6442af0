"""How likely causes speak: of moments, of how often, and of what somebody did."""

from datetime import datetime

from django.utils import timezone

from installs.support.likely.refusals import Refusals
from linnapp.moments import shown
from linnapp.words import counted


def on(moment: datetime | None) -> str:
    """In the reader's zone, for support on the page."""
    return f"on {shown(moment or timezone.now(), 'DAY_LONG_AT')}"


def since_when(moment: datetime | None) -> str:
    return on(moment).removeprefix("on ")


def how_often(found: Refusals) -> str:
    """Of exchanges or calls that were refused."""
    what = found.newest.get_asked_display()
    from_where = f", from {' and '.join(found.addresses[:3])}" if found.addresses else ""
    more = " and others" if len(found.addresses) > 3 else ""
    number = counted(found.count, f"{what} was", f"{what}s were")
    number = f"At least {number}" if found.is_least else number
    return f"{number} refused since {since_when(found.since)}{from_where}{more}; the last {on(found.newest.last_at)}."


def ended(sentence: str) -> str:
    """With its full stop, where somebody else wrote it."""
    text = sentence.strip()
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."
