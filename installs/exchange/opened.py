"""What an hour of exchanges opens to, for one reader: good ones, refused by cause, where they came from, which secret
was sent."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from uuid import UUID

from django.db.models import Max, Q, Sum
from django.utils import timezone

from installs.exchange.causes import in_words
from installs.exchange.hour_lines import day_of, key_of
from installs.exchange.references import KEPT as REFUSALS_KEPT
from installs.models import AddressDay, RefusalGroup, RefusalSample, SecretHour
from linnapp.models import Secret
from linnapp.timeline import Item, Line, Part, Side
from linnapp.words import counted

# Of one hour, in words; the rest are counted.
MOST_NAMED = 10
Place = tuple[UUID | None, datetime]


def of_installations(lines: Sequence[Line], reader: Side) -> dict[int, list[Part]]:
    """Six queries at most. Which secret was sent is not told to customers."""
    installations = {line.subject_id for line in lines if line.subject_id}
    hours = {line.begin for line in lines}
    causes = _causes("installation_id", installations, hours)
    secrets = _secrets(installations, hours) if reader != Side.CUSTOMER else {}
    addresses = _addresses(installations, hours)
    return {line.entry_id: _parts(line, (line.subject_id, line.begin), causes, secrets, addresses) for line in lines}


def of_applications(lines: Sequence[Line], reader: Side) -> dict[int, list[Part]]:
    """Three queries. Where they came from is told of each installation."""
    causes = _causes("application_id", {line.application_id for line in lines if line.application_id}, _hours(lines))
    sent = {(line.application_id, line.begin): _by_key(line) for line in lines}
    secrets = _with_tails(sent) if reader != Side.CUSTOMER else {}
    return {line.entry_id: _parts(line, (line.application_id, line.begin), causes, secrets, {}) for line in lines}


def _hours(lines: Iterable[Line]) -> set[datetime]:
    return {line.begin for line in lines}


def _by_key(line: Line) -> dict[int, int]:
    return {int(key): number for key, number in line.hour.by_secret.items()} if line.hour else {}


@dataclass(frozen=True)
class Number:
    """How many of what; of refusals the reference of one of the newest."""

    text: str
    count: int
    reference: str = ""


Items = Mapping[Place, Sequence[Number]]


def _parts(line: Line, place: Place, causes: Items, secrets: Items, addresses: Items) -> list[Part]:
    assert line.hour is not None
    good = [Part("Answered", (Item(counted(line.hour.exchanges, "exchange")),))]
    refused = _part("Refused", causes.get(place, ()))
    if not refused and line.hour.refused:
        over = line.begin < timezone.now() - REFUSALS_KEPT
        why = "causes are kept for 30 days" if over else "no cause is on record"
        refused = [Part("Refused", (Item(f"{line.hour.refused}: {why}"),))]
    return [*good, *refused, *_part("Sent with", secrets.get(place, ())), *_part("From", addresses.get(place, ()))]


def _part(label: str, found: Sequence[Number]) -> list[Part]:
    """The most frequent first."""
    ordered = sorted(found, key=lambda number: (-number.count, number.text))
    items = [Item(f"{one.text}: {one.count}", one.reference) for one in ordered[:MOST_NAMED]]
    if rest := ordered[MOST_NAMED:]:
        items.append(Item(f"{len(rest)} more: {sum(one.count for one in rest)}"))
    return [Part(label, tuple(items))] if items else []


def _causes(about: str, keys: set[UUID], hours: set[datetime]) -> Items:
    """Each with the reference of the newest sample of the group that began last."""
    groups = RefusalGroup.objects.exchanges().filter(hour__in=hours)
    rows = groups.filter(**{f"{about}__in": keys}).order_by().values_list(about, "hour", "reason")
    totals = list(rows.annotate(total=Sum("count"), newest=Max("pk", filter=Q(sampled__gt=0))))
    references = RefusalSample.objects.newest_of({newest for *_, newest in totals if newest})
    found = defaultdict(list)
    for key, hour, reason, number, newest in totals:
        found[key, hour].append(Number(in_words(reason), number, references.get(newest, "")))
    return found


def _secrets(installations: set[UUID], hours: set[datetime]) -> Items:
    sent: dict[Place, dict[int, int]] = defaultdict(dict)
    rows = SecretHour.objects.of_hours(installations, hours)
    for key, hour, secret_id, number in rows.values_list("installation_id", "hour", "secret_id", "exchanges"):
        sent[key, hour][secret_id] = number
    return _with_tails(sent)


def _with_tails(sent: Mapping[Place, Mapping[int, int]]) -> Items:
    keys = {key for numbers in sent.values() for key in numbers}
    secrets = Secret.objects.in_bulk(keys) if keys else {}
    return {
        place: [Number(_named(secrets.get(key)), number) for key, number in of.items()] for place, of in sent.items()
    }


def _named(secret: Secret | None) -> str:
    return f"Application Secret …{secret.tail}" if secret else "an Application Secret that no longer exists"


def _addresses(installations: set[UUID], hours: set[datetime]) -> Items:
    rows = AddressDay.objects.of_days(installations, {day_of(hour) for hour in hours})
    days = {(row.installation_id, row.day): row.hours for row in rows}
    found: dict[Place, list[Number]] = {}
    for key, hour in product(installations, hours):
        prefixes = days.get((key, day_of(hour)), {}).get(key_of(hour), {})
        found[key, hour] = [Number(prefix or "other addresses", number) for prefix, number in prefixes.items()]
    return found
