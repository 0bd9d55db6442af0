"""Rows of what was refused, as support and a team read them, and of the other lists of the console: made by functions,
as those of `installs_rows`."""

from collections.abc import Callable, Iterable
from uuid import UUID

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString

from installs.exchange.refused import Line
from installs.models import Delivery, Installation
from installs.templatetags.installs_rows import STATES, hidden
from linnapp.models import Application
from linnapp.moments import shown
from linnapp.pages import ListPage
from linnapp.quick_addresses import address_of, addresses_of
from linnapp.templatetags.names import bdi, drawn
from linnapp.templatetags.portal import logo, moment, state_of, version_of
from linnapp.words import with_commas

register = template.Library()
UNKNOWN = '<span class="muted">not known</span>'


@register.simple_tag(takes_context=True)
def refused_rows(context: Context, lines: Iterable[Line]) -> SafeString:
    """Of an application, as its team reads it."""
    application: Application = context["application"]
    activity = address_of("application_activity", application.account.slug, application.pk)
    draw = Refused(context["list"])
    return SafeString("".join(draw.for_team(line, activity) for line in lines))


@register.simple_tag(takes_context=True)
def refused_rows_for_support(context: Context, lines: Iterable[Line]) -> SafeString:
    draw = Refused(context["list"])
    return SafeString("".join(map(draw.for_support, lines)))


@register.simple_tag
def never_connected_rows(rows: Iterable[tuple[Installation, Delivery | None]]) -> SafeString:
    installation, application = addresses_of("support_installation"), addresses_of("support_application")
    postbacks = addresses_of("support_postbacks")
    return SafeString(
        "".join(
            f'<tr><th scope="row"><a href="{installation(row.pk)}">{bdi(row.account)}'
            f'<span class="visually-hidden">, {bdi(row.application)}</span></a></th>'
            f'<td data-label="Application"><a href="{application(row.application.pk)}">{bdi(row.application)}</a></td>'
            f'<td data-label="Developer">{bdi(row.application.account)}</td>'
            f'<td data-label="State">{state_of(row)}</td>'
            f'<td data-label="Installed">{moment(row.installed_at)}</td>'
            f'<td data-label="Postback" class="words">{_postback(postback, postbacks(row.pk))}</td></tr>\n'
            for row, postback in rows
        )
    )


@register.simple_tag
def console_rows(installations: Iterable[Installation], of_application: bool) -> SafeString:
    """The newest installations of an application, or of an account."""
    address = addresses_of("support_installation")
    return SafeString("".join(_in_console(row, address, of_application=of_application) for row in installations))


def _in_console(row: Installation, address: Callable[[UUID], str], *, of_application: bool) -> str:
    if of_application:
        head = f'<a href="{address(row.pk)}">{bdi(row.account)}</a>'
    else:
        link = f'<a href="{address(row.pk)}">{bdi(row.application)}</a>'
        head = f'<span class="with-logo">{logo(row.application, 24)}{link}</span>'
    return (
        f'<tr><th scope="row">{head}</th>'
        f'<td data-label="Version">{drawn(version_of(row))}</td>'
        f'<td data-label="State">{state_of(row)}</td>'
        f'<td data-label="Installed">{moment(row.installed_at)}</td>'
        f'<td data-label="Last used">{moment(row.last_used_at, "never connected")}</td></tr>\n'
    )


class Refused:
    """What the rows of one page share."""

    def __init__(self, page: ListPage) -> None:
        self.by_cause, self.by_address = page.narrowing("cause"), page.narrowing("address")
        self.by_application = page.narrowing("application")
        self.explained = page.narrowing("reference", q=None)
        self.installation = addresses_of("support_installation")

    def for_team(self, line: Line, activity: str) -> str:
        account = UNKNOWN
        if row := line.installation:
            account = f'<a href="{activity}?installation={row.pk}">{bdi(row.account)}</a>'
        several = '<span class="muted">several</span>'
        return self._row(
            line,
            f'{self._cause(line, named=not line.is_proven)}<td data-label="Account" class="words name">{account}</td>',
            several,
        )

    def for_support(self, line: Line) -> str:
        application = account = UNKNOWN
        if of := line.application:
            application = f'<a href="{drawn(self.by_application(of.pk))}">{bdi(of)}</a>'
        if row := line.installation:
            reference = f"?reference={drawn(line.reference)}" if line.reference else ""
            account = f'<a href="{self.installation(row.pk)}{reference}">{bdi(row.account)}</a>'
        several = "others of the hour, counted together" if line.newest.is_rest else "several"
        return self._row(
            line,
            f"{self._cause(line, named=line.application is not None and not line.is_proven)}"
            f'<td data-label="Application" class="words name">{application}</td>'
            f'<td data-label="Account" class="words name">{account}</td>',
            f'<span class="muted">{several}</span>',
        )

    def _row(self, line: Line, told: str, several: str) -> str:
        address = several
        if line.newest.address:
            link = drawn(self.by_address(line.newest.address))
            address = f'<a href="{link}">{drawn(line.newest.address)}</a>'
        often = with_commas(line.count)
        if line.since != line.newest.hour:
            often += f" <small>since {shown(line.since, 'DAY_CLOCK')}</small>"
        reference = '<span class="muted">none</span>'
        if line.reference:
            link = drawn(self.explained(line.reference))
            reference = f'<a href="{link}">Explain{hidden(drawn(line.cause))}</a>'
        return (
            f'<tr><th scope="row">{moment(line.newest.last_at)}</th>{told}'
            f'<td data-label="From" class="words">{address}</td>'
            f'<td data-label="How often" class="number">{often}</td>'
            f'<td data-label="Reference" class="words">{reference}</td></tr>\n'
        )

    def _cause(self, line: Line, *, named: bool) -> str:
        shown = f'<a href="{drawn(self.by_cause(line.newest.reason))}">{drawn(line.cause)}</a>'
        if named:
            shown += " <small>named, not proven</small>"
        if line.fix:
            shown += f"<br><small>{drawn(line.fix)}</small>"
        return f'<td data-label="Cause and what to do" class="sentence">{shown}</td>'


def _postback(postback: Delivery | None, address: str) -> str:
    if not postback:
        return '<span class="muted">none: the customer hands the token over</span>'
    shown = f'<a href="{address}">{drawn(STATES[postback.state])}</a>'
    if postback.outcome and postback.state != Delivery.State.DELIVERED:
        shown += f" <small>{drawn(postback.outcome)}</small>"
    return shown
