"""How the admin puts lists together: the rooms of its first page and sidebar, and cells that say what they hold."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.utils.html import escape, strip_tags
from django.utils.safestring import SafeString, mark_safe

from linnapp.admin_rooms import Rooms, rooms_of

register = template.Library()
CELL = re.compile(r"<t[dh]\b")


@register.simple_tag
def rooms(apps: Iterable[Mapping[str, Any]] | None) -> Rooms:
    return rooms_of(apps or ())


@register.simple_tag
def labelled(cells: Iterable[SafeString], headers: Iterable[Mapping[str, Any]]) -> SafeString:
    """The cells of a row of a list, each with the heading of its column, which a phone shows beside it."""
    return mark_safe("".join(_labelled(str(cell), header) for cell, header in zip(cells, headers, strict=True)))


def _labelled(cell: str, header: Mapping[str, Any]) -> str:
    """Both are markup of Django's own, the heading's text escaped here."""
    text = strip_tags(str(header["text"])).strip()
    label = escape(text[:1].upper() + text[1:])
    return CELL.sub(lambda tag: f'{tag.group()} data-label="{label}"', cell, count=1) if label else cell
