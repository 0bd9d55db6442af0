"""Refusals as likely causes count them: those alike together, and only what came after the last good one."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from installs.exchange.refusals import Reason
from installs.models import RefusalGroup, RefusalSample

ALIKE = ("asked", "reason", "installation_id", "secret_sent", "secret_id", "token_sent", "permanent_token_id")
# The moment of the last one that was answered, of what is asked as in this group; None where all of it counts.
GoodBefore = Callable[[RefusalGroup], datetime | None]
SamplesByGroup = dict[int, list[RefusalSample]]


@dataclass(frozen=True)
class Refusals:
    """Refused requests that are alike, since the last good exchange or call; `is_least` where some more may be of after
    it. `whose` says why they are taken for this installation's, where they name none, and `may_be` that another's is as
    possible; `reference` and the masked `values` are of the newest that was kept."""

    newest: RefusalGroup
    count: int
    since: datetime
    addresses: tuple[str, ...]
    is_least: bool = False
    whose: str = ""
    may_be: bool = False
    reference: str = ""
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """A group, and why it is taken for this installation's."""

    group: RefusalGroup
    whose: str = ""
    may_be: bool = False

    @property
    def alike(self) -> list[str]:
        """Of an ended session a client learns from one answer, so that each counts for itself."""
        session = self.group.session_id if self.group.reason == Reason.SESSION_ENDED else None
        return [*(str(getattr(self.group, name)) for name in ALIKE), str(session)]


@dataclass(frozen=True)
class _Number:
    count: int
    since: datetime
    is_least: bool = False


def together(groups: Iterable[Found], good_before: GoodBefore) -> list[Refusals]:
    """One query. What is proven of the installation first, the latest of that first."""
    ordered = sorted(groups, key=lambda found: (found.alike, -found.group.last_at.timestamp()))
    alike = [list(rows) for _, rows in groupby(ordered, key=lambda found: found.alike)]
    samples = _samples(alike, good_before)
    found = [_joined(rows, samples, good_before) for rows in alike]
    return sorted(found, key=lambda one: (one.may_be, -one.newest.last_at.timestamp()))


def _samples(alike: Sequence[Sequence[Found]], good_before: GoodBefore) -> SamplesByGroup:
    """The oldest first: of those that a reference is told of, and of those of which some do not count."""
    keys = {rows[0].group.pk for rows in alike}
    for found in (found for rows in alike for found in rows):
        good = good_before(found.group)
        if good is not None and found.group.hour <= good:
            keys.add(found.group.pk)
    samples: SamplesByGroup = {}
    for row in RefusalSample.objects.filter(group__in=keys).order_by("pk") if keys else ():
        samples.setdefault(row.group_id, []).append(row)
    return samples


def _joined(found: Sequence[Found], samples: SamplesByGroup, good_before: GoodBefore) -> Refusals:
    """Those alike, the latest first."""
    groups = [one.group for one in found]
    numbers = [_counted(group, samples.get(group.pk, []), good_before(group)) for group in groups]
    newest = samples.get(groups[0].pk, [])
    return Refusals(
        newest=groups[0],
        count=sum(number.count for number in numbers),
        since=min(number.since for number in numbers),
        addresses=tuple(dict.fromkeys(group.address for group in groups if group.address)),
        is_least=any(number.is_least for number in numbers),
        whose=found[0].whose,
        may_be=found[0].may_be,
        reference=newest[-1].reference if newest else "",
        values=newest[-1].facts if newest else {},
    )


def _counted(group: RefusalGroup, samples: Sequence[RefusalSample], good: datetime | None) -> _Number:
    """Of after the last good one. Samples are the first of their hour: where one of them is of after it, so is all that
    came later and was not kept."""
    if good is None or group.hour > good:
        return _Number(group.count, group.hour)
    after = [sample for sample in samples if sample.at > good]
    if not after:
        return _Number(1, good, is_least=True)
    return _Number(group.count - (len(samples) - len(after)), after[0].at)
