"""The rows of the longest lists, put together by functions: a template of fifty rows takes five times as long."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django import template
from django.template.context import Context
from django.utils import timezone
from django.utils.safestring import SafeString

from installs.installations import moving
from installs.models import Delivery, Installation
from linnapp.frames import Frame
from linnapp.models import Account, Application
from linnapp.moments import shown
from linnapp.names import isolated
from linnapp.quick_addresses import address_of, addresses_of, near
from linnapp.templatetags.names import bdi, drawn
from linnapp.templatetags.portal import copy, copy_above, logo, moment, pill, state_of, version_of
from linnapp.words import counted

register = template.Library()
EVENTS: dict[str, str] = dict(Delivery.EVENTS)
STATES: dict[str, str] = dict(Delivery.State.choices)


@register.simple_tag(takes_context=True)
def installation_rows(context: Context, rows: Iterable[Any]) -> SafeString:
    """Of the Installations tab."""
    draw = OfApplication(context["application"], context["frame"], context["request"].path)
    return SafeString("".join(map(draw.row, rows)))


@register.simple_tag(takes_context=True)
def postback_rows(context: Context, rows: Iterable[Delivery]) -> SafeString:
    """Of the Postbacks tab."""
    application: Application = context["application"]
    address = addresses_of("postback_detail", application.account.slug, application.pk)
    narrowed = f"{drawn(context['request'].path)}?installation="
    return SafeString("".join(_postback(row, address(row.pk), narrowed) for row in rows))


@register.simple_tag(takes_context=True)
def my_app_rows(context: Context, rows: Iterable[Any]) -> SafeString:
    """Of My apps."""
    draw = OfAccount(context["account"], context["frame"])
    return SafeString("".join(map(draw.row, rows)))


@register.simple_tag
def event_name(delivery: Delivery) -> str:
    """What was sent."""
    if delivery.is_test:
        return SafeString(f"{pill('development', 'Test')}{' event' if delivery.is_event else ''}")
    name = drawn(EVENTS.get(delivery.event, delivery.event))
    number = f' <small class="muted">event {drawn(delivery.number)}</small>' if delivery.is_event else ""
    return SafeString(f"{name}{number}")


@register.simple_tag
def next_attempt(delivery: Delivery) -> str:
    """When it is tried next."""
    if delivery.is_being_sent:
        return "now"
    if delivery.state == Delivery.State.HELD:
        return SafeString('<span class="muted">held</span>')
    if delivery.is_over:
        return SafeString('<span class="muted">none</span>')
    return "at once" if delivery.is_due else moment(delivery.next_attempt_at)


@register.simple_tag
def period(begin: datetime, end: datetime) -> str:
    """From one moment to another, in the reader's zone."""
    first, last = timezone.localtime(begin), timezone.localtime(end)
    until = shown(last, "TIME_FORMAT" if first.date() == last.date() else "DAY_CLOCK")
    return f"{shown(first, 'DAY_CLOCK')} to {until}"


class OfApplication:
    """What the rows of one page of the Installations tab share."""

    def __init__(self, application: Application, frame: Frame, page: str) -> None:
        def of(url_name: str) -> Callable[[UUID], str]:
            whole = addresses_of(url_name, application.account.slug, application.pk)
            return lambda key: near(whole(key), page)

        self.frame = frame
        activity = address_of("application_activity", application.account.slug, application.pk)
        self.activity = f"{near(activity, page)}?installation="
        self.end, self.rotate = of("application_sessions_end"), of("application_token_rotate")
        self.reveal = of("application_token_reveal")
        self.switch = addresses_of("installation_switch", application.account.slug)

    def row(self, row: Any) -> str:
        one: Installation = row.installation
        name = bdi(one.account)
        # Where Reveal comes back to.
        at = f' id="i-{one.pk}"' if row.token else ""
        return (
            f'<tr{at}><th scope="row"><a href="{self.activity}{one.pk}">{name}</a></th>'
            f'<td data-label="Version">{self._version(row, one)}</td>'
            f'<td data-label="State">{state_of(one)}</td>'
            f'<td data-label="Installed">{moment(one.installed_at)}</td>'
            f'<td data-label="Last used">{self._last_used(row, one, name)}</td>'
            f'<td data-label="Permanent token">{self._token(row, one, name)}</td></tr>\n'
        )

    def _version(self, row: Any, one: Installation) -> str:
        shown = drawn(version_of(one))
        if row.behind:
            shown += f'<span class="muted">, {row.behind} behind</span>'
        if row.may_switch and self.frame.may_own:
            shown += f' <a href="{self.switch(one.pk)}">Switch version</a>'
        return shown

    def _last_used(self, row: Any, one: Installation, name: str) -> str:
        shown = drawn(moment(one.last_used_at, "never connected"))
        if row.sessions:
            shown += f"<br><small>{counted(row.sessions, 'session')}"
            if self.frame.may_edit:
                shown += f' <a href="{self.end(one.pk)}">End{hidden(f"the sessions of {name}")}</a>'
            shown += "</small>"
        if row.postback:
            shown += f"<br><small>its postback: {drawn(STATES[row.postback.state].lower())}</small>"
        if row.to_send:
            what = f"<summary>What to send{hidden(name)}</summary><pre>{drawn(row.to_send)}</pre>"
            shown += f"<details>{what}{copy_above('the message')}</details>"
        return shown

    def _token(self, row: Any, one: Installation, name: str) -> str:
        of_whom = hidden(f"the permanent token of {name}")
        if row.token:
            button = copy(row.token, what="permanent token", word=False)
            shown = f'<span class="ident whole"><code>{drawn(row.token)}</code>{button}</span> '
        elif row.tail:
            shown = f"<code>{drawn(row.tail)}</code>{self._reveal(one)} "
            if row.may_rotate and not row.old_tail and self.frame.may_edit:
                shown += f'<a href="{self.rotate(one.pk)}">Rotate{of_whom}</a>'
        else:
            shown = '<span class="muted">ended</span> '
        if row.old_tail:
            words = "Rotating"
            if self.frame.may_edit:
                words = f'<a href="{self.rotate(one.pk)}">Rotating{of_whom}</a>'
            shown += f"<br><small>old: <code>{drawn(row.old_tail)}</code> {words}</small>"
        return shown

    def _reveal(self, one: Installation) -> str:
        if not self.frame.may_reveal:
            return ""
        label = drawn(f"Reveal the permanent token of {isolated(str(one.account))}")
        return f' <button class="link" formaction="{self.reveal(one.pk)}" aria-label="{label}">Reveal</button>'


def _postback(row: Delivery, address: str, narrowed: str) -> str:
    if row.installation:
        account = f'<a href="{narrowed}{row.installation_id}">{bdi(row.installation.account)}</a>'
    else:
        account = f'<span class="muted">{"none" if row.is_test else "whole application"}</span>'
    attempts = row.attempt_count  # type: ignore[attr-defined]
    breaks = ' class="words"' if len(row.host) < 30 else ""
    outcome = drawn(row.outcome) if row.outcome else '<span class="muted">not tried yet</span>'
    return (
        f'<tr><th scope="row"><a href="{address}">{moment(row.created_at)}</a></th>'
        f'<td data-label="Event" class="words">{event_name(row)}</td>'
        f'<td data-label="Account" class="words name">{account}</td>'
        f'<td data-label="Host"{breaks}>{drawn(row.host)}</td>'
        f'<td data-label="State">{pill("being_sent" if row.is_being_sent else row.state)}</td>'
        f'<td data-label="Last outcome" class="sentence">{outcome}</td>'
        f'<td data-label="Attempts" class="number">{attempts}</td>'
        f'<td data-label="Next attempt" class="words">{next_attempt(row)}</td></tr>\n'
    )


class OfAccount:
    """What the rows of one page of My apps share."""

    def __init__(self, account: Account, frame: Frame) -> None:
        self.may_own = frame.may_own
        self.detail = addresses_of("installation_detail", account.slug)
        self.update = addresses_of("installation_update", account.slug)
        self.report = addresses_of("application_report", account.slug)

    def row(self, row: Any) -> str:
        one: Installation = row.installation
        name = bdi(one.application.name)
        version, used = drawn(version_of(one)), drawn(moment(one.last_used_at))
        if row.available and not row.may_update:
            version += f" <small>{drawn(row.available.label)} is available</small>"
        if row.to_do:
            used += f"<br><small>{drawn(row.to_do)}</small>"
        link = f'{logo(one.application, 24)}<a href="{self.detail(one.pk)}">{name}</a>'
        return (
            f'<tr><th scope="row"><span class="with-logo">{link}</span></th>'
            f'<td data-label="Publisher" class="publisher">{bdi(one.application.account.name)}</td>'
            f'<td data-label="Version">{version}</td>'
            f'<td data-label="State">{state_of(one)}</td>'
            f'<td data-label="Last used">{used}</td>'
            f'<td data-label="Installed">{moment(one.installed_at)}</td>'
            f'<td class="number">{self._acts(row, one, name)}</td></tr>\n'
        )

    def _acts(self, row: Any, one: Installation, name: str) -> str:
        shown = ""
        if self.may_own and not one.is_on_own_account:
            report = f"Report{hidden(f'the application {name}')}"
            shown = f'<small><a href="{self.report(one.application_id)}">{report}</a></small> '
        if row.may_update:
            words = f"{drawn(moving.words_of(one, row.available))}{hidden(f'of {name}')}"
            shown += f'<a role="button" class="secondary" href="{self.update(one.pk)}">{words}</a>'
        return shown


def hidden(text: str) -> str:
    """HTML that is said to those who cannot see which row a link stands in."""
    return f'<span class="visually-hidden"> {text}</span>'
