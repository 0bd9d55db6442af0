"""GetApplicationProfileBySecretKey asks one thing: whether a secret is of an application."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from django.db import connection
from django.utils import timezone

from installs.exchange.refusals import FAILURE_WINDOW
from installs.exchange.statements import members_on_postgresql, members_on_sqlite
from installs.exchange.steps import Ask, Not, Statement, Steps
from linnapp import credentials
from linnapp.addresses import counted_as

MEMBERS = {"number": "int", "secret": "text", "counted": "text"}
LOOK = """
WITH asked AS ({asked})
SELECT asked.number, s.application_id,
       COALESCE((SELECT f.failures FROM installs_failurewindow f
           WHERE f.address = asked.counted AND f.last_at > %(window)s), 0) AS failures
FROM asked LEFT JOIN linnapp_secret s ON s.digest = asked.secret AND (s.ends_at IS NULL OR s.ends_at > %(now)s)
ORDER BY asked.number
"""
LOOK_ON_POSTGRESQL = LOOK.format(asked=members_on_postgresql(MEMBERS, "asked"))
LOOK_ON_SQLITE = LOOK.format(asked=members_on_sqlite(MEMBERS, "asked"))


@dataclass(frozen=True, slots=True)
class Proof:
    """`failures` counts the refusals of the address in the window before this."""

    is_right: bool
    failures: int


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
            {"number": number, "secret": credentials.digest(ask.application_secret), "counted": counted_as(ask.address)}
            for number, ask in enumerate(asks)
        ]
        sql = LOOK_ON_POSTGRESQL if connection.vendor == "postgresql" else LOOK_ON_SQLITE
        rows = yield [Statement(sql, {"asked": json.dumps(asked), "now": now, "window": now - FAILURE_WINDOW})]
        return [Proof(ask._proves(row["application_id"]), row["failures"]) for ask, row in zip(asks, rows, strict=True)]

    def alone(self) -> Steps[Proof | Not]:
        (proof,) = yield from self.together([self])
        return proof

    def _proves(self, found: object) -> bool:
        return found is not None and credentials.same(str(found).replace("-", ""), self.application_id)
