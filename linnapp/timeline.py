"""The one stream of what happened: its only writer, and its sentences for each kind of reader."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.contrib.humanize.templatetags.humanize import intcomma

from linnapp import kinds
from linnapp.actors import Actor
from linnapp.kinds import Kind
from linnapp.models import Account, Application, TimelineEntry
from linnapp.words import counted

Side = TimelineEntry.Side


class Subject(Protocol):
    """An installation, or whatever else an account has of an application."""

    @property
    def pk(self) -> UUID: ...
    @property
    def application(self) -> Application: ...
    @property
    def account(self) -> Account: ...


@dataclass(frozen=True)
class Party:
    """An application or an account by id and name, for a service that has no whole row of it at hand."""

    pk: UUID
    name: str


@dataclass(frozen=True)
class ExchangesOfHour:
    begin: datetime
    exchanges: int
    refused: int


@dataclass(frozen=True)
class Line:
    """One entry as one reader is told it. `account` and `application` are the names of where it happened; `hour` is set
    for exchanges."""

    at: datetime
    kind: str
    sentence: str
    reason: str
    subject_id: UUID | None
    account_id: UUID | None
    account: str = ""
    application: str = ""
    who: str = ""
    hour: ExchangesOfHour | None = None


def record(
    kind: Kind,
    *,
    by: Actor,
    application: Application | None = None,
    account: Account | None = None,
    subject_id: UUID | None = None,
    **facts: Any,
) -> TimelineEntry:
    """Writes one entry, in the caller's transaction. `account` is where it happened, the application's own where no
    other is named; facts: JSON, no secret."""
    if application is not None and account is None:
        account = application.account
    made = entry(kind, by=by, application=application, account=account, subject_id=subject_id, **facts)
    made.save(force_insert=True)
    return made


def record_about(subject: Subject, kind: Kind, *, by: Actor, **facts: Any) -> TimelineEntry:
    """Writes one entry about what an account has of an application: on that account, for both sides to read."""
    made = entry_about(subject, kind, by=by, **facts)
    made.save(force_insert=True)
    return made


def record_all(entries: Iterable[TimelineEntry]) -> None:
    """Writes many entries at once, in the caller's transaction."""
    TimelineEntry.objects.bulk_create(entries)


def entry_about(subject: Subject, kind: Kind, *, by: Actor, **facts: Any) -> TimelineEntry:
    """One entry, as `record_about` writes it, to be written with others by `record_all`."""
    application = subject.application
    facts.setdefault("publisher", application.account.name)
    return entry(kind, by=by, application=application, account=subject.account, subject_id=subject.pk, **facts)


def entry(
    kind: Kind,
    *,
    by: Actor,
    application: Application | Party | None = None,
    account: Account | Party | None = None,
    subject_id: UUID | None = None,
    **facts: Any,
) -> TimelineEntry:
    """One entry, as `record` writes it, to be written with others by `record_all`."""
    if told := {"side", "reason", "kind"} & facts.keys():
        raise TypeError(f"The actor brings side and reason: {', '.join(sorted(told))} cannot be a fact.")
    if application is not None:
        facts.setdefault("application", application.name)
    if account is not None:
        facts.setdefault("account", account.name)
    if by.on_side is not None:
        facts["on_side"] = by.on_side
    if by.access is not None:
        facts["access"] = str(by.access)
    if by.change is not None:
        facts["change"] = str(by.change)
    return TimelineEntry(
        kind=kind,
        application_id=application.pk if application else None,
        account_id=account.pk if account else None,
        subject_id=subject_id,
        actor_id=by.person.pk if by.person else None,
        actor_name=str(by.person) if by.person else "",
        side=by.side,
        reason=by.reason,
        facts=facts,
    )


def actor(entry: TimelineEntry, reader: Side) -> str:
    """Who acted, as this reader is told: people of the other side are named by their company only."""
    if entry.side == Side.CLIENT:
        return "the client program"
    if reader in (entry.side, Side.STAFF):
        return entry.actor_name or "the portal"
    if entry.side == Side.STAFF:
        return f"{entry.actor_name} of this portal's staff" if _is_inside_of(entry, reader) else "Support"
    if entry.side == Side.CUSTOMER:
        return str(entry.facts.get("account", "the customer"))
    return str(entry.facts.get("publisher", "the developer"))


def _is_inside_of(entry: TimelineEntry, reader: Side) -> bool:
    """Whether staff did it inside of this reader's account: nobody else is told who they were, and why they came."""
    return "access" in entry.facts and reader in (entry.facts.get("on_side"), Side.STAFF)


def line(entry: TimelineEntry, reader: Side) -> Line:
    facts = {name: intcomma(fact) if type(fact) is int else fact for name, fact in entry.facts.items()} | {
        "exchanges": counted(entry.facts.get("exchanges", 0), "exchange"),
        "addresses": counted(entry.facts.get("addresses", 0), "address", "addresses"),
        "installations": counted(entry.facts.get("installations", 0), "installation"),
    }
    who = actor(entry, reader)
    sentence = kinds.known(entry.kind).sentence.format_map(_Facts(facts, who=who))
    return Line(
        at=entry.at,
        kind=entry.kind,
        sentence=_begun(sentence),
        reason=entry.reason if "access" not in entry.facts or _is_inside_of(entry, reader) else "",
        subject_id=entry.subject_id,
        account_id=entry.account_id,
        account=str(entry.facts.get("account", "")),
        application=str(entry.facts.get("application", "")),
        who=who,
        hour=_hour(entry),
    )


def _begun(sentence: str) -> str:
    """With a capital, but for an e-mail address, which is another one then: whoever has no name goes by theirs."""
    return sentence if "@" in sentence.partition(" ")[0] else sentence[:1].upper() + sentence[1:]


def _hour(entry: TimelineEntry) -> ExchangesOfHour | None:
    begin = entry.facts.get("hour")
    if begin is None:
        return None
    return ExchangesOfHour(
        datetime.fromisoformat(begin), entry.facts.get("exchanges", 0), entry.facts.get("refused", 0)
    )


def lines(entries: Iterable[TimelineEntry], reader: Side) -> list[Line]:
    return [
        line(entry, reader)
        for entry in entries
        if reader in (entry.side, entry.facts.get("on_side"), Side.STAFF) or not kinds.known(entry.kind).own_side_only
    ]


def lines_of_account(entries: Iterable[TimelineEntry]) -> list[Line]:
    """As the account's own people are told, each on the side that it was done on: an account develops and installs."""
    return [line(entry, Side(entry.facts.get("on_side") or Side.CUSTOMER)) for entry in entries]


class _Facts(dict[str, Any]):
    """An old entry may lack a fact that today's sentence names: it is told without, never with an error."""

    def __missing__(self, key: str) -> str:
        return "…"
