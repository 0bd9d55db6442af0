"""The record as one reader reads it: the person it concerns, the Owners of their team, the platform."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

from django.db import connections
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from linnapp import kinds
from linnapp.models import Account, AuditEntry, User
from linnapp.models.timeline import TimelineEntryQuerySet
from linnapp.moments import shown
from linnapp.names import isolated
from linnapp.pages import Column
from linnapp.timeline import Line, Side, line
from linnapp.timeline_filter import OF_RECORD, TimelineFilter
from linnapp.timeline_pages import TimelinePage
from linnapp.words import counted

KEPT = "Lines are kept for 400 days."
PERSON_IS_NOT_TOLD = f"Not shown here: which member of this portal's staff changed what you may do. {KEPT}"
OWNERS_ARE_NOT_TOLD = (
    "Not shown here: the network addresses from which your people sign in, what they do in other accounts, and "
    f"anything before they joined. {KEPT}"
)
LATEST = 10


@dataclass(frozen=True)
class RecordLine(Line):
    """`network` is "" for a reader who is not told where somebody sat."""

    person: str = ""
    network: str = ""
    device: str = ""
    count: int = 1
    last_at: Any = None


class RecordFilter(TimelineFilter):
    """`networks`: whether words look into network addresses, which not every reader is told."""

    def __init__(self, *args: Any, networks: bool, **options: Any) -> None:
        self.networks = networks
        super().__init__(*args, **options)

    def by_words(self, queryset: TimelineEntryQuerySet, name: str, value: str) -> TimelineEntryQuerySet:
        text = value.strip()
        own = Q(person_name__icontains=text) | Q(device__icontains=text)
        if self.networks:
            own |= Q(network__startswith=text)
        found = super().by_words(queryset, name, value) | queryset.filter(own)
        if connections[queryset.db].vendor != "sqlite":
            return found
        # By their keys, of which an index tells whose they are: of two sides of an OR SQLite reads every line there is.
        return found.filter(pk__in=queryset.order_by().values("pk"))


class RecordPage(TimelinePage):
    """As a timeline is, with device and network beside each sentence."""

    hint = "Name or device"

    def __init__(self, request: HttpRequest, *args: Any, networks: bool, **options: Any) -> None:
        self.networks = networks
        filters = partial(RecordFilter, networks=networks)
        super().__init__(request, *args, reader=None, filters=filters, columns=_columns(networks), **options)

    def lines(self, entries: Iterable[Any]) -> list[Line]:
        return list(lines(entries, networks=self.networks, accounts=self.networks))


def of_person(request: HttpRequest, person: User) -> RecordPage:
    return RecordPage(
        request,
        AuditEntry.objects.concerning(person),
        choices=OF_RECORD,
        name="record",
        not_told=PERSON_IS_NOT_TOLD,
        networks=True,
    )


def of_team(request: HttpRequest, account: Account) -> RecordPage:
    """For its Owners."""
    return RecordPage(
        request,
        AuditEntry.objects.of_team(account),
        choices=OF_RECORD,
        name=f"record-of-{account.slug}",
        not_told=OWNERS_ARE_NOT_TOLD,
        networks=False,
    )


def latest(person: User) -> list[RecordLine]:
    return lines(AuditEntry.objects.concerning(person).newest_first()[:LATEST], networks=True, accounts=True)


def lines(entries: Iterable[Any], *, networks: bool, accounts: bool) -> list[RecordLine]:
    """As people are told, each on the side that it was done on. `accounts`: whether a line names the account that it
    happened in, as on a page of that account it need not."""
    return [_line(entry, networks=networks, accounts=accounts) for entry in entries]


def sentence_of(entry: AuditEntry, reader: Side) -> str:
    return line(_with_member(entry), reader).sentence


def _line(entry: AuditEntry, *, networks: bool, accounts: bool) -> RecordLine:
    told = line(_with_member(entry), Side(entry.facts.get("on_side") or Side.CUSTOMER))
    network = entry.network if networks else ""
    beside = (
        told.account if accounts and told.account not in told.sentence else "",
        entry.device,
        network and f"from {network}",
        f"{counted(entry.count, 'time')} until {_clock(entry.last_at)}" if entry.count > 1 else "",
    )
    own: dict[str, Any] = {field.name: getattr(told, field.name) for field in fields(told)}
    own["sentence"] = ", ".join([told.sentence, *(isolated(text) for text in beside if text)])
    own |= {"network": network, "device": entry.device, "count": entry.count, "last_at": entry.last_at}
    return RecordLine(**own, person=entry.person_name)


def _with_member(entry: AuditEntry) -> AuditEntry:
    """Whom it concerns is written down once, in a column."""
    entry.facts = {"member": entry.person_name, **entry.facts}
    return entry


def _clock(moment: Any) -> str:
    return shown(moment, "TIME_FORMAT")


def _columns(networks: bool) -> tuple[Column, ...]:
    zone = timezone.get_current_timezone()
    columns = (
        Column("When", lambda told: told[0].at.astimezone(zone)),
        Column("What", lambda told: told[0].sentence),
        Column("Whom it concerns", lambda told: told[0].person),
        Column("Account", lambda told: told[0].account),
        Column("By", lambda told: told[0].who if "{who}" in kinds.known(told[0].kind).sentence else ""),
        Column("Device", lambda told: told[0].device),
        Column("Network address", lambda told: told[0].network),
        Column("Times", lambda told: told[0].count),
        Column("Until", lambda told: told[0].last_at.astimezone(zone)),
    )
    return columns if networks else tuple(column for column in columns if column.label != "Network address")
