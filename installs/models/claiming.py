"""Whose turn it is: what is due, found by application in the one table of deliveries, whatever else waits there.

An application with ten thousand due is one step, and so is one with a single postback: each step asks an index for the
next application, or for a few of the rows of one.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.db import connection

from installs.models.deliveries import Delivery
from linnapp import kinds
from linnapp.models import Membership

# As the indexes say it: without these very words no database uses them.
IN_TURN = "state = 'DUE' AND next_attempt_at IS NOT NULL AND (number IS NULL OR tried > 0)"
FIRST_EVENTS = "state = 'DUE' AND number IS NOT NULL AND tried = 0"
# SQLite, which no ANALYZE told how much is due, would take the index by time, and read all that is due at each step.
# PostgreSQL, whose statistics are kept for it, has no such words.
BY_TURN = "INDEXED BY deliveries_in_turn"
BY_FIRST = "INDEXED BY deliveries_first_events"
INDEXED = re.compile(r" INDEXED BY \w+")
# Kept from the others of their group by hosts that have enough, so many are passed over and no more.
PASSED_OVER = 200
# Installations or applications whose events are looked at for one application at a time.
SUBJECTS = 300
# Statements put together to one.
TOGETHER = 50
# Accounts of which it is known who opened them.
REMEMBERED = 50_000
_opened_by: dict[UUID, int | None] = {}

# One row for each application and event that something waits for, its first.
GROUPS = f"""
WITH RECURSIVE foremost (id) AS (
    SELECT (SELECT id FROM installs_delivery {BY_TURN} WHERE {IN_TURN}
            ORDER BY application_id, event, next_attempt_at LIMIT 1)
    UNION ALL
    SELECT (SELECT id FROM installs_delivery {BY_TURN} WHERE {IN_TURN}
              AND (application_id, event) > (before.application_id, before.event)
            ORDER BY application_id, event, next_attempt_at LIMIT 1)
    FROM foremost JOIN installs_delivery AS before ON before.id = foremost.id
)
SELECT first.application_id, first.event, application.account_id, first.number IS NOT NULL
FROM foremost
JOIN installs_delivery AS first ON first.id = foremost.id
JOIN linnapp_application AS application ON application.id = first.application_id
JOIN linnapp_account AS account ON account.id = application.account_id
WHERE first.next_attempt_at <= %s
  AND (first.number IS NOT NULL
       OR (application.suspended_by_staff_at IS NULL AND account.suspended_by_staff_at IS NULL))
"""

# Of one group the longest due that nobody holds; no event before those of its subject that had no attempt. What is due
# at one moment, as by a replay or a release, comes in the order in which it was owed.
ROWS = f"""
SELECT * FROM (
    SELECT id, host, next_attempt_at, created_at, number, {{place}} FROM (
        SELECT id, host, next_attempt_at, created_at, number FROM installs_delivery AS one {BY_TURN}
        WHERE {IN_TURN} AND application_id = %s AND event = %s AND next_attempt_at <= %s
          AND (claimed_until IS NULL OR claimed_until < %s)
          AND (number IS NULL OR NOT EXISTS (
              SELECT 1 FROM installs_delivery AS before WHERE before.state = 'DUE' AND before.tried = 0
                AND before.subject = one.subject AND before.number < one.number))
        ORDER BY next_attempt_at, created_at, number LIMIT {{most}}
    ) AS longest {{hosts}} ORDER BY next_attempt_at, created_at, number LIMIT {{number}}
) AS row_{{place}}
"""

# Applications with events that had no attempt.
EVENT_GROUPS = f"""
WITH RECURSIVE each_one (id) AS (
    SELECT (SELECT application_id FROM installs_delivery {BY_FIRST}
            WHERE {FIRST_EVENTS} ORDER BY application_id LIMIT 1)
    UNION ALL
    SELECT (SELECT application_id FROM installs_delivery {BY_FIRST}
            WHERE {FIRST_EVENTS} AND application_id > each_one.id
            ORDER BY application_id LIMIT 1)
    FROM each_one WHERE each_one.id IS NOT NULL
)
SELECT application.id, '', application.account_id, TRUE
FROM each_one JOIN linnapp_application AS application ON application.id = each_one.id
"""

# Of one application the event of each installation that comes first there, from some installation on.
HEADS = f"""
WITH RECURSIVE foremost (id, place) AS (
    SELECT (SELECT id FROM installs_delivery {BY_FIRST} WHERE {FIRST_EVENTS} AND application_id = %s AND subject >= %s
            ORDER BY subject, number LIMIT 1), 1
    UNION ALL
    SELECT (SELECT id FROM installs_delivery {BY_FIRST}
            WHERE {FIRST_EVENTS} AND application_id = before.application_id
              AND subject > before.subject ORDER BY subject, number LIMIT 1), foremost.place + 1
    FROM foremost JOIN installs_delivery AS before ON before.id = foremost.id
    WHERE foremost.place < {SUBJECTS}
)
SELECT head.id, head.host, head.next_attempt_at, head.created_at, head.number, %s
FROM foremost JOIN installs_delivery AS head ON head.id = foremost.id
WHERE head.next_attempt_at <= %s AND (head.claimed_until IS NULL OR head.claimed_until < %s)
LIMIT %s
"""

# Of an account, among what happened to it itself: of installations and exchanges it may have thousands of lines.
OPENERS = """
SELECT account_id, actor_id FROM linnapp_timelineentry INDEXED BY timeline_of_accounts
WHERE application_id IS NULL AND kind = %s AND account_id IN ({accounts})
"""


@dataclass(frozen=True)
class Group:
    """Deliveries of one application for one event; those that had no attempt are one group for all events. `sender` is
    the person behind the account: whoever opened it, for as long as they own it; otherwise the account itself."""

    application: UUID
    event: str
    sender: str
    is_numbered: bool

    @cached_property
    def rank(self) -> int:
        """Among those of one sender. Asked for each row."""
        return {Delivery.Event.INSTALLED.value: 0, Delivery.Event.TEST.value: 1}.get(self.event, 2)

    @cached_property
    def is_install(self) -> bool:
        return self.event == Delivery.Event.INSTALLED


class Candidate(NamedTuple):
    id: UUID
    host: str
    # When it was due, when it was owed, and its number.
    owed: tuple[str, str, int]
    group: Group


def anything_due(now: datetime) -> bool:
    """Whether it is worth a closer look; read off the index, also where all of it waits for something else."""
    free = Delivery.objects.filter(state=Delivery.State.DUE, next_attempt_at__lte=now)
    return free.unclaimed(now).exists()


def groups_due(now: datetime) -> list[Group]:
    """Of applications that are not suspended; events go out from those too."""
    if not anything_due(now):
        return []
    found = _rows(GROUPS, [_moment(now)]) + _rows(EVENT_GROUPS)
    senders = _senders({_uuid(account) for _, _, account, _ in found})
    return [Group(_uuid(of), event, senders[_uuid(account)], bool(numbered)) for of, event, account, numbered in found]


def _senders(accounts: Collection[UUID]) -> dict[UUID, str]:
    """By nothing that somebody else decides: a seat can be given to whoever accepts it, and its giver can leave."""
    opened, senders = _openers(accounts), {account: f"account {account}" for account in accounts}
    owners = Membership.objects.filter(account__in=accounts, role=Membership.Role.OWNER)
    pairs = owners.values_list("account", "user")
    return senders | {account: f"person {user}" for account, user in pairs if user == opened[account]}


def _openers(accounts: Collection[UUID]) -> Mapping[UUID, int | None]:
    """As the timeline has it, which never changes: each account is asked for once."""
    if len(_opened_by) > REMEMBERED:
        _opened_by.clear()
    if new := [account for account in accounts if account not in _opened_by]:
        statement = OPENERS.format(accounts=", ".join(["%s"] * len(new)))
        found = _rows(statement, [kinds.ACCOUNT_CREATED, *map(_key, new)])
        _opened_by.update(dict.fromkeys(new) | {_uuid(account): person for account, person in found})
    return {account: _opened_by[account] for account in accounts}


def candidates(
    asked: Mapping[Group, int], now: datetime, *, but: Mapping[str, Sequence[str]] | None = None
) -> list[Candidate]:
    """Of each group up to so many that are due and that nobody holds, but for these hosts of a sender; of events the
    first of each subject only."""
    places = list(asked)
    found: list[tuple[Any, ...]] = []
    by_time = [place for place, group in enumerate(places) if group.event]
    for first in range(0, len(by_time), TOGETHER):
        found += _longest_due(by_time[first : first + TOGETHER], places, asked, now, but or {})
    for place, group in enumerate(places):
        if not group.event:
            found += _heads(place, group, asked[group], now)
    return [
        Candidate(_uuid(key), host, (str(due_at), str(created_at), number or 0), places[place])
        for key, host, due_at, created_at, number, place in found
    ]


def _longest_due(
    some: Iterable[int],
    places: list[Group],
    asked: Mapping[Group, int],
    now: datetime,
    but: Mapping[str, Sequence[str]],
) -> list[tuple[Any, ...]]:
    statements, values = [], []
    for place in some:
        group, number = places[place], asked[places[place]]
        hosts = but.get(group.sender, ())
        others = f"WHERE host NOT IN ({', '.join(['%s'] * len(hosts))})" if hosts else ""
        most = number + PASSED_OVER if hosts else number
        statements.append(ROWS.format(place=place, most=most, number=number, hosts=others))
        values += [_key(group.application), group.event, _moment(now), _moment(now), *hosts]
    return _rows(" UNION ALL ".join(statements), values)


def _heads(place: int, group: Group, number: int, now: datetime) -> list[tuple[Any, ...]]:
    """From anywhere on, and from the beginning where that is not enough: no installation is always the last."""
    found: dict[Any, tuple[Any, ...]] = {}
    for begin in (uuid4(), UUID(int=0)):
        if len(found) < number:
            values = [_key(group.application), _key(begin), place, _moment(now), _moment(now), number]
            found |= {row[0]: row for row in _rows(HEADS, values)}
    return list(found.values())[:number]


def _rows(statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(for_engine(statement), values)
        return list(cursor.fetchall())


def for_engine(statement: str) -> str:
    return statement if connection.vendor == "sqlite" else INDEXED.sub("", statement)


def _key(value: UUID) -> Any:
    return value if connection.features.has_native_uuid_field else value.hex


def _uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _moment(value: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(value)
