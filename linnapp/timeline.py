"""The one stream of what happened: its only writer, and its sentences for each kind of reader."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from linnapp import kinds
from linnapp.actors import Actor
from linnapp.kinds import Kind
from linnapp.models import Account, Application, TimelineEntry, User
from linnapp.models.inserting import Prepared, prepared_of
from linnapp.models.timeline import Told
from linnapp.names import isolated
from linnapp.words import counted, with_commas

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
    """`by_secret`: exchanges by the key of the Application Secret, of an application as a whole."""

    begin: datetime
    exchanges: int
    refused: int
    by_secret: Mapping[str, int] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Line:
    """One entry as one reader is told it. `account` and `application` are the names of where it happened; `hour` is set
    for exchanges. `on_behalf_of` is the account in which staff did it."""

    entry_id: int
    at: datetime
    kind: str
    sentence: str
    reason: str
    subject_id: UUID | None
    account_id: UUID | None
    account: str = ""
    application: str = ""
    application_id: UUID | None = None
    who: str = ""
    on_behalf_of: str = ""
    hour: ExchangesOfHour | None = None

    @property
    def begin(self) -> datetime:
        """The moment that readers are told: an hour of exchanges is told by its begin."""
        return self.hour.begin if self.hour else self.at

    @property
    def is_letter(self) -> bool:
        """Its reason is of several lines, as a message is: it opens in place."""
        return "\n" in self.reason


@dataclass(frozen=True)
class Item:
    """`reference`: that of a refusal, which its reader may have explained."""

    text: str
    reference: str = ""

    def __str__(self) -> str:
        return f"{self.text}, reference {self.reference}" if self.reference else self.text


@dataclass(frozen=True)
class Part:
    """Of what a line opens to: a heading, and what stands under it."""

    label: str
    items: tuple[Item, ...]


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


def last_of(application: Application, *wanted: Kind) -> int:
    """The number of the last entry of these kinds about an application; 0 where there is none."""
    rows = TimelineEntry.objects.about_application(application.pk).of_kinds(*wanted).newest_first()
    return rows.values_list("pk", flat=True).first() or 0


def record_about(subject: Subject, kind: Kind, *, by: Actor, **facts: Any) -> TimelineEntry:
    """Writes one entry about what an account has of an application: on that account, for both sides to read."""
    made = entry_about(subject, kind, by=by, **facts)
    made.save(force_insert=True)
    return made


def record_all(entries: Iterable[TimelineEntry]) -> None:
    """Writes many entries at once, in the caller's transaction."""
    prepared(entries).insert()


def prepared(entries: Iterable[TimelineEntry]) -> Prepared:
    """The same, made ready before the transaction that writes them."""
    return prepared_of(TimelineEntry, entries)


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
    """One entry, as `record` writes it, to be written with others by `record_all`. A person among the facts is named
    there, and known by their number, `person`."""
    for name, fact in list(facts.items()):
        if isinstance(fact, User):
            facts |= {name: str(fact), "person": fact.pk}
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


def actor(entry: Told, reader: Side) -> str:
    """Who acted, as this reader is told: people of the other side are named by their company only."""
    if entry.side == Side.CLIENT:
        return "the client program"
    if reader in (entry.side, Side.STAFF):
        return entry.actor_name or "the portal"
    if entry.side == Side.STAFF:
        return f"{isolated(entry.actor_name)} of this portal's staff" if _is_inside_of(entry, reader) else "Support"
    if entry.side == Side.CUSTOMER:
        return str(entry.facts.get("account", "the customer"))
    return str(entry.facts.get("publisher", "the developer"))


def _is_inside_of(entry: Told, reader: Side) -> bool:
    """Whether staff did it inside of this reader's account: nobody else is told who they were, and why they came."""
    return "access" in entry.facts and reader in (entry.facts.get("on_side"), Side.STAFF)


def line(entry: Told, reader: Side) -> Line:
    facts = {name: _in_words(fact) for name, fact in entry.facts.items()} | {
        "exchanges": counted(entry.facts.get("exchanges", 0), "exchange"),
        "addresses": counted(entry.facts.get("addresses", 0), "address", "addresses"),
        "installations": counted(entry.facts.get("installations", 0), "installation"),
    }
    who = actor(entry, reader)
    sentence = kinds.known(entry.kind).sentence.format_map(_Facts(facts, who=isolated(who)))
    return Line(
        entry_id=entry.pk,
        at=entry.at,
        kind=entry.kind,
        sentence=_begun(sentence),
        reason=entry.reason if "access" not in entry.facts or _is_inside_of(entry, reader) else "",
        # What is said of an application or account itself leads to no page of its own.
        subject_id=None if entry.subject_id in (entry.application_id, entry.account_id) else entry.subject_id,
        account_id=entry.account_id,
        account=str(entry.facts.get("account", "")),
        application=str(entry.facts.get("application", "")),
        application_id=entry.application_id,
        who=who,
        on_behalf_of=_on_behalf_of(entry, reader),
        hour=_hour(entry),
    )


def _in_words(fact: Any) -> Any:
    if type(fact) is int:
        return with_commas(fact)
    return isolated(fact) if isinstance(fact, str) else fact


def _begun(sentence: str) -> str:
    """With a capital, but for an e-mail address, which is another one then: whoever has no name goes by theirs."""
    return sentence if "@" in sentence.partition(" ")[0] else sentence[:1].upper() + sentence[1:]


def _hour(entry: Told) -> ExchangesOfHour | None:
    begin = entry.facts.get("hour")
    if begin is None:
        return None
    exchanges, refused = entry.facts.get("exchanges", 0), entry.facts.get("refused", 0)
    return ExchangesOfHour(datetime.fromisoformat(begin), exchanges, refused, entry.facts.get("by_secret", {}))


def _on_behalf_of(entry: Told, reader: Side) -> str:
    """The account in which staff did it: who is of the other side is not told that they were there."""
    if entry.side != Side.STAFF or not _is_inside_of(entry, reader):
        return ""
    names = ("account",) if entry.facts.get("on_side") == Side.CUSTOMER else ("publisher", "account")
    return next((str(entry.facts[name]) for name in names if name in entry.facts), "")


def opened(listed: Iterable[Line], reader: Side) -> dict[int, list[Part]]:
    """What lines open to, by the numbers of their entries: a few queries for each kind that opens."""
    by_kind: dict[str, list[Line]] = {}
    for one in listed:
        by_kind.setdefault(one.kind, []).append(one)
    found: dict[int, list[Part]] = {}
    for name, alike in by_kind.items():
        if opens := kinds.known(name).opens:
            found |= opens(alike, reader)
    return found


def lines(entries: Iterable[TimelineEntry], reader: Side) -> list[Line]:
    return [line(entry, reader) for entry in entries if is_told(entry, reader)]


def is_told(entry: TimelineEntry, reader: Side) -> bool:
    """What `told_to` of the queryset asks of the database."""
    mine = reader in (entry.side, entry.facts.get("on_side"), Side.STAFF)
    return mine or not kinds.known(entry.kind).own_side_only


def lines_of_account(entries: Iterable[TimelineEntry]) -> list[Line]:
    """As the account's own people are told, each on the side that it was done on: an account develops and installs."""
    return [line(entry, Side(entry.facts.get("on_side") or Side.CUSTOMER)) for entry in entries]


class _Facts(dict[str, Any]):
    """An old entry may lack a fact that today's sentence names: it is told without, never with an error."""

    def __missing__(self, key: str) -> str:
        return "…"
