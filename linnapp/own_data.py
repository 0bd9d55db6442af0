"""What the portal keeps of a person, as one file for that person: a part for each table that says it has one.

Read a few rows at a time, by keys that were read at once, while the file is sent."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.db.models import QuerySet
from django.utils import timezone

from linnapp import timeline
from linnapp.admin_columns import as_json, plain
from linnapp.models import OutgoingMail, TimelineEntry, User
from linnapp.models.traces import OfPerson
from linnapp.services.deleting import addresses_of

ROWS_AT_ONCE = 100
Row = dict[str, Any]

# Of tables that others brought along. No secret of a factor, and no key of a session.
OF_OTHERS = (
    (EmailAddress, OfPerson("e-mail_addresses", "user", {"e-mail": "email", "confirmed": "verified"})),
    (
        Authenticator,
        OfPerson(
            "second_factors",
            "user",
            {"type": "type", "name": "data__name", "added": "created_at", "last_used": "last_used_at"},
        ),
    ),
    (
        UserSession,
        OfPerson(
            "signed_in_browsers",
            "user",
            {"address": "ip", "browser": "user_agent", "begun": "created_at", "last_seen": "last_seen_at"},
        ),
    ),
)


@dataclass(frozen=True)
class Part:
    """`told` makes of some rows what stands in the file."""

    name: str
    rows: QuerySet[Any]
    told: Callable[[QuerySet[Any]], Iterable[Row]]


def parts_of(person: User) -> list[Part]:
    own = [(model, model.of_person) for model in apps.get_models() if hasattr(model, "of_person")]
    found = [_part(model, part, person) for model, part in (*own, *OF_OTHERS) if model is not TimelineEntry]
    found.sort(key=lambda part: (part.name != "person", part.name))
    mails = OutgoingMail.objects.filter(recipient__in=addresses_of(person))
    columns = {"about": "kind", "to": "recipient", "written": "created_at", "state": "state", "ended": "ended_at"}
    done = TimelineEntry.objects.by_person(person)
    return [
        *found,
        Part("e-mails_to_you", mails, _columns(columns)),
        Part(TimelineEntry.of_person.name, done, _as_they_read_it),
    ]


def _part(model: Any, part: OfPerson, person: User) -> Part:
    return Part(part.name, model._base_manager.filter(**{part.by: person.pk}), _columns(part.columns))


def _columns(columns: Any) -> Callable[[QuerySet[Any]], Iterable[Row]]:
    def told(rows: QuerySet[Any]) -> Iterable[Row]:
        for values in rows.values_list(*columns.values()):
            yield {name: plain(value) for name, value in zip(columns, values, strict=True)}

    return told


def _as_they_read_it(rows: QuerySet[Any]) -> Iterable[Row]:
    """In the sentences of the timeline, on the side that they acted on: no more than they were told."""
    for entry in rows:
        line = timeline.line(entry, timeline.Side(entry.side))
        yield {
            "at": plain(line.at),
            "what": line.sentence,
            "reason": entry.reason,
            "account": line.account,
            "application": line.application,
        }


def as_file(person: User) -> Iterator[str]:
    """One JSON object: when it was made, and an array for each part. One that broke off has no end."""
    yield f'{{\n"made": {as_json(plain(timezone.now()))}'
    for part in parts_of(person):
        yield f",\n{as_json(part.name)}: ["
        yield from _rows(part)
        yield "]"
    yield "\n}\n"


def _rows(part: Part) -> Iterator[str]:
    keys: Sequence[Any] = list(part.rows.order_by("pk").values_list("pk", flat=True))
    before = "\n"
    for begin in range(0, len(keys), ROWS_AT_ONCE):
        some = part.rows.model._base_manager.filter(pk__in=keys[begin : begin + ROWS_AT_ONCE]).order_by("pk")
        for row in part.told(some):
            yield f"{before}{as_json(row)}"
            before = ",\n"
