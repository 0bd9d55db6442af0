"""Addresses by the names of pages, as `django.urls.reverse` makes them, for pages that draw hundreds of them.

A row of a list has up to six, and Django looks through the patterns of a name anew for each. Here it is asked once for
each page and kind of keys, with marks in their place; what stands there from then on is each row's own key.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.urls import get_script_prefix, get_urlconf, reverse

# Of keys whose every value has the same form: neither is quoted in an address, and each fits wherever one of them does.
MARKS: dict[type, str] = {UUID: "00000000-0000-4000-8000-0000000{:05}", int: "9070605040{:05}"}


def address_of(url_name: str, *args: object) -> str:
    """As `reverse(url_name, args=args)`, which raises of a wrong name."""
    parts = _parts(url_name, _kinds(args), get_urlconf(), get_script_prefix())
    return _filled(parts, args) if parts else reverse(url_name, args=args)


def addresses_of(url_name: str, *args: object, kind: type = UUID) -> Callable[[Any], str]:
    """What makes the addresses of a page's rows, each of which is told by the last of its keys. The URL conf and the
    prefix are asked for once, and not for each row."""
    parts = _parts(url_name, (*_kinds(args), kind), get_urlconf(), get_script_prefix())
    if not parts:
        return lambda key: reverse(url_name, args=(*args, key))
    before, after = _filled(parts[:-1], args), parts[-1]
    return lambda key: f"{before}{key}{after}"


def near(address: str, page: str) -> str:
    """The same as the page of that path may write it, where the address is below it or next to it: a list of fifty rows
    has two hundred that begin alike."""
    above = f"{page.rstrip('/').rpartition('/')[0]}/"
    if address.startswith(page):
        return address.removeprefix(page)
    return f"../{address.removeprefix(above)}" if address.startswith(above) else address


def _kinds(args: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(type(arg) if type(arg) in MARKS else arg for arg in args)


def _filled(parts: tuple[str, ...], args: tuple[object, ...]) -> str:
    keys = (str(arg) for arg in args if type(arg) in MARKS)
    return parts[0] + "".join(map(str.__add__, keys, parts[1:]))


@lru_cache(maxsize=2048)
def _parts(url_name: str, kinds: tuple[object, ...], urlconf: str | None, prefix: str) -> tuple[str, ...]:
    """What stands before, between and behind the keys; none where another part of the address looks like a mark.
    `reverse` asks for the URL conf and the prefix by itself: they are here to be told apart."""
    marked = [MARKS[kind].format(place) if isinstance(kind, type) else kind for place, kind in enumerate(kinds)]
    left, parts = reverse(url_name, args=marked), list[str]()
    for kind, mark in zip(kinds, marked, strict=True):
        if not isinstance(kind, type):
            continue
        before, *behind = left.split(str(mark))
        if len(behind) != 1:
            return ()
        parts.append(before)
        left = behind[0]
    return (*parts, left)
