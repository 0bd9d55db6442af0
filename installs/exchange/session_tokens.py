"""What a value is that came in the place of a session token, for the record of the call that was refused."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from django.db import connection

from installs.exchange.sent import NOTHING_SENT, Sent, TokenSent
from installs.exchange.statements import members_on_postgresql, members_on_sqlite
from installs.exchange.steps import Ask, Not, Row, Statement, Steps
from linnapp import credentials

MEMBERS = {"number": "int", "value": "uuid", "digest": "text"}
LOOK = """
WITH asked AS ({asked})
SELECT asked.number, x.id AS session_id, t.id AS token_id, t.ends_at IS NOT NULL AS token_ends, s.id AS secret_id,
       a.id AS named_id, i.id AS installation_id, COALESCE(i.application_id, s.application_id) AS application_id
FROM asked
LEFT JOIN installs_session x ON x.digest = asked.digest
LEFT JOIN installs_permanenttoken t ON t.digest = asked.digest
LEFT JOIN installs_installation i ON i.id = COALESCE(x.installation_id, t.installation_id)
LEFT JOIN linnapp_secret s ON s.digest = asked.digest
LEFT JOIN linnapp_application a ON a.id = asked.value
ORDER BY asked.number
"""
LOOK_ON_POSTGRESQL = LOOK.format(asked=members_on_postgresql(MEMBERS, "asked"))
LOOK_ON_SQLITE = LOOK.format(asked=members_on_sqlite(MEMBERS, "asked"))


@dataclass(frozen=True, slots=True)
class Carried:
    """Whoever has a credential has proved what it is of, also where it has ended; an Application ID proves nothing."""

    application_id: UUID | None = None
    installation_id: UUID | None = None
    sent: Sent = NOTHING_SENT


@dataclass(frozen=True, slots=True)
class Carrying(Ask[Carried]):
    """`value` as 32 hexadecimal digits."""

    value: str

    @classmethod
    def together(cls, asks: Sequence[Self]) -> Steps[list[Carried | Not]]:
        asked = [
            {"number": number, "value": ask.value, "digest": credentials.digest(ask.value)}
            for number, ask in enumerate(asks)
        ]
        sql = LOOK_ON_POSTGRESQL if connection.vendor == "postgresql" else LOOK_ON_SQLITE
        rows = yield [Statement(sql, {"asked": json.dumps(asked)})]
        return [_carried(row) for row in rows]

    def alone(self) -> Steps[Carried | Not]:
        (carried,) = yield from self.together([self])
        return carried


def _carried(row: Row) -> Carried:
    token = TokenSent.UNKNOWN
    if row["session_id"]:
        token = TokenSent.SESSION
    elif row["token_id"]:
        token = TokenSent.ENDED if row["token_ends"] else TokenSent.PERMANENT
    elif row["secret_id"]:
        token = TokenSent.SECRET
    elif row["named_id"]:
        token = TokenSent.APPLICATION_ID
    sent = Sent(
        named_id=_uuid(row["named_id"]),
        secret_id=row["secret_id"],
        token=token,
        token_id=row["token_id"],
        session_id=_uuid(row["session_id"]),
    )
    return Carried(_uuid(row["application_id"]), _uuid(row["installation_id"]), sent)


def _uuid(value: Any) -> UUID | None:
    return UUID(str(value)) if value else None
