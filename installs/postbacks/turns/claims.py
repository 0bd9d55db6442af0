"""Rows taken from the table, held for a while by this worker: in turn by sender, installations ahead of the rest."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from installs.models import Delivery
from installs.models.claiming import Candidate, Group, candidates, groups_due
from installs.models.sending import Owed, owed
from installs.postbacks.turns.line import TURNS_AHEAD

# Longer than any attempt takes: what a worker that was killed had claimed is sent again after it, under the same id.
LEASE = timedelta(seconds=30)

# Looked at beyond what a sender may have: those to a host that has its share are passed over.
LOOKED_AT_BEYOND = 20


@dataclass(frozen=True)
class Limits:
    """What each may be given: by sender, and by sender and host; `under_way` is what each sender has, and `full` the
    hosts of a sender that are not to be looked at."""

    left: Callable[[str], float] = lambda sender: inf
    left_to: Callable[[str, str], float] = lambda sender, host: inf
    under_way: Mapping[str, int] = field(default_factory=dict)
    full: Mapping[str, Sequence[str]] = field(default_factory=dict)


NO_LIMITS = Limits()


class Claimed(list[Owed]):
    """In turn. `senders` tells by key whose each is: of more than these where another worker was quicker."""

    def __init__(self, rows: Iterable[Owed] = (), *, senders: Mapping[UUID, str] | None = None) -> None:
        super().__init__(rows)
        self.senders = senders or {}


def claim(
    number: int, *, events: bool = False, limits: Limits = NO_LIMITS, groups: Sequence[Group] | None = None
) -> Claimed:
    """Up to so many due postbacks and tests, or events, of these groups or of all, held for LEASE: of each within its
    limits, and those first who have the fewest under way. No two workers get the same row: on PostgreSQL each skips
    what another holds, SQLite has one writer."""
    now = timezone.now()
    of_lane = [group for group in (groups_due(now) if groups is None else groups) if group.is_numbered is events]
    asked = _asked(of_lane, number, limits)
    chosen = _in_turn(candidates(asked, now, but=limits.full), number, limits)
    if not chosen:
        # Nothing to claim takes no turn of SQLite's one writer.
        return Claimed()
    until = now + LEASE
    held = {row.pk: row for row in owed(_hold([row.id for row in chosen], now, until), until)}
    senders = {row.id: row.group.sender for row in chosen}
    return Claimed([held[row.id] for row in chosen if row.id in held], senders=senders)


@transaction.atomic
def _hold(keys: Sequence[UUID], now: datetime, until: datetime) -> list[UUID]:
    """Those of these that are still due and that nobody else holds. Nothing else is done in this transaction: on SQLite
    another worker waits for it."""
    due = Delivery.objects.filter(pk__in=keys).due(now).order_by()
    held = [row.pk for row in due.only("pk").select_for_update(skip_locked=True, of=("self",))]
    Delivery.objects.filter(pk__in=held).update(claimed_until=until)
    return held


def _asked(groups: Sequence[Group], number: int, limits: Limits) -> dict[Group, int]:
    """How many rows of each group are worth a look: one group of each sender, then a second of each, those first who
    have the fewest under way."""
    places: Counter[str] = Counter()
    in_turn: list[tuple[int, Group]] = []
    for group in sorted(groups, key=lambda group: group.rank):
        if limits.left(group.sender) >= 1:
            in_turn.append((limits.under_way.get(group.sender, 0) + places[group.sender], group))
            places[group.sender] += 1
    in_turn.sort(key=lambda turn: turn[0])
    return {group: int(min(limits.left(group.sender), number)) + LOOKED_AT_BEYOND for _, group in in_turn[:number]}


def _in_turn(found: list[Candidate], number: int, limits: Limits) -> list[Candidate]:
    """The first of each sender, then the second of each, and so on."""
    by_sender: dict[str, list[Candidate]] = defaultdict(list)
    left = {sender: limits.left(sender) for sender in {row.group.sender for row in found}}
    left_to = {place: limits.left_to(*place) for place in {(row.group.sender, row.host) for row in found}}
    for row in sorted(found, key=lambda row: (row.group.rank, row.owed)):
        sender, host = row.group.sender, row.host
        # What is past the share of its host takes no turn of the others.
        left_to[sender, host] -= 1
        if left_to[sender, host] >= 0 and len(by_sender[sender]) < left[sender]:
            by_sender[sender].append(row)
    in_turn: list[tuple[int, Candidate]] = []
    for sender, rows in by_sender.items():
        for turn, row in enumerate(rows, start=limits.under_way.get(sender, 0)):
            in_turn.append((turn if row.group.is_install else turn + TURNS_AHEAD, row))
    in_turn.sort(key=lambda one: (one[0], one[1].owed))
    return [row for _, row in in_turn[:number]]
