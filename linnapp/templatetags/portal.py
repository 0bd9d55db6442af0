"""What every page draws the same way: icons, states, moments, identifiers, logos, fields and entries of the frame."""

import hashlib
import re
import unicodedata
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django import template
from django.db.models import Choices
from django.forms import BaseForm, BoundField
from django.template.context import Context
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from lucide.templatetags.lucide import lucide

from linnapp.models import Membership, User
from linnapp.moments import shown
from linnapp.pages import ListPage, installation_url
from linnapp.quick_addresses import address_of
from linnapp.words import counted, distance_in_words

register = template.Library()


class State(NamedTuple):
    word: str
    icon: str
    tone: str


# By the lower-case name of the state. A tone is a pair of colours in portal.css.
STATES = {
    "active": State("Active", "circle-check", "active"),
    "draft": State("Draft", "pencil", "neutral"),
    "live": State("Live", "circle-check", "active"),
    "listed": State("Listed", "store", "active"),
    "installed": State("Installed", "circle-check", "active"),
    "newest": State("Newest", "circle-check", "active"),
    "working": State("Working", "circle-check", "active"),
    "delivered": State("Delivered", "circle-check", "active"),
    "accepted": State("Accepted", "circle-check", "active"),
    "verified": State("Verified", "badge-check", "active"),
    "open": State("Open", "circle-dot", "waiting"),
    "answered": State("Answered", "circle-check", "waiting"),
    "solved": State("Solved", "circle-check", "active"),
    "waiting": State("Waiting", "clock", "waiting"),
    "due": State("Waiting", "clock", "waiting"),
    "being_sent": State("Being sent", "send", "waiting"),
    "pending": State("Waiting", "clock", "waiting"),
    "in_review": State("In review", "clock", "waiting"),
    "never_connected": State("Never connected", "unplug", "waiting"),
    "suspended": State("Suspended", "circle-pause", "suspended"),
    "held": State("Held", "circle-pause", "suspended"),
    "returned": State("Returned", "undo-2", "suspended"),
    "withdrawn": State("Withdrawn", "undo-2", "suspended"),
    "failed": State("Failed", "circle-x", "failed"),
    "failing": State("Failing", "circle-x", "failed"),
    "refused": State("Refused", "circle-x", "failed"),
    "stopped": State("Stopped", "circle-stop", "failed"),
    "exhausted": State("Exhausted", "circle-x", "failed"),
    "untested": State("Not tested", "circle-dot", "neutral"),
    "disabled": State("Disabled", "circle-minus", "neutral"),
    "uninstalled": State("Uninstalled", "circle-minus", "neutral"),
    "unlisted": State("Unlisted", "eye-off", "neutral"),
    "retired": State("Retired", "archive", "neutral"),
    "released": State("Released", "tag", "neutral"),
    "deprecated": State("Deprecated", "circle-minus", "neutral"),
    "expired": State("Expired", "circle-minus", "neutral"),
    "development": State("Development", "flask-conical", "development"),
    "changed": State("Changed", "pencil", "development"),
    "new": State("New", "plus", "development"),
}
MESSAGES = {
    "success": ("active", "circle-check"),
    "warning": ("waiting", "triangle-alert"),
    "error": ("failed", "circle-alert"),
}
# White text on each is at least 6:1.
LOGO_COLOURS = (
    "#B23434", "#865727", "#63631D", "#456B1F", "#206F20", "#206F47",
    "#1F6B6B", "#2D639A", "#3939C6", "#7F39C6", "#A22FA2", "#AE3270",
)  # fmt: skip
SHOWN_WHOLE = 13
COMMON_TO_ICONS = ' fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'
BETWEEN_SHAPES = re.compile(r"\s*\n\s*")
CURRENT = SafeString(' aria-current="page"')


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, size: int = 16) -> SafeString:
    """What all have in common stands once in the style sheets, at `.icon`, and not in each of the hundred of a page."""
    drawn = lucide(str(name), size=size, **{"class": "icon", "aria-hidden": "true"})
    return SafeString(BETWEEN_SHAPES.sub("", drawn.replace(COMMON_TO_ICONS, "")).replace(" />", "/>"))


@register.simple_tag
def pill(state: object, word: str = "") -> SafeString:
    """A state the page does not know is shown in grey, in its own words."""
    shown = _state(state)
    return _pill(shown.tone, shown.icon, word or shown.word)


# Typed: a text that is HTML and one that only looks like it are equal.
@lru_cache(maxsize=512, typed=True)
def _pill(tone: str, icon_name: str, word: str) -> SafeString:
    return format_html('<span class="pill" data-tone="{}">{}{}</span>', tone, icon(icon_name, 12), word)


@register.simple_tag
def state_of(installation: Any) -> SafeString:
    """The state that a reader is shown, and by whom it is suspended."""
    drawn, whom = pill(installation.shown_state), installation.suspended_by
    return format_html("{} <small>{}</small>", drawn, whom) if whom else drawn


@register.simple_tag
def version_of(installation: Any) -> SafeString | str:
    """The version that it is on; the Development Version and a withdrawn one are marked."""
    version = installation.version
    if version.is_development:
        return pill("development", "Development Version")
    return format_html("{} {}", version.label, pill("withdrawn")) if version.withdrawn_at else str(version.label)


def _state(state: object) -> State:
    name = str(state.value) if isinstance(state, Choices) else str(state)
    if known := STATES.get(name.lower().replace(" ", "_")):
        return known
    label = str(state.label) if isinstance(state, Choices) else name.replace("_", " ").capitalize()
    return State(label, "circle-dot", "neutral")


@register.filter
def message_tone(level: str) -> str:
    return MESSAGES.get(level, ("neutral", ""))[0]


@register.filter
def message_icon(level: str) -> str:
    return MESSAGES.get(level, ("", "info"))[1]


@register.filter
def breaks_at_sign(address: str) -> SafeString:
    """An e-mail address that is broken before its @ where it does not fit, and not in a word."""
    name, _, host = address.rpartition("@")
    return format_html("{}<wbr>@{}", name, host)


@register.simple_tag
def moment(when: datetime | None, never: str = "never") -> str:
    """How long ago, or how soon, in words; the exact time in the reader's zone stands in the title."""
    if when is None:
        return never
    zone = timezone.get_current_timezone()
    local, now = when.astimezone(zone), timezone.now().astimezone(zone)
    exact = f"{shown(when, 'DATETIME_EXACT')} {_name_of(zone)}"
    # Two for each row of most lists: nothing else in it needs to be escaped.
    return SafeString(f'<time datetime="{local.isoformat()}" title="{exact}">{distance_in_words(local, now)}</time>')


@lru_cache(maxsize=1024)
def _name_of(zone: tzinfo) -> SafeString:
    return escape(zone.tzname(None) or str(zone))


@register.filter(name="counted")
def counted_in_words(number: int, nouns: str) -> str:
    """`{{ n|counted:"installation" }}`, or both forms: `{{ n|counted:"account has,accounts have" }}`."""
    one, _, many = nouns.partition(",")
    return counted(number, one, many)


# Pieces that stand in each row of a list are made here: to render a template for each takes ten times as long.


@register.simple_tag
def ident(value: object) -> SafeString:
    whole = str(value)
    short = shortened(whole)
    return format_html(
        '<span class="ident"><code title="{}">{}</code>{}</span>', whole, short, copy(whole, short, word=False)
    )


def shortened(whole: str) -> str:
    return whole if len(whole) <= SHOWN_WHOLE else f"{whole[:4]}…{whole[-4:]}"


@register.simple_tag
def copy(value: object, what: str = "", word: bool = True) -> SafeString:
    """`what` is said to those who cannot see which value the button stands beside."""
    return _copies(format_html('data-copy="{}"', str(value)), what, word)


@register.simple_tag
def copy_installation_link(application: Any) -> SafeString:
    """The Installation URL as one of a row of buttons, on pages that do not print it."""
    return format_html(
        '<button type="button" class="secondary" data-copy="{}" title="Copy the Installation URL" data-needs-script>'
        "{}Copy link</button>", installation_url(application.pk), icon("link"),
    )  # fmt: skip


def copy_above(what: str) -> SafeString:
    """The same for a long text: what stands before the button is copied, and is not sent twice."""
    return _copies(SafeString("data-copy-above"), what, word=True)


def _copies(copied: SafeString, what: str, word: bool) -> SafeString:
    return format_html(
        '<button type="button" class="copy" {} title="Copy" aria-label="Copy {}">{}{}</button>',
        copied, what, icon("copy", 14), "Copy" if word else "",
    )  # fmt: skip


@register.simple_tag
def logo(application: Any, size: int) -> SafeString:
    if digest := application.logo_digest:
        address = address_of("logo", digest)
        return format_html('<img class="logo" src="{0}" width="{1}" height="{1}" alt="">', address, size)
    return _initials(logo_colour(application.pk), initials(application.name), size)


@lru_cache(maxsize=1024)
def _initials(colour: str, letters: str, size: int) -> SafeString:
    return format_html(
        '<svg class="logo" width="{0}" height="{0}" viewBox="0 0 100 100" aria-hidden="true">'
        '<rect width="100" height="100" rx="22" fill="{1}" /><text x="50" y="50" fill="#fff" font-size="40" '
        'font-weight="600" text-anchor="middle" dominant-baseline="central">{2}</text></svg>',
        size, colour, letters,
    )  # fmt: skip


def logo_colour(application_id: object) -> str:
    """The same for one Application ID in every process and for ever."""
    return LOGO_COLOURS[hashlib.sha256(str(application_id).encode()).digest()[0] % len(LOGO_COLOURS)]


def initials(name: str) -> str:
    words = re.findall(r"\w+", name)
    signs = [one for one in name if unicodedata.category(one) in {"So", "Cn"}]
    return "".join(word[0] for word in words[:2]).upper() or next(iter(signs), "?")


@register.simple_tag
def field(bound_field: BoundField) -> SafeString:
    return bound_field.as_field_group()


@register.inclusion_tag("portal/_error_summary.html")
def error_summary(form: BaseForm, heading: str = "There is a problem") -> dict[str, object]:
    lines = [
        (_first_input(form[name]), form[name].label, error)
        for name, errors in form.errors.items()
        if name in form.fields
        for error in errors
    ]
    return {"form": form, "heading": heading, "lines": lines}


def _first_input(bound_field: BoundField) -> str:
    # A group of radio buttons has no input of its own name: its first one is where the link leads.
    return f"{bound_field.auto_id}_0" if bound_field.use_fieldset else bound_field.id_for_label


@register.simple_tag(takes_context=True)
def entry(
    context: Context, label: str, icon_name: str, url_name: str, *args: object, key: str = "", also: str = ""
) -> SafeString:
    """An entry of the rail, current on every page below its own, and below the address `also`. `key` is the letter that
    leads there after g."""
    href = address_of(url_name, *args)
    path = context["request"].path if "request" in context else ""
    return _entry(href, label, icon_name, key=key, current=path.startswith((href, also or href)))


@register.simple_tag(takes_context=True)
def tab_link(context: Context, name: str, label: str, url_name: str) -> SafeString:
    application = context["application"]
    href = address_of(url_name, application.account.slug, application.pk)
    return _entry(href, label, "", current=context.get("tab") == name)


def _entry(href: str, label: str, icon_name: str, *, current: bool, key: str = "") -> SafeString:
    return format_html(
        '<li><a href="{}"{}{}>{}<span>{}</span></a></li>',
        href, format_html(' data-key="{}"', key) if key else "", CURRENT if current else "",
        icon(icon_name) if icon_name else "", label,
    )  # fmt: skip


@register.simple_tag
def address(url_name: str, *args: object) -> str:
    """In place of `{% url %}`: quicker, which the rows of a list need, and for a variable: `{% url … as … %}` takes a
    wrong name for an empty address, and the page loses a link without a word."""
    return address_of(url_name, *args)


@register.simple_tag
def column(page: ListPage, label: str, *keys: str) -> SafeString:
    """The head of a column that a list is sorted by, one way or both: a link to the next of these sorts, which keeps
    what the list is narrowed by."""
    at = keys.index(page.sort_key) if page.sort_key in keys else -1
    key = keys[(at + 1) % len(keys)]
    sorted_by = format_html(' aria-sort="{}"', page.sorts[page.sort_key].direction) if at >= 0 else ""
    told: str = label
    if key != page.sort_key:
        told = format_html('<a href="{}">{}</a>', page.url(sort=key, after=None), label)
    return format_html('<th scope="col"{}>{}</th>', sorted_by, told)


@register.simple_tag
def narrowed(page: ListPage, **changes: object) -> str:
    """The list's first page, narrowed by these besides what it is narrowed by; None takes one out."""
    asked = {name: None if value is None else str(value) for name, value in changes.items()}
    return page.url(**asked, after=None)


@register.simple_tag(takes_context=True)
def who(context: Context, person: User | None, account_id: UUID) -> str:
    """Who did something in this account: of staff that have no seat there, that they are staff. One query a page, and
    only where somebody of staff is named."""
    if person is None:
        return ""
    if not person.is_staff or person.pk in _staff_with_seats(context, account_id):
        return f"{person}"
    return f"{person} of this portal's staff"


def _staff_with_seats(context: Context, account_id: UUID) -> set[int]:
    request = context["request"]
    known: dict[UUID, set[int]] = request.__dict__.setdefault("_staff_with_seats", {})
    if account_id not in known:
        seats = Membership.objects.filter(account=account_id, user__is_staff=True)
        known[account_id] = set(seats.values_list("user_id", flat=True))
    return known[account_id]
