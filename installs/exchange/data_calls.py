"""What a session token opens: protocol.md section 6, and GetStockLocations, the one call with data here."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple, Self
from uuid import UUID

from django.db import connection
from django.utils import timezone

from installs.exchange.statements import NOT_DURABLE, members_on_postgresql, members_on_sqlite
from installs.exchange.steps import Ask, Not, Row, Statement, Steps
from installs.installations import acts
from installs.installations.acts import Act
from installs.models.sessions import idle_since
from linnapp import credentials

USED_AGAIN_AFTER = timedelta(seconds=30)
MEMBERS = {"number": "int", "digest": "text"}
# A session has ended where it is idle or old, where its secret or permanent token ended, and where its installation,
# application or either account is not active. A row to each stock location, and one without where an account has none.
LOOK = """
WITH asked AS ({asked})
SELECT asked.number, x.id AS session_id, x.last_used_at <= %(long_ago)s AS is_used_again,
       l.id AS location, l.location_id, l.name, l.is_fulfilment_center
FROM asked
JOIN installs_session x ON x.digest = asked.digest
JOIN installs_installation i ON i.id = x.installation_id
JOIN linnapp_application a ON a.id = i.application_id
JOIN linnapp_account c ON c.id = i.account_id
JOIN linnapp_account p ON p.id = a.account_id
JOIN installs_permanenttoken t ON t.id = x.permanent_token_id
JOIN linnapp_secret s ON s.id = x.secret_id
LEFT JOIN installs_stocklocation l ON l.account_id = i.account_id
WHERE x.ended_at IS NULL AND x.expires_at > %(now)s AND x.last_used_at > %(idle)s
  AND (t.ends_at IS NULL OR t.ends_at > %(now)s)
  AND (s.ends_at IS NULL OR s.ends_at > %(now)s)
  AND {works}
ORDER BY asked.number, l.id
""".replace("{works}", acts.as_sql(Act.CALL, installation="i", application="a", account="c", publisher="p"))
LOOK_ON_POSTGRESQL = LOOK.format(asked=members_on_postgresql(MEMBERS, "asked"))
LOOK_ON_SQLITE = LOOK.format(asked=members_on_sqlite(MEMBERS, "asked"))
# A row that somebody else holds is being used or ended just now: nobody waits for it, and so nobody waits in a circle.
USE_ON_POSTGRESQL = f"""
UPDATE installs_session SET last_used_at = %(now)s
WHERE id IN (SELECT x.id FROM installs_session x WHERE x.id = ANY(%(sessions)s::uuid[]) AND x.last_used_at < %(now)s
             ORDER BY x.id FOR NO KEY UPDATE SKIP LOCKED)
{NOT_DURABLE}"""
USE_ON_SQLITE = """
UPDATE installs_session SET last_used_at = %(now)s
WHERE id IN (SELECT value FROM json_each(%(sessions)s)) AND last_used_at < %(now)s
"""


class Location(NamedTuple):
    """`number` is the integer by which clients know it beside its `id`."""

    number: int
    id: UUID
    name: str
    is_fulfilment_center: bool


@dataclass(frozen=True, slots=True)
class Called:
    """What a call is answered with. `session_id` is None where there is no live session; `is_used_again` where its
    last use, as it is written, is long ago."""

    session_id: UUID | None = None
    is_used_again: bool = False
    locations: tuple[Location, ...] = ()


@dataclass(frozen=True, slots=True)
class StockLocationsCall(Ask[Called]):
    """The stock locations of the account that a session token is of."""

    session_token: str

    @classmethod
    def together(cls, asks: Sequence[Self]) -> Steps[list[Called | Not]]:
        now = timezone.now()
        asked = [{"number": number, "digest": credentials.digest(ask.session_token)} for number, ask in enumerate(asks)]
        moments = {"now": now, "idle": idle_since(now), "long_ago": now - USED_AGAIN_AFTER}
        sql = LOOK_ON_POSTGRESQL if connection.vendor == "postgresql" else LOOK_ON_SQLITE
        rows = yield [Statement(sql, moments | {"asked": json.dumps(asked)})]
        of_each: list[list[Row]] = [[] for _ in asks]
        for row in rows:
            of_each[row["number"]].append(row)
        return [_called(its_rows) for its_rows in of_each]

    def alone(self) -> Steps[Called | Not]:
        (called,) = yield from self.together([self])
        return called


def _called(rows: list[Row]) -> Called:
    if not rows:
        return Called()
    locations = (_location(row) for row in rows if row["location"] is not None)
    return Called(_uuid(rows[0]["session_id"]), bool(rows[0]["is_used_again"]), tuple(locations))


def _location(row: Row) -> Location:
    return Location(row["location"], _uuid(row["location_id"]), row["name"], bool(row["is_fulfilment_center"]))


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


@dataclass(frozen=True, slots=True)
class Use(Ask[bool]):
    """A session that was used again. Who asks need not wait for the answer."""

    session_id: UUID

    @classmethod
    def together(cls, asks: Sequence[Self]) -> Steps[list[bool | Not]]:
        yield [used(ask.session_id for ask in asks)]
        return [True] * len(asks)

    def alone(self) -> Steps[bool | Not]:
        yield [used([self.session_id])]
        return True


def used(sessions: Iterable[UUID]) -> Statement:
    ids, now = sorted({session.hex for session in sessions}), timezone.now()
    if connection.vendor == "postgresql":
        return Statement(USE_ON_POSTGRESQL, {"now": now, "sessions": ids})
    return Statement(USE_ON_SQLITE, {"now": now, "sessions": json.dumps(ids)})
