"""Filling `[{TOKEN}]` and `[{TRACKING}]` in a PostbackUrl: protocol.md sections 3 and 5."""

import re
from urllib.parse import quote

from linnapp.manifest import TOKEN, TRACKING

# A path with one of these as a segment of its own would lead to another path of the same host.
_DOTS = {".", ".."}


def fill(url: str, *, token: str, tracking: str) -> str:
    """The address with its placeholders filled in, each value URL-encoded whole: it cannot end the place it stands in.

    Tracking comes with the installation link, from whoever wrote that, so that it may hold anything.
    """
    if TOKEN not in url and TRACKING not in url:
        return url
    where, mark, rest = re.split(r"([?#]|$)", url, maxsplit=1)
    segments = "/".join(_segment(segment, token, tracking) for segment in where.split("/"))
    return segments + mark + _filled(rest, token, tracking)


def _segment(segment: str, token: str, tracking: str) -> str:
    filled = _filled(segment, token, tracking)
    return "" if filled in _DOTS and filled != segment else filled


def _filled(text: str, token: str, tracking: str) -> str:
    return text.replace(TOKEN, quote(token, safe="")).replace(TRACKING, quote(tracking, safe=""))
