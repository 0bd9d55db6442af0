"""The first exchange with a permanent token that takes the place of another ends that one. The exchange itself stays
the one statement it is: it learns of the old one by the way, and this follows before it is answered.

The old one's row is held while it ends, and the sessions begun with it are looked for after that: an exchange with it
(FOR SHARE) is over before, and none begins after. Nobody waits for a row here: what is held is asked for again.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from django.db import connection
from django.utils import timezone

from installs.exchange.steps import Ask, Not, Statement, Steps

# The tokens that were used, with the ones before them.
OF_THESE = """
FROM installs_permanenttoken t
JOIN installs_permanenttoken o ON o.id = t.replaces_id
JOIN installs_installation i ON i.id = t.installation_id
JOIN linnapp_application a ON a.id = i.application_id
JOIN linnapp_account c ON c.id = i.account_id
JOIN linnapp_account p ON p.id = a.account_id
WHERE t.id {among}
"""
LIVES = " AND (o.ends_at IS NULL OR o.ends_at > %(now)s)"
# In the order in which everybody locks them. Accounts, application and installation are shared with exchanges, and kept
# from whoever suspends or uninstalls: those end sessions too, and two that do would wait for each other's in a circle.
HOLD = " FOR KEY SHARE OF c, p, a SKIP LOCKED FOR SHARE OF i SKIP LOCKED FOR NO KEY UPDATE OF o SKIP LOCKED"
END = "UPDATE installs_permanenttoken SET ends_at = %(now)s, ended_by_use = TRUE WHERE id IN (SELECT o.id {held})"
# By the installation, which has an index.
END_SESSIONS = """
UPDATE installs_session SET ended_at = %(now)s, "end" = 'TOKEN_ENDED'
WHERE ended_at IS NULL
  AND installation_id IN (SELECT t.installation_id {ended})
  AND permanent_token_id IN (SELECT o.id {ended})
"""
ENDED = " AND o.ended_by_use AND o.ends_at = %(now)s"


@dataclass(frozen=True, slots=True)
class FirstUse(Ask[bool]):
    """Of the permanent token with this key. Asked twice, it finds the old one ended."""

    token_id: int

    @classmethod
    def together(cls, asks: Sequence[Self]) -> Steps[list[bool | Not]]:
        used, now = {ask.token_id for ask in asks}, timezone.now()
        ended = yield [_statement(sql, used, now) for sql in (_end(), _end_sessions())]
        held: set[int] = set()
        if len(ended) < len(used):
            # What an earlier one ended is not of these.
            rows = yield [_statement(_held(), used, now)]
            held = {row["id"] for row in rows}
        return [Not.NOW if ask.token_id in held else True for ask in asks]

    def alone(self) -> Steps[bool | Not]:
        (answer,) = yield from self.together([self])
        return answer


def _on_postgresql() -> bool:
    return connection.vendor == "postgresql"


def _of_these() -> str:
    among = "= ANY(%(tokens)s::bigint[])" if _on_postgresql() else "IN (SELECT value FROM json_each(%(tokens)s))"
    return OF_THESE.format(among=among)


def _end() -> str:
    held = _of_these() + LIVES + (HOLD if _on_postgresql() else "")
    return END.format(held=held) + " RETURNING id"


def _end_sessions() -> str:
    return END_SESSIONS.format(ended=_of_these() + ENDED)


def _held() -> str:
    return "SELECT t.id" + _of_these() + LIVES


def _statement(sql: str, used: set[int], now: datetime) -> Statement:
    tokens = sorted(used)
    return Statement(sql, {"now": now, "tokens": tokens if _on_postgresql() else json.dumps(tokens)})
