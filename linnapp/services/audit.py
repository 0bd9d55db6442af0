"""The record of who got in, who tried to, and who may do what. Whoever it concerns reads it, the Owners of their team
and the platform; after 400 days a line ends.

Wrong sign-ins are counted, an hour and network a row: strangers choose how often they try and from where. Known and
unknown addresses take one statement alike.
"""

import json
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from linnapp import batches, credentials, kinds, timeline
from linnapp.actors import NOBODY, Actor
from linnapp.addresses import prefix_of
from linnapp.kinds import Kind
from linnapp.models import AuditEntry, TimelineEntry, User
from linnapp.models.timeline import Told

KEPT = timedelta(days=400)
# Rows of wrong sign-ins in an hour: of one person, and of all; what is beyond shares one of the person, or of all.
MOST_OF_PERSON, MOST = 10, 1_000
MORE_NETWORKS = "more networks"
TOLD = [field.attname for field in Told._meta.concrete_fields]


def put(
    kind: Kind,
    *,
    of: User | None,
    by: Actor,
    network: str = "",
    device: str = "",
    **facts: Any,
) -> None:
    """Writes one line, in the caller's transaction, concerning `of`. Facts: JSON, no secret."""
    _copy(timeline.entry(kind, by=by, **facts), of, network=network, device=device)


def copied(entry: TimelineEntry, *, of: User | None) -> None:
    """What the timeline tells stands in this person's record too."""
    _copy(entry, of)


def _copy(entry: TimelineEntry, of: User | None, **own: str) -> None:
    told = {name: getattr(entry, name) for name in TOLD}
    concerned = {"person_id": of.pk, "person_name": str(of)} if of else {}
    AuditEntry(last_at=entry.at, **told, **concerned, **own).save(force_insert=True)


# No row comes back from one that is new and finds no room.
COUNT = """
INSERT INTO linnapp_auditentry AS a
    (key, kind, person_id, person_name, facts, network, at, last_at, count, actor_name, side, reason, device)
SELECT CAST(%(key)s AS varchar(64)), %(kind)s, CAST(%(person)s AS bigint), %(name)s, %(facts)s, %(network)s,
    %(now)s, %(now)s, 1, '', %(side)s, '', ''
WHERE EXISTS (SELECT 1 FROM linnapp_auditentry WHERE key = %(key)s)
   OR (SELECT count(*) FROM linnapp_auditentry WHERE key IS NOT NULL AND at >= %(hour)s) < %(room)s
   AND (SELECT count(*) FROM linnapp_auditentry
        WHERE key IS NOT NULL AND at >= %(hour)s AND person_id = CAST(%(person)s AS bigint)) < %(of_person)s
ON CONFLICT (key) DO UPDATE SET count = a.count + 1, last_at = excluded.last_at
RETURNING id
"""


def count_wrong(person: User | None, *, address: str, what: str) -> None:
    """One more wrong sign-in: `person` is whose, None for an address that nobody has, and `what` was wrong."""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    if person is None:
        _count(kinds.SIGN_IN_UNKNOWN, None, hour, room=MOST + 1)
        return
    had_room = any(
        _count(kinds.SIGN_IN_FAILED, person, hour, network, what, room=MOST, of_person=most)
        for network, most in ((prefix_of(address), MOST_OF_PERSON), (MORE_NETWORKS, MOST))
    )
    if not had_room:
        _count(kinds.SIGN_INS_MORE, None, hour, room=MOST + 2)


def _count(
    kind: Kind,
    person: User | None,
    hour: datetime,
    network: str = "",
    what: str = "",
    *,
    room: int,
    of_person: int = 1,
) -> bool:
    """Whether there was room."""
    facts = {
        "key": credentials.digest_of("audit", kind, person.pk if person else "", hour.isoformat(), network, what),
        "kind": str(kind),
        "person": person.pk if person else None,
        "name": str(person or ""),
        "facts": json.dumps({"what": what} if what else {}),
        "network": network,
        "now": timezone.now(),
        "side": str(NOBODY.side),
        "hour": hour,
        "room": room,
        "of_person": of_person,
    }
    return bool(list(AuditEntry.objects.raw(COUNT, facts)))


def drop_old() -> int:
    return batches.drop(AuditEntry.objects.older_than(timezone.now() - KEPT))
