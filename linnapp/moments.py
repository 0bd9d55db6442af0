"""Moments as readers see them: in their locale, which their browser names, and in their time zone. This and the names
of `linnapp.formats` are the one place that writes dates; only what machines read is written by others."""

from datetime import date, datetime
from functools import lru_cache

from django.utils import timezone
from django.utils.formats import get_format
from django.utils.translation import get_language
from django.utils.translation.trans_real import parse_accept_lang_header

BRITISH, AMERICAN = "en", "en-us"
# What a letter of Django's formats is to `str.format`, of the moment and its hour on a clock of twelve.
LETTERS = {
    "j": "{0.day}", "D": "{0:%a}", "l": "{0:%A}", "M": "{0:%b}", "F": "{0:%B}", "Y": "{0.year:04}",
    "H": "{0.hour:02}", "g": "{1}", "i": "{0.minute:02}", "s": "{0.second:02}", "A": "{0:%p}",
}  # fmt: skip


def locale_of(accepted: str) -> str:
    """The locale for a browser that accepts these languages (Accept-Language). Only what it prefers to all others
    counts: a browser in German names American English too, behind German."""
    preferred = parse_accept_lang_header(accepted[:500])
    return AMERICAN if preferred and preferred[0][0] == AMERICAN else BRITISH


def shown(when: date, name: str) -> str:
    """A day, or a moment in the reader's zone, in the format of that name, to whoever asks for this page."""
    local = timezone.localtime(when) if isinstance(when, datetime) else when
    return _in(get_language() or BRITISH, local, name)


def kept(when: date, name: str) -> str:
    """For mails, and for texts that are stored: others read them later, by whatever locale. In the zone it carries."""
    return _in(BRITISH, when, name)


def _in(locale: str, when: date, name: str) -> str:
    hour = when.hour % 12 or 12 if isinstance(when, datetime) else 0
    return _pattern(locale, name).format(when, hour)


@lru_cache(maxsize=128)
def _pattern(locale: str, name: str) -> str:
    """Worked out once: rows of lists have two moments each, and Django reads a format letter by letter each time."""
    letters = iter(get_format(name, lang=locale))
    return "".join(next(letters) if letter == "\\" else LETTERS.get(letter, letter) for letter in letters)
