"""What hours of exchanges open to: written with them, kept for a season."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.utils import timezone

from installs.models import AddressDay, SecretHour
from linnapp import batches
from linnapp.addresses import prefix_of
from linnapp.models import Secret

KEPT = timedelta(days=90)
# Prefixes of one installation and day; those without room are counted together, as OTHERS.
PREFIXES_OF_A_DAY = 50
OTHERS = ""
# Before and after any moment.
NEVER, ALWAYS = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass
class Counted:
    """The exchanges of one installation in one hour."""

    installation_id: UUID
    by_secret: Counter[int] = field(default_factory=Counter)
    by_address: Counter[str] = field(default_factory=Counter)
    first: datetime = ALWAYS
    last: datetime = NEVER

    @property
    def exchanges(self) -> int:
        return self.by_secret.total()

    def add(self, secret_id: int, address: str, exchanges: int, first: datetime, last: datetime) -> None:
        self.by_secret[secret_id] += exchanges
        self.by_address[address] += exchanges
        self.first, self.last = min(self.first, first), max(self.last, last)

    def by_prefix(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for address, exchanges in self.by_address.items():
            found[prefix_of(address) if address else OTHERS] += exchanges
        return found


def write(hour: datetime, counted: list[Counted]) -> None:
    """Of some installations, in the caller's transaction: what stood there of this hour is written over."""
    if not counted:
        return
    SecretHour.objects.bulk_create(
        [
            SecretHour(installation_id=one.installation_id, hour=hour, secret_id=secret_id, exchanges=exchanges)
            for one in counted
            for secret_id, exchanges in sorted(one.by_secret.items())
        ],
        update_conflicts=True,
        unique_fields=["installation", "hour", "secret_id"],
        update_fields=["exchanges"],
    )
    _write_days(day_of(hour), key_of(hour), {one.installation_id: one.by_prefix() for one in counted})


def _write_days(day: date, key: str, counted: dict[UUID, Counter[str]]) -> None:
    """Hours of one day share its row, and another worker may be folding another hour of it: each row is there first,
    then locked, both in the order of their keys, and read only then."""
    keys = sorted(counted)
    AddressDay.objects.bulk_create([AddressDay(installation_id=one, day=day) for one in keys], ignore_conflicts=True)
    stands = AddressDay.objects.of_days(set(keys), {day}).order_by("installation").select_for_update()
    rows = list(stands)
    for row in rows:
        row.hours = with_hour(row.hours, key, counted[row.installation_id])
    AddressDay.objects.bulk_update(rows, ["hours"])


def day_of(hour: datetime) -> date:
    return hour.astimezone(UTC).date()


def key_of(hour: datetime) -> str:
    return f"{hour.astimezone(UTC):%H}"


def with_hour(hours: dict[str, dict[str, int]], key: str, counted: Counter[str]) -> dict[str, dict[str, int]]:
    """The day with this hour in it. Prefixes that the day has already keep their room; of new ones those with most
    exchanges come first."""
    known = {prefix for prefixes in hours.values() for prefix in prefixes if prefix != OTHERS}
    of_hour: Counter[str] = Counter()
    for prefix, exchanges in sorted(counted.items(), key=lambda found: (found[0] not in known, -found[1], found[0])):
        has_room = prefix in known or (prefix != OTHERS and len(known) < PREFIXES_OF_A_DAY)
        if has_room:
            known.add(prefix)
        of_hour[prefix if has_room else OTHERS] += exchanges
    return {**hours, key: dict(of_hour)}


def by_secret(applications: Iterable[UUID], hour: datetime) -> dict[UUID, dict[str, int]]:
    """Of all installations of each, by the keys of its secrets, as a fact of the timeline."""
    found: dict[UUID, dict[str, int]] = {key: {} for key in applications}
    secrets = dict(Secret.objects.filter(application__in=found).values_list("pk", "application_id"))
    for key, exchanges in SecretHour.objects.by_secret(hour, list(secrets)).items():
        found[secrets[key]][str(key)] = exchanges
    return found


def drop_old() -> None:
    """Batch after batch, until none is left or this process is asked to stop."""
    now = timezone.now()
    batches.drop(SecretHour.objects.filter(hour__lt=now - KEPT).order_by("hour", "secret_id"))
    batches.drop(AddressDay.objects.filter(day__lt=day_of(now - KEPT)).order_by("day"))
