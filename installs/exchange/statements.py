"""The statements of the exchange, for either engine. A group of exchanges comes as one JSON text, a column to a member.

On PostgreSQL one statement decides on a whole group and begins the sessions of those for whom all stands. SQLite writes
in no part of a statement but the whole: there one decides, and another begins. Both assert again that installation,
application, permanent token and secret still stand; PostgreSQL holds them until the session row is in: a plain INSERT
leaves a session behind a suspension that commits in between.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import connection

from installs.exchange.cases import AT_ONCE, OF_ONE_INSTALLATION, SOON, Case
from installs.exchange.refusals import FAILURE_WINDOW
from installs.exchange.steps import Statement
from installs.installations import acts
from installs.installations.acts import Act
from installs.models.sessions import idle_since

# Exchanges of one group.
MOST_TOGETHER = 64
# What PostgreSQL is told of the members; SQLite takes them as they are.
ASKED = {
    "number": "int",
    "application": "uuid",
    "secret": "text",
    "token": "text",
    "address": "text",
    "counted": "text",
    "scope": "text",
    "id": "uuid",
    "digest": "text",
}
CHOSEN = {
    "number": "int",
    "id": "uuid",
    "digest": "text",
    "scope": "text",
    "address": "text",
    "secret_id": "bigint",
    "secret_ends_at": "timestamptz",
    "token_id": "bigint",
    "token_ends_at": "timestamptz",
}


def members_on_postgresql(columns: dict[str, str], parameter: str) -> str:
    """PostgreSQL takes any such list for a hundred rows, and would read whole tables for them. By the bounds of their
    numbers it knows that they are few, and asks an index for each."""
    typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    members = f"json_to_recordset(%({parameter})s::json) AS member({typed})"
    return f"SELECT * FROM {members} WHERE number BETWEEN 0 AND {MOST_TOGETHER - 1}"


def members_on_sqlite(columns: dict[str, str], parameter: str) -> str:
    taken = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in columns)
    return f"SELECT {taken} FROM json_each(%({parameter})s)"


DECIDED = """
SELECT asked.number, asked.application, asked.id, asked.digest, asked.scope, asked.address,
       s.id AS secret_id, s.application_id AS secret_application_id, s.ends_at AS secret_ends_at,
       COALESCE(s.ends_at <= %(now)s, FALSE) AS secret_ended,
       CASE WHEN s.application_id = asked.application THEN NULL ELSE
           (SELECT n.id FROM linnapp_application n WHERE n.id = asked.application) END AS named_id,
       CASE WHEN t.id IS NULL THEN
           (SELECT x.id FROM installs_session x WHERE x.digest = asked.token) END AS sent_session_id,
       a.name AS application_name, a.suspended_by_staff_at IS NOT NULL AS application_suspended,
       a.retired_at IS NOT NULL AS application_retired, p.suspended_by_staff_at IS NOT NULL AS publisher_suspended,
       t.id AS token_id, t.ends_at AS token_ends_at, COALESCE(t.ends_at <= %(now)s, FALSE) AS token_ended,
       COALESCE(o.ends_at > %(now)s, o.id IS NOT NULL) AS is_first_use,
       i.id AS installation_id, i.application_id AS installation_application_id, i.state AS installation_state,
       i.suspended_by_account_at IS NOT NULL AS suspended_by_account,
       i.suspended_by_staff_at IS NOT NULL AS suspended_by_staff,
       c.suspended_by_staff_at IS NOT NULL AS account_suspended,
       c.id AS account_id, c.name AS account_name, c.contact_email AS account_email,
       (SELECT count(*) FROM installs_session x
        WHERE x.installation_id = i.id AND x.created_at > %(minute_ago)s) AS exchanges,
       (SELECT count(*) FROM installs_session x WHERE x.installation_id = i.id AND x.ended_at IS NULL
           AND x.last_used_at > %(idle)s AND x.expires_at > %(now)s) AS live_sessions,
       COALESCE((SELECT f.failures FROM installs_failurewindow f
           WHERE f.address = asked.counted AND f.last_at > %(window)s), 0) AS failures,
       CASE WHEN t.id IS NULL AND s.id IS NOT NULL THEN
           (SELECT xt.tail FROM installs_session x
            JOIN installs_permanenttoken xt ON xt.id = x.permanent_token_id
            JOIN installs_installation xi ON xi.id = x.installation_id
            WHERE x.digest = asked.token AND xi.application_id = s.application_id) END AS sent_tail,
       row_number() OVER (PARTITION BY t.installation_id ORDER BY asked.number) - 1 AS ahead
FROM asked
LEFT JOIN linnapp_secret s ON s.digest = asked.secret
LEFT JOIN linnapp_application a ON a.id = s.application_id
LEFT JOIN linnapp_account p ON p.id = a.account_id
LEFT JOIN installs_permanenttoken t ON t.digest = asked.token
LEFT JOIN installs_permanenttoken o ON o.id = t.replaces_id
LEFT JOIN installs_installation i ON i.id = t.installation_id
LEFT JOIN linnapp_account c ON c.id = i.account_id
"""
# `Case.begins_among_others`, and that the secret proves the application: whoever is not of these is answered by what
# was read, or asked again alone.
AMONG_OTHERS = f"""
secret_application_id = application
  AND ahead < {OF_ONE_INSTALLATION}
  AND exchanges + ahead < %(quota)s
  AND live_sessions + ahead + {AT_ONCE} < %(cap)s
  AND (secret_ends_at IS NULL OR secret_ends_at > %(soon)s)
  AND (token_ends_at IS NULL OR token_ends_at > %(soon)s)
"""
# What must still be so at the moment the session begins. The ends of secret and token are compared with those that were
# decided on, not with the time: a retirement that this statement waited for ends its secret after `now`.
BEGIN = """
INSERT INTO installs_session (id, digest, installation_id, permanent_token_id, secret_id, scope, address,
                              created_at, last_used_at, expires_at, "end")
SELECT chosen.id, chosen.digest, i.id, t.id, s.id, chosen.scope, chosen.address, %(now)s, %(now)s, %(expires)s, ''
FROM {chosen}
JOIN installs_permanenttoken t ON t.id = chosen.token_id
JOIN installs_installation i ON i.id = t.installation_id
JOIN linnapp_application a ON a.id = i.application_id
JOIN linnapp_account c ON c.id = i.account_id
JOIN linnapp_account p ON p.id = a.account_id
JOIN linnapp_secret s ON s.id = chosen.secret_id AND s.application_id = a.id
WHERE (t.ends_at = chosen.token_ends_at OR (t.ends_at IS NULL AND chosen.token_ends_at IS NULL))
  AND (s.ends_at = chosen.secret_ends_at OR (s.ends_at IS NULL AND chosen.secret_ends_at IS NULL))
  AND {works}
""".replace("{works}", acts.as_sql(Act.EXCHANGE, installation="i", application="a", account="c", publisher="p"))
RETURNING = "RETURNING id\n"
# A crash may lose the last moments' sessions, and clients authorise again: this one statement does not wait for the
# disk. The setting is local to its transaction.
NOT_DURABLE = "  AND set_config('synchronous_commit', 'off', true) = 'off'\n"
# Rows are locked in the order in which suspending, uninstalling and retiring lock theirs: another order ends in
# deadlocks. A row that somebody holds is passed over, and keeps nobody waiting who does not need it. Of accounts
# and application only who ends exchanges is kept off (KEY SHARE), and nobody who merely edits them.
HOLD = "FOR KEY SHARE OF c, p, a SKIP LOCKED FOR SHARE OF i, s, t SKIP LOCKED\n"
# Exchanges of one installation that take turns: each counts the sessions of those before it.
HOLD_IN_TURN = HOLD.replace("SHARE OF i, s", "NO KEY UPDATE OF i SKIP LOCKED FOR SHARE OF s")
# Of the installations whose sessions have just begun: those are held, so that nobody counts meanwhile. What has just
# begun is the last to end: what another process began before it may be younger by its clock.
BEYOND_THE_CAP = """
SELECT ranked.id FROM (
    SELECT x.id, row_number() OVER (
        PARTITION BY x.installation_id ORDER BY (x.id {among}) DESC, x.last_used_at DESC, x.id) AS place
    FROM installs_session x WHERE x.ended_at IS NULL
      AND x.installation_id IN (SELECT b.installation_id FROM installs_session b WHERE b.id {among})) ranked
WHERE ranked.place > %(kept)s
"""
END = """UPDATE installs_session SET ended_at = %(now)s, "end" = 'REPLACED' WHERE id IN ({sessions})"""
# A session that is held is ending anyway, or is in use.
FREE = "SELECT y.id FROM installs_session y WHERE y.id IN ({sessions}) FOR NO KEY UPDATE SKIP LOCKED"
KNOWN = ", ".join(name for name in Case._fields if name != "begun")


@dataclass(frozen=True)
class Engine:
    """All on one line each: psycopg remembers what it made of a statement of up to 4,096 characters only.

    `look` says of each member what is known. `look_and_begin` says besides whether its session began, "" on an engine
    that cannot do both. `begin` and `begin_in_turn` begin the sessions of those chosen and return their ids; the
    second is for those that take turns, and `end` follows it.
    """

    look: str
    look_and_begin: str
    begin: str
    begin_in_turn: str
    end: str

    @classmethod
    def of(cls, **written: str) -> Self:
        return cls(**{name: _tightened(sql) for name, sql in written.items()})


def _tightened(sql: str) -> str:
    return re.sub(r" ?([,=()<>]) ?", r"\1", " ".join(sql.split()))


def _on_postgresql() -> Engine:
    asked = f"asked AS ({members_on_postgresql(ASKED, 'asked')})"
    decided = f"WITH {asked},\ndecided AS MATERIALIZED ({DECIDED})"
    among_others = f"(SELECT * FROM decided WHERE {AMONG_OTHERS}) chosen"
    begun = BEGIN.format(chosen=among_others) + NOT_DURABLE + HOLD + RETURNING
    begin = BEGIN.format(chosen=f"({members_on_postgresql(CHOSEN, 'chosen')}) chosen") + NOT_DURABLE
    beyond = BEYOND_THE_CAP.format(among="= ANY(%(begun)s::uuid[])")
    return Engine.of(
        look=f"{decided}\nSELECT {KNOWN}, FALSE AS begun FROM decided",
        look_and_begin=f"{decided},\nbegun AS ({begun})\n"
        # All there is, because naming it would not fit into the characters that are remembered.
        f"SELECT decided.*, begun.id IS NOT NULL AS begun FROM decided LEFT JOIN begun ON begun.id = decided.id",
        begin=begin + HOLD + RETURNING,
        begin_in_turn=begin + HOLD_IN_TURN + RETURNING,
        end=END.format(sessions=FREE.format(sessions=beyond)),
    )


def _on_sqlite() -> Engine:
    """Whoever writes has the whole database."""
    asked = f"asked AS ({members_on_sqlite(ASKED, 'asked')})"
    begin = BEGIN.format(chosen=f"({members_on_sqlite(CHOSEN, 'chosen')}) chosen") + RETURNING
    end = END.format(sessions=BEYOND_THE_CAP.format(among="IN (SELECT value FROM json_each(%(begun)s))"))
    return Engine.of(
        look=f"WITH {asked},\ndecided AS ({DECIDED})\nSELECT {KNOWN}, FALSE AS begun FROM decided",
        look_and_begin="",
        begin=begin,
        begin_in_turn=begin,
        end=end,
    )


POSTGRESQL, SQLITE = _on_postgresql(), _on_sqlite()


def engine() -> Engine:
    return POSTGRESQL if connection.vendor == "postgresql" else SQLITE


def look(asked: Sequence[dict[str, Any]], now: datetime) -> Statement:
    return Statement(engine().look, _moments(now) | {"asked": json.dumps(asked)})


def look_and_begin(asked: Sequence[dict[str, Any]], now: datetime, expires: datetime) -> Statement:
    limits = {
        "quota": settings.EXCHANGES_PER_MINUTE,
        "cap": settings.SESSIONS_PER_INSTALLATION,
        "soon": now + SOON,
        "expires": expires,
    }
    return Statement(engine().look_and_begin, _moments(now) | limits | {"asked": json.dumps(asked)})


def begin(
    chosen: Sequence[dict[str, Any]], in_turn: Sequence[str], now: datetime, expires: datetime
) -> list[Statement]:
    """Begins the sessions of those chosen. `in_turn` are the ids of those among them that take turns: the least
    recently used sessions of their installations beyond the cap end."""
    known = engine()
    parameters: dict[str, Any] = {"now": now, "expires": expires, "chosen": json.dumps(chosen)}
    statements = [Statement(known.begin_in_turn if in_turn else known.begin, parameters)]
    if in_turn:
        ids = list(in_turn) if connection.vendor == "postgresql" else json.dumps(in_turn)
        limits = {"now": now, "begun": ids, "kept": settings.SESSIONS_PER_INSTALLATION}
        statements.append(Statement(known.end, limits))
    return statements


def _moments(now: datetime) -> dict[str, Any]:
    return {
        "now": now,
        "idle": idle_since(now),
        "minute_ago": now - timedelta(minutes=1),
        "window": now - FAILURE_WINDOW,
    }
