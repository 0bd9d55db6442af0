"""GetApplicationProfileBySecretKey asks one thing: whether a secret is of an application."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from django.db import connection
from django.utils import timezone

from installs.exchange.refusals import FAILURE_WINDOW
from installs.exchange.sent import SecretSent, Sent
from installs.exchange.statements import members_on_postgresql, members_on_sqlite
from installs.exchange.steps import Ask, Not, Row, Statement, Steps
from linnapp import credentials
from linnapp.addresses import counted_as

MEMBERS = {"number": "int", "application": "uuid", "secret": "text", "counted": "text"}
LOOK = """
WITH asked AS ({asked})
SELECT asked.number, s.application_id, s.id AS secret_id, COALESCE(s.ends_at <= %(now)s, FALSE) AS secret_ended,
       (SELECT n.id FROM linnapp_application n WHERE n.id = asked.application) AS named_id,
       COALESCE((SELECT f.failures FROM installs_failurewindow f
           WHERE f.address = asked.counted AND f.last_at > %(window)s), 0) AS failures
FROM asked LEFT JOIN linnapp_secret s ON s.digest = asked.secret
ORDER BY asked.number
"""
LOOK_ON_POSTGRESQL = LOOK.format(asked=members_on_postgresql(MEMBERS, "asked"))
LOOK_ON_SQLITE = LOOK.format(asked=members_on_sqlite(MEMBERS, "asked"))


@dataclass(frozen=True, slots=True)
class Proof:
    """`failures` counts the refusals of the address in the window before this; `sent` is for the record."""

    is_right: bool
    failures: int
    sent: Sent


@dataclass(frozen=True, slots=True)
class ProfileCall(Ask[Proof]):
    """`application_id` as 32 hexadecimal digits, "" for what is no UUID."""

    application_id: str
    application_secret: str
    address: str

    @classmethod
    def together(cls, asks: Sequence[Self]) -> Steps[list[Proof | Not]]:
        now = timezone.now()
        asked = [
            {
                "number": number,
                "application": ask.application_id or None,
                "secret": credentials.digest(ask.application_secret),
                "counted": counted_as(ask.address),
            }
            for number, ask in enumerate(asks)
        ]
        sql = LOOK_ON_POSTGRESQL if connection.vendor == "postgresql" else LOOK_ON_SQLITE
        rows = yield [Statement(sql, {"asked": json.dumps(asked), "now": now, "window": now - FAILURE_WINDOW})]
        return [ask._proof(row) for ask, row in zip(asks, rows, strict=True)]

    def alone(self) -> Steps[Proof | Not]:
        (proof,) = yield from self.together([self])
        return proof

    def _proof(self, row: Row) -> Proof:
        named = UUID(str(row["named_id"])) if row["named_id"] else None
        owner = row["application_id"]
        if owner is None:
            secret = SecretSent.UNKNOWN
        elif not credentials.same(str(owner).replace("-", ""), self.application_id):
            secret = SecretSent.ANOTHER_APPLICATIONS
        else:
            secret = SecretSent.RETIRED if row["secret_ended"] else SecretSent.LIVE
        named = named or (UUID(str(owner)) if owner else None)
        return Proof(secret == SecretSent.LIVE, row["failures"], Sent(named, secret, row["secret_id"]))
