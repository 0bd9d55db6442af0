"""Groups of refusals in the database: how many there may be of an hour, and what becomes of the rest.

What nobody proved has a bound for the whole portal; what was proven has bounds of its own, so that no flood pushes it
out. Past a bound a refusal is counted among *the rest* of its hour and cause: of the application, where that is known
and there is room, else of all. Its reference still tells hour and cause.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from installs.exchange.references import KEPT
from installs.exchange.refusals import FAILURE_WINDOW, Reason
from installs.exchange.sent import NOTHING_SENT, Asked, Sent
from installs.models import FailureWindow, RefusalGroup, RefusalSample, Session
from installs.models.sessions import idle_since
from linnapp import batches, credentials
from linnapp.services.locking import Alone, alone

SAMPLES_PER_GROUP = 20
# Past the first quarter of all samples that there is room for: the groups that follow are shown by one each.
THEN_PER_GROUP = 1
# Groups of one application and one address prefix in an hour; of one installation, and of one application.
OF_A_PREFIX, OF_AN_INSTALLATION, OF_AN_APPLICATION = 50, 20, 500
# Of what nobody proved, in an hour of the whole portal: a flood that goes on into a second hour leaves under 5,000 rows
# with its windows. The last of the groups are kept for the rest of applications.
UNPROVEN_GROUPS, UNPROVEN_RESTS, UNPROVEN_SAMPLES = 750, 950, 1000
PROVEN_SAMPLES = 20_000
MOST_WINDOWS = 1000


@dataclass(frozen=True, slots=True)
class Sample:
    reference: str
    at: datetime
    address: str
    facts: dict[str, str]


@dataclass
class Group:
    """Refusals that are alike, since the last flush."""

    hour: datetime
    asked: Asked
    reason: Reason
    application_id: UUID | None
    installation_id: UUID | None
    sent: Sent
    prefix: str
    last_at: datetime
    is_rest: bool = False
    count: int = 0
    samples: list[Sample] = field(default_factory=list)

    def __post_init__(self) -> None:
        sent = self.sent
        self.key = credentials.digest_of(
            self.hour.isoformat(),
            self.asked,
            self.reason,
            *(self.application_id, self.installation_id, sent.named_id),
            *(sent.secret, sent.secret_id, sent.token, sent.token_id, sent.session_id),
            self.prefix,
            self.is_rest,
        )

    @property
    def is_proven(self) -> bool:
        return self.application_id is not None

    def places(self) -> "list[Group]":
        """Itself, and the rests that take it where there is no room: those of its application, and of all."""
        return [self] if self.is_rest else [self, self.rest_of_application(), self.rest()]

    def possible_keys(self) -> list[str]:
        return [place.key for place in self.places()]

    def rest_of_application(self) -> "Group":
        return replace(self, sent=Sent(named_id=self.sent.named_id), prefix="", is_rest=True)

    def rest(self) -> "Group":
        return replace(self, application_id=None, installation_id=None, sent=NOTHING_SENT, prefix="", is_rest=True)

    def join(self, other: "Group") -> None:
        """Takes what another one counts, which is of the same key."""
        if other is not self:
            self.count += other.count
            self.samples = [*self.samples, *other.samples]
            self.last_at = max(self.last_at, other.last_at)


class _Room:
    """How many groups and samples an hour has by now: each asked for once in a transaction, and counted on."""

    def __init__(self) -> None:
        self._groups: dict[tuple[datetime, frozenset[tuple[str, object]]], int] = {}
        self._samples: dict[tuple[datetime, bool], int] = {}

    def takes(self, group: Group) -> bool:
        """Whether there is room for one more group such as this."""
        mine = {"application_id": group.application_id, "installation_id": None}
        if group.is_rest:
            is_bounded = not group.is_proven and group.sent.named_id is not None
            return not is_bounded or self._used(group, **mine) < UNPROVEN_RESTS
        if group.installation_id:
            return self._used(group, installation_id=group.installation_id) < OF_AN_INSTALLATION
        named = {"named_application_id": group.sent.named_id, "address": group.prefix}
        most = OF_AN_APPLICATION if group.is_proven else UNPROVEN_GROUPS
        return self._used(group, **mine, **named) < OF_A_PREFIX and self._used(group, **mine) < most

    def took(self, group: Group) -> None:
        row = {
            "application_id": group.application_id,
            "installation_id": group.installation_id,
            "named_application_id": group.sent.named_id,
            "address": group.prefix,
        }
        for hour, fields in self._groups:
            if hour == group.hour and fields <= row.items():
                self._groups[hour, fields] += 1

    def samples(self, group: Group, sampled: int) -> int:
        """How many more samples are kept of a group that has so many."""
        of = (group.hour, group.is_proven)
        if of not in self._samples:
            rows = RefusalGroup.objects.filter(hour=group.hour, application_id__isnull=not group.is_proven)
            self._samples[of] = rows.aggregate(total=Sum("sampled"))["total"] or 0
        most = PROVEN_SAMPLES if group.is_proven else UNPROVEN_SAMPLES
        of_group = SAMPLES_PER_GROUP if self._samples[of] < most // 4 else THEN_PER_GROUP
        room = max(min(of_group - sampled, most - self._samples[of], len(group.samples)), 0)
        self._samples[of] += room
        return room

    def _used(self, group: Group, **fields: object) -> int:
        asked = (group.hour, frozenset(fields.items()))
        if asked not in self._groups:
            self._groups[asked] = RefusalGroup.objects.filter(hour=group.hour, **fields).count()
        return self._groups[asked]


def write(groups: Sequence[Group]) -> None:
    """Counts them, in one transaction."""
    with transaction.atomic():
        # Two processes would both fill the last room.
        alone(Alone.REFUSALS)
        rows: dict[str, RefusalGroup | None] = dict.fromkeys(key for group in groups for key in group.possible_keys())
        rows |= {row.key: row for row in RefusalGroup.objects.filter(key__in=rows)}
        room, placed = _Room(), dict[str, Group]()
        for group in groups:
            its = next(place for place in group.places() if rows[place.key] or room.takes(place))
            if rows[its.key] is None:
                rows[its.key] = _begin(its)
                room.took(its)
            placed.setdefault(its.key, its).join(its)
        for key, group in placed.items():
            if row := rows[key]:
                _count(row, group, room)


def _begin(group: Group) -> RefusalGroup:
    sent = group.sent
    return RefusalGroup.objects.create(
        key=group.key,
        hour=group.hour,
        asked=group.asked,
        reason=group.reason,
        application_id=group.application_id,
        installation_id=group.installation_id,
        named_application_id=sent.named_id,
        secret_sent=sent.secret,
        secret_id=sent.secret_id,
        token_sent=sent.token,
        permanent_token_id=sent.token_id,
        session_id=sent.session_id,
        address=group.prefix,
        is_rest=group.is_rest,
        last_at=group.last_at,
        facts=_facts_of_session(sent.session_id) if sent.session_id else {},
    )


def _facts_of_session(session_id: UUID) -> dict[str, Any]:
    session = Session.objects.filter(pk=session_id).select_related("permanent_token", "secret").first()
    return facts_of(session) if session else {}


def facts_of(session: Session) -> dict[str, Any]:
    """What is gone in two days: sessions are not kept longer."""
    moments = {"began": session.created_at, "used": session.last_used_at, "ended": ended_at(session)}
    written = {name: moment.isoformat() for name, moment in moments.items() if moment}
    known = {"tail": session.permanent_token.tail, "address": session.address}
    return written | {"end": why_ended(session), "installation": str(session.installation_id), **known}


def ended_at(session: Session) -> datetime | None:
    """The moment after which no call with it was answered; None while it lives."""
    idle = session.last_used_at + (timezone.now() - idle_since(timezone.now()))
    ends = (session.ended_at, session.secret.ends_at, session.permanent_token.ends_at, session.expires_at, idle)
    over = [moment for moment in ends if moment and moment <= timezone.now()]
    return min(over, default=None)


def why_ended(session: Session) -> str:
    """One of `Session.End`; "" while it lives. Those that end by themselves are marked a little later."""
    if session.end:
        return session.end
    ended = ended_at(session)
    if ended is None:
        return ""
    if ended == session.secret.ends_at:
        return Session.End.SECRET_RETIRED
    return Session.End.TOKEN_ENDED if ended == session.permanent_token.ends_at else Session.End.EXPIRED


def _count(row: RefusalGroup, group: Group, room: _Room) -> None:
    kept = group.samples[: room.samples(group, row.sampled)]
    rows = RefusalGroup.objects.filter(pk=row.pk)
    rows.update(count=F("count") + group.count, sampled=F("sampled") + len(kept), last_at=group.last_at)
    RefusalSample.objects.bulk_create(
        RefusalSample(group=row, reference=one.reference, at=one.at, address=one.address, facts=one.facts)
        for one in kept
    )


def count_failures(failures: Counter[str]) -> None:
    """By address as it is counted. The least recently failing ones make room."""
    if not failures:
        return
    now, most = timezone.now(), dict(sorted(failures.most_common(MOST_WINDOWS)))
    with transaction.atomic():
        # Two processes would both fill the last room.
        alone(Alone.REFUSALS)
        windows = {row.address: row for row in FailureWindow.objects.filter(address__in=most)}
        for address, count in most.items():
            window = windows.setdefault(address, FailureWindow(address=address, began_at=now, last_at=now))
            if window.last_at < now - FAILURE_WINDOW:
                window.began_at, window.failures = now, 0
            window.failures, window.last_at = window.failures + count, now
        FailureWindow.objects.bulk_create(
            [windows[address] for address in sorted(windows)],
            update_conflicts=True,
            unique_fields=["address"],
            update_fields=["began_at", "last_at", "failures"],
        )
        over = FailureWindow.objects.order_by("-last_at", "-pk").values_list("pk", flat=True)[MOST_WINDOWS:]
        FailureWindow.objects.filter(pk__in=list(over)).delete()


def drop_old() -> None:
    """Batch after batch, until none is left or this process is asked to stop."""
    now = timezone.now()
    batches.drop(RefusalGroup.objects.filter(hour__lt=now - KEPT).order_by("hour", "pk"))
    batches.drop(FailureWindow.objects.filter(last_at__lt=now - FAILURE_WINDOW).order_by("last_at"))
