"""The one stream of what happened: its only writer, and its sentences for each kind of reader."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.humanize.templatetags.humanize import intcomma

from linnapp.models import Account, Application, TimelineEntry, User
from linnapp.words import counted

Kind = TimelineEntry.Kind
Side = TimelineEntry.Side

SENTENCES: dict[str, str] = {
    Kind.APPLICATION_CREATED: "{application} created by {who}",
    Kind.APPLICATION_EDITED: "{fields} changed by {who}",
    Kind.APPLICATION_LOGO: "Logo {change} by {who}",
    Kind.APPLICATION_SUSPENDED: "Application suspended by {who}",
    Kind.APPLICATION_RESUMED: "Application resumed by {who}",
    Kind.APPLICATION_LISTED: "Listed in the store by {who}",
    Kind.APPLICATION_UNLISTED: "Taken off the store by {who}",
    Kind.LISTING_REQUESTED: "Listing in the store requested by {who}",
    Kind.LISTING_RETURNED: "Listing returned by {who}",
    Kind.LISTING_TAKEN_BACK: "Request for a listing taken back by {who}",
    Kind.APPLICATION_RETIRED: "Application retired by {who}",
    Kind.APPLICATION_DELETED: "{application} deleted by {who}",
    Kind.SECRET_CREATED: "Application Secret …{tail} made by {who}",
    Kind.SECRET_REVEALED: "Application Secret …{tail} revealed to {who}",
    Kind.SECRET_RETIRED: "Application Secret …{tail} ends {ends}, set by {who}",
    Kind.MANIFEST_SAVED: "Manifest saved by {who}, {changes}",
    Kind.VERSION_CREATED: "Version {version} created by {who}",
    Kind.INSTALLED: "{version} installed by {who}",
    Kind.AUTHORISED_AGAIN: "Authorised again by {who}",
    Kind.VERSION_MOVED: "Moved from {before} to {version} by {who}",
    Kind.UPDATED: "Updated from {before} to {version} by {who}",
    Kind.WENT_BACK: "Went back from {before} to {version}, by {who}",
    Kind.TOKEN_REVEALED: "Permanent token …{tail} revealed to {who}",
    Kind.UNINSTALLED: "Uninstalled by {who}",
    Kind.INSTALLATION_COMPLETED: "{host} answered 200: the installation is complete",
    Kind.INSTALLATION_FAILED: "Installation failed: {cause}",
    Kind.POSTBACK: "Postback ({event}) to {host}: {outcome}",
    Kind.POSTBACK_ENDED: "Postback ({event}) to {host} given up: {outcome}",
    Kind.POSTBACK_AGAIN: "Postback ({event}) to {host} asked for again by {who}",
    Kind.POSTBACKS_REPLAYED: "{count} postbacks that had failed asked for again by {who}",
    Kind.POSTBACK_TESTED: "Test postback to {host} sent by {who}",
    Kind.POSTBACKS_PARKED: "Postbacks to {host} are held: it fails since {since}",
    Kind.POSTBACKS_RELEASED: "{host} answers again: {count} held postbacks released",
    Kind.POSTBACK_MODE: "Postbacks set to “{mode}” by {who}",
    Kind.SIGNING_SECRET_REVEALED: "Signing secret …{tail} revealed to {who}",
    Kind.SIGNING_SECRET_ROTATED: "Signing secret …{tail} made by {who}; the one before ends {ends}",
    Kind.INSTALLATION_SUSPENDED: "Installation suspended by {who}",
    Kind.INSTALLATION_RESUMED: "Installation resumed by {who}",
    Kind.CONNECTOR_MADE: "Connector {connector} made by {who}",
    Kind.CONNECTOR_EDITED: "Connector {connector} changed by {who}: {fields}",
    Kind.CONNECTOR_TESTED: "Connector {connector} tested by {who}",
    Kind.CONNECTOR_DELETED: "Connector {connector} deleted by {who}",
    Kind.EXCHANGES: "{exchanges}, {refused} refused, from {addresses}",
    Kind.APPLICATION_EXCHANGES: "{exchanges}, {refused} refused, on {installations}",
    Kind.SUPPORT_VIEWED: "Viewed by {who}",
    Kind.MEMBER_INVITED: "{email} invited as {role} by {who}",
    Kind.INVITATION_REVOKED: "Invitation of {email} taken back by {who}",
    Kind.MEMBER_JOINED: "{who} joined as {role}",
    Kind.MEMBER_ROLE: "{member} is now {role}, changed by {who}",
    Kind.MEMBER_REMOVED: "{member} removed by {who}",
    Kind.ACCOUNT_CREATED: "Account created by {who}",
    Kind.ACCOUNT_EDITED: "Account details changed by {who}",
}
# Entries that only the side they happened on reads, staff aside.
OWN_SIDE_ONLY = {
    Kind.APPLICATION_EDITED,
    Kind.SECRET_CREATED,
    Kind.SECRET_REVEALED,
    Kind.SECRET_RETIRED,
    Kind.MANIFEST_SAVED,
    Kind.POSTBACK_TESTED,
    Kind.POSTBACK_MODE,
    Kind.SIGNING_SECRET_REVEALED,
    Kind.SIGNING_SECRET_ROTATED,
}


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
    """One entry as one reader is told it. `account` is the name of where it happened; `hour` is set for exchanges."""

    at: datetime
    kind: str
    sentence: str
    reason: str
    subject_id: UUID | None
    account_id: UUID | None
    account: str = ""
    hour: ExchangesOfHour | None = None


def record(
    kind: Kind,
    *,
    by: User | None,
    side: Side,
    application: Application | None = None,
    account: Account | None = None,
    subject_id: UUID | None = None,
    reason: str = "",
    **facts: Any,
) -> TimelineEntry:
    """Writes one entry, in the caller's transaction. `account` is where it happened; facts: JSON, no secret."""
    made = entry(
        kind,
        by=by,
        side=side,
        application=application,
        account=account,
        subject_id=subject_id,
        reason=reason,
        **facts,
    )
    made.save(force_insert=True)
    return made


def record_all(entries: Iterable[TimelineEntry]) -> None:
    """Writes many entries at once, in the caller's transaction."""
    TimelineEntry.objects.bulk_create(entries)


def entry(
    kind: Kind,
    *,
    by: User | None,
    side: Side,
    application: Application | Party | None = None,
    account: Account | Party | None = None,
    subject_id: UUID | None = None,
    reason: str = "",
    **facts: Any,
) -> TimelineEntry:
    """One entry, as `record` writes it, to be written with others by `record_all`."""
    if application is not None:
        facts.setdefault("application", application.name)
    if account is not None:
        facts.setdefault("account", account.name)
    return TimelineEntry(
        kind=kind,
        application_id=application.pk if application else None,
        account_id=account.pk if account else None,
        subject_id=subject_id,
        actor_id=by.pk if by else None,
        actor_name=str(by) if by else "",
        side=side,
        reason=reason,
        facts=facts,
    )


def actor(entry: TimelineEntry, reader: Side) -> str:
    """Who acted, as this reader is told: people of the other side are named by their company only."""
    if entry.side == Side.CLIENT:
        return "the client program"
    if reader in (entry.side, Side.STAFF):
        return entry.actor_name or "the portal"
    if entry.side == Side.STAFF:
        return "Support"
    if entry.side == Side.CUSTOMER:
        return str(entry.facts.get("account", "the customer"))
    return str(entry.facts.get("publisher", "the developer"))


def line(entry: TimelineEntry, reader: Side) -> Line:
    facts = {name: intcomma(fact) if type(fact) is int else fact for name, fact in entry.facts.items()} | {
        "exchanges": counted(entry.facts.get("exchanges", 0), "exchange"),
        "addresses": counted(entry.facts.get("addresses", 0), "address", "addresses"),
        "installations": counted(entry.facts.get("installations", 0), "installation"),
    }
    sentence = SENTENCES[entry.kind].format_map(_Facts(facts, who=actor(entry, reader)))
    return Line(
        at=entry.at,
        kind=entry.kind,
        sentence=sentence[:1].upper() + sentence[1:],
        reason=entry.reason,
        subject_id=entry.subject_id,
        account_id=entry.account_id,
        account=str(entry.facts.get("account", "")),
        hour=_hour(entry),
    )


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
        if reader in (entry.side, Side.STAFF) or entry.kind not in OWN_SIDE_ONLY
    ]


class _Facts(dict[str, Any]):
    """An old entry may lack a fact that today's sentence names: it is told without, never with an error."""

    def __missing__(self, key: str) -> str:
        return "…"
