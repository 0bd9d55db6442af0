"""Installations, and what their clients leave: tokens, sessions, hours, postbacks, and lines of the timeline."""

from collections.abc import Iterator
from typing import Any

from django.db import connection

from bench.scale import names
from bench.scale.filling import copy, insert, numbered, run
from bench.scale.names import Size
from installs.models import (
    AddressDay,
    Attempt,
    Delivery,
    EventCounter,
    ExchangeHour,
    Installation,
    PermanentToken,
    PostbackHost,
    SecretHour,
    Session,
    SigningSecret,
    StockLocation,
)
from linnapp import credentials
from linnapp.models import TimelineEntry

# Between 0 and `below`, the same for the same salt and number. Without the cast it is not inlined, and takes tenfold.
# OFFSET 0, below, keeps a query from being taken apart: what it works out for a row is worked out once.
PART = """
    CREATE FUNCTION pg_temp.part(salt text, number bigint, below int) RETURNS int LANGUAGE sql IMMUTABLE
    AS $$ SELECT ('x'||substr(md5(salt||number::text), 1, 6))::bit(24)::int % below $$
"""
# The second account has every application, the first application a tenth of all installations, and every account five.
SEATS = """
    INSERT INTO seats SELECT row_number() OVER (ORDER BY turn, a, c) - 1, a, c FROM (
        SELECT DISTINCT ON (a, c) turn, a, c FROM (
            SELECT 0 turn, a, 1 c FROM generate_series(0, {applications} - 1) a
            UNION ALL SELECT 1, 0, 3 + i FROM generate_series(0, {of_the_first} - 1) i
            UNION ALL SELECT 2 + k, 1 + ((c * 7 + k * 131) % ({applications} - 1)), c
                FROM generate_series(2, {accounts} - 1) c, generate_series(0, 5) k
        ) every ORDER BY a, c, turn
    ) one ORDER BY 1 LIMIT {installations}
"""
# Of a hundred: 12 uninstalled, 3 failed, 1 suspended by its account, the next 5 never connected.
FATE = "pg_temp.part('h', s.n, 100)"
WHEN = "now() - pg_temp.part('w', s.n, 31000000) * interval '1 second'"
VERSIONS = """(SELECT application_id, id, count(*) OVER (PARTITION BY application_id) many,
    row_number() OVER (PARTITION BY application_id ORDER BY major, minor) - 1 place
    FROM linnapp_version WHERE kind = 'RELEASED') v"""
REQUEST = "'POST /installed HTTP/1.1'||chr(10)||'Host: '||d.host||chr(10)||chr(10)||'Token=…837e&Tracking='"
# Most of what is told of an installation are its hours.
TOLD = "(VALUES (0, 'INSTALLED'), (1, 'POSTBACK'), (2, 'EXCHANGES'), (3, 'EXCHANGES')) k(place, kind)"
COMMON = "'account', s.account_name, 'publisher', 'Harbour Ltd', 'application', s.application_name"
FACTS = f"""CASE k.kind
    WHEN 'INSTALLED' THEN jsonb_build_object({COMMON}, 'version', '1.0.0')
    WHEN 'POSTBACK' THEN jsonb_build_object({COMMON}, 'host', 'hooks.example.com', 'event', 'installed',
        'outcome', 'Answered 200 OK')
    ELSE jsonb_build_object({COMMON}, 'hour', '2026-11-10T10:00:00+00:00', 'refused', 0, 'addresses', 1, 'exchanges', 6)
END"""


def fill(size: Size) -> None:
    run(PART)
    run("CREATE TEMPORARY TABLE seats (n int, a int, c int)")
    run(
        SEATS.format(
            installations=size.installations,
            accounts=size.accounts,
            applications=size.applications,
            of_the_first=size.of_the_first,
        )
    )
    run("CREATE INDEX ON seats (n)")
    run("ANALYZE seats")
    installations()
    in_use()
    tokens()
    exchanges()
    postbacks()
    of_accounts()
    timeline(size)


def installations() -> None:
    insert(
        Installation,
        f"""(SELECT *, {FATE} fate, {WHEN} AS moment FROM seats s OFFSET 0) s
            JOIN {VERSIONS} ON v.application_id = md5('a'||s.a)::uuid
            AND v.place = greatest(0, v.many - 1 - (s.n % 4) * (s.n % 3))""",
        id="md5('i'||s.n)::uuid",
        application="md5('a'||s.a)::uuid",
        account="md5('c'||s.c)::uuid",
        version="v.id",
        state="CASE WHEN fate < 12 THEN 'UNINSTALLED' WHEN fate < 15 THEN 'FAILED' ELSE 'ACTIVE' END",
        installed_at="moment",
        consent="md5('k'||s.n)",
        installed_by=f"CASE WHEN s.c > 2 THEN {names.OWNERS} + s.c END",
        suspended_by_account_at="CASE WHEN fate = 15 THEN moment + interval '1 day' END",
        uninstalled_at="CASE WHEN fate < 12 THEN least(now(), moment + interval '20 days') END",
        failed_at="CASE WHEN fate BETWEEN 12 AND 14 THEN moment + interval '1 minute' END",
        failure="CASE WHEN fate BETWEEN 12 AND 14 THEN 'Answered 500.' ELSE '' END",
        first_exchange_at="CASE WHEN fate > 20 THEN least(now(), moment + interval '1 hour') END",
        last_used_at="CASE WHEN fate > 20 THEN now() - pg_temp.part('u', s.n, 1700000) * interval '1 second' END",
    )
    run("ANALYZE installs_installation")


def in_use() -> None:
    """As whoever installs notes it."""
    run(
        """UPDATE linnapp_account SET used_at = created_at WHERE id IN (
               SELECT account_id FROM installs_installation UNION SELECT account_id FROM linnapp_application)"""
    )


def tokens() -> None:
    """One each, whose key is the number of the installation and one more; and of a hundredth the one before it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT n FROM seats ORDER BY n")
        numbers = [row[0] for row in cursor.fetchall()]
    sealed = credentials.encrypt(names.key("t", 0))

    def rows(letter: str, step: int, ends: str | None) -> Iterator[dict[str, Any]]:
        for n in numbers[::step]:
            value = names.key(letter, n)
            yield {
                "installation": names.key("i", n), "digest": credentials.digest(value), "encrypted": sealed,
                "tail": value[-4:], "created_at": "2026-01-01", "ends_at": ends, "replaces": None,
            }  # fmt: skip

    copy(PermanentToken, rows("t", 1, None))
    copy(PermanentToken, rows("o", 100, "2026-02-01"))
    numbered(PermanentToken)


def exchanges() -> None:
    """Sessions of the last day, of which a third is live, and some that are over; two hours of each installation in the
    last month, and what is kept of some for longer."""
    insert(
        Session,
        """(SELECT s.*, now() - pg_temp.part('x', s.n, 82000) * interval '1 second'
                - CASE WHEN s.n % 10 = 3 THEN interval '3 days' ELSE interval '0' END AS moment FROM seats s
            WHERE s.n % 10 < 4 OFFSET 0) s
            JOIN linnapp_secret k ON k.application_id = md5('a'||s.a)::uuid ORDER BY moment""",
        id="md5('x'||n)::uuid",
        digest="md5('x'||n)||md5('y'||n)",
        address="'203.0.113.'||n % 250",
        created_at="moment",
        last_used_at="moment",
        expires_at="moment + interval '1 day'",
        ended_at="CASE WHEN n % 10 > 0 THEN moment + interval '30 min' END",
        end="CASE WHEN n % 10 > 0 THEN 'EXPIRED' ELSE '' END",
        installation="md5('i'||n)::uuid",
        permanent_token="n + 1",
        secret="k.id",
    )
    insert(
        ExchangeHour,
        "seats s, generate_series(0, 1) k ORDER BY (s.n * 7 + k * 331) % 700 DESC",
        installation="md5('i'||s.n)::uuid",
        application="md5('a'||s.a)::uuid",
        hour="date_trunc('hour', now()) - ((s.n * 7 + k * 331) % 700) * interval '1 hour'",
        exchanges="3",
        refused="CASE WHEN s.n % 30 = 0 THEN 1 ELSE 0 END",
        addresses="1",
        told="true",
    )
    insert(
        SecretHour,
        "seats s JOIN linnapp_secret k ON k.application_id = md5('a'||s.a)::uuid WHERE s.n % 2 = 0",
        installation="md5('i'||s.n)::uuid",
        hour="date_trunc('hour', now()) - ((s.n * 7) % 2000) * interval '1 hour'",
        secret_id="k.id",
        exchanges="3",
    )
    insert(
        AddressDay,
        "seats s WHERE s.n % 2 = 0",
        installation="md5('i'||s.n)::uuid",
        day="current_date - (s.n / 2 % 80)",
        hours="""jsonb_build_object('10', jsonb_build_object('203.0.113.0/24', 3))""",
    )


def postbacks() -> None:
    insert(
        Delivery,
        """(SELECT s.*, now() - pg_temp.part('p', s.n, 7950000) * interval '1 second' AS moment FROM seats s
            OFFSET 0) s ORDER BY moment""",
        id="md5('p'||n)::uuid",
        application="md5('a'||a)::uuid",
        installation="md5('i'||n)::uuid",
        event="'installed'",
        state="CASE WHEN n % 50 = 0 THEN 'EXHAUSTED' WHEN n % 500 = 1 THEN 'STOPPED' ELSE 'DELIVERED' END",
        url="'https://hooks'||a||'.example.com/installed?tracking=[{TRACKING}]'",
        host="'hooks'||a||'.example.com'",
        nonce="md5('q'||n)",
        created_at="moment",
        ended_at="moment + interval '1 second'",
        outcome="CASE WHEN n % 50 = 0 THEN 'Answered 500.' ELSE 'Answered 200 OK.' END",
        tried="1",
    )
    insert(
        Attempt,
        "installs_delivery d ORDER BY d.created_at",
        delivery="d.id",
        at="d.created_at",
        milliseconds="120",
        status="CASE WHEN d.state = 'DELIVERED' THEN 200 ELSE 500 END",
        passed="d.state = 'DELIVERED'",
        request=REQUEST,
        answer="'HTTP 200'||chr(10)||'ok'",
    )
    insert(
        PostbackHost,
        "(SELECT DISTINCT a FROM seats) s",
        application="md5('a'||s.a)::uuid",
        host="'hooks'||s.a||'.example.com'",
    )
    insert(
        SigningSecret,
        "linnapp_application a",
        application="a.id",
        encrypted=f"'{credentials.encrypt(credentials.new_signing_secret())}'",
        tail="'abcd'",
    )


def of_accounts() -> None:
    insert(StockLocation, "linnapp_account c", account="c.id")
    insert(
        EventCounter,
        "seats s WHERE s.n % 50 = 0",
        application="md5('a'||s.a)::uuid",
        subject="md5('i'||s.n)::uuid",
        last="3",
    )


def timeline(size: Size) -> None:
    """Four lines of each installation, in the order of time as they are written; and hours of each application."""
    insert(
        TimelineEntry,
        f"""(SELECT s.*, i.installed_at, c.name account_name, a.name application_name FROM seats s
            JOIN installs_installation i ON i.id = md5('i'||s.n)::uuid
            JOIN linnapp_account c ON c.id = i.account_id JOIN linnapp_application a ON a.id = i.application_id) s,
            {TOLD} ORDER BY s.installed_at + k.place * interval '1 hour'""",
        at="least(now(), s.installed_at + k.place * interval '1 hour')",
        kind="k.kind",
        application_id="md5('a'||s.a)::uuid",
        account_id="md5('c'||s.c)::uuid",
        subject_id="md5('i'||s.n)::uuid",
        actor_name="CASE WHEN k.place = 0 THEN 'Owner '||s.c ELSE '' END",
        side="CASE WHEN k.place = 0 THEN 'CUSTOMER' ELSE 'CLIENT' END",
        facts=FACTS,
    )
    insert(
        TimelineEntry,
        "linnapp_application a, generate_series(1, 60) h ORDER BY h DESC",
        at="now() - h * interval '1 hour'",
        kind="'APPLICATION_EXCHANGES'",
        application_id="a.id",
        account_id="a.account_id",
        side="'CLIENT'",
        facts="""jsonb_build_object('hour', now() - h * interval '1 hour', 'refused', 0, 'exchanges', 25,
            'application', a.name, 'installations', 3)""",
    )
    insert(
        TimelineEntry,
        f"generate_series(1, {size.installations} / 100) v",
        at=f"now() - ({size.installations} / 100 - v) * interval '1 minute'",
        kind="'SUPPORT_VIEWED'",
        subject_id="md5('i'||v)::uuid",
        account_id="(SELECT account_id FROM installs_installation i WHERE i.id = md5('i'||v)::uuid)",
        application_id="(SELECT application_id FROM installs_installation i WHERE i.id = md5('i'||v)::uuid)",
        actor_id=f"(SELECT id FROM linnapp_user WHERE email = '{names.email(names.SUPPORT)}')",
        actor_name="'Sam Scale'",
        side="'STAFF'",
    )
