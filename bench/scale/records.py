"""What is written beside installations: refusals, the record of sign-ins, mail, support, and the acts of staff."""

from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session as BrowserSession

from bench.scale import names
from bench.scale.filling import copy, insert
from bench.scale.names import Size
from installs.models import (
    AlertSent,
    AttemptCount,
    CaseAssignment,
    Connector,
    ConnectorCheck,
    EventSettings,
    FailureWindow,
    HelpCase,
    HelpMessage,
    PostbackAlerts,
    PostbackPolicy,
    RefusalGroup,
    RefusalSample,
    RefusedConsent,
    Review,
    StaffNote,
    UpdateMailing,
)
from linnapp import credentials
from linnapp.models import (
    AuditEntry,
    BulkChange,
    BulkNotice,
    BulkRow,
    ExportFile,
    ExportPart,
    Invitation,
    KnockCount,
    MailRefusal,
    OutgoingMail,
    StaffAccess,
)
from linnapp.models.bulk_changes import sealed as sealed_values

SAM = f"(SELECT id FROM linnapp_user WHERE email = '{names.email(names.SUPPORT)}')"
PAULA = f"(SELECT id FROM linnapp_user WHERE email = '{names.email(names.SUPERUSER)}')"
# However large a portal is: what the limits of the portal allow.
MOST_KNOCKS, MOST_WINDOWS = 14_000, 1_000
ROWS_OF_A_CHANGE, PARTS_OF_A_FILE = 1_000, 4
REASONS = ["UNKNOWN_TOKEN", "UNINSTALLED", "TOKEN_ENDED", "OVER_QUOTA", "SUSPENDED_BY_ACCOUNT"]
TEXT = "repeat('What happened, told in some words. ', 6)"


def fill(size: Size) -> None:
    refusals(size)
    people(size)
    mails(size)
    support(size)
    staff(size)
    of_applications()
    connectors(size)


def series(number: int) -> str:
    """`number` rows, at least one: 0 and on."""
    return f"generate_series(0, {max(1, number)} - 1) i"


def refusals(size: Size) -> None:
    """A tenth of them is the largest application's, with its installations. Both tables in the order of time."""
    many = size.installations // 10
    insert(
        RefusalGroup,
        f"""(SELECT i, now() - ({many} - i) * interval '735 hours' / {many} moment FROM {series(many)}) r
            JOIN seats s ON s.n = r.i * 10 ORDER BY i""",
        key="md5('r'||i)||md5('z'||i)",
        hour="date_trunc('hour', moment)",
        reason=f"(ARRAY{REASONS})[1 + i % {len(REASONS)}]",
        application_id="md5('a'||s.a)::uuid",
        installation_id="CASE WHEN i % 5 > 0 THEN md5('i'||s.n)::uuid END",
        permanent_token_id="CASE WHEN i % 5 > 0 THEN s.n + 1 END",
        address="'198.51.'||i % 100||'.0/24'",
        count="1 + i % 7",
        sampled="1 + i % 2",
        last_at="moment",
        facts="'{}'",
    )
    insert(
        RefusalSample,
        "installs_refusalgroup g, generate_series(1, g.sampled) k ORDER BY g.id",
        group="g.id",
        reference="md5(g.key||k)",
        at="g.last_at",
        address="g.address",
        facts="""'{"token": "…abcd", "secret": "…efgh"}'""",
    )
    insert(
        FailureWindow,
        series(min(MOST_WINDOWS, many)),
        address="'198.51.100.'||i",
        began_at="now()",
        last_at="now()",
        failures="3",
    )
    insert(
        RefusedConsent,
        series(size.accounts // 50),
        reference="md5('rc'||i)",
        at="now() - i % 700 * interval '1 hour'",
        person=f"{names.OWNERS} + i",
        account_id="md5('c'||i)::uuid",
        application_id="md5('a0')::uuid",
        heading="'It cannot be installed'",
        told=TEXT,
    )


def people(size: Size) -> None:
    """Sign-ins of the last months, in order; one in twenty people is signed in now."""
    many = size.installations // 2
    insert(
        AuditEntry,
        f"{series(many)} JOIN linnapp_user u ON u.id = {names.OWNERS} + i % {size.accounts} ORDER BY i",
        at=f"now() - ({many} - i) * interval '408 days' / {many}",
        last_at=f"now() - ({many} - i) * interval '408 days' / {many}",
        kind="CASE WHEN i % 10 = 0 THEN 'SIGN_OUT' ELSE 'SIGN_IN' END",
        person_id="u.id",
        person_name="u.name",
        actor_id="u.id",
        actor_name="u.name",
        side="'CUSTOMER'",
        network="'203.0.113.0/24'",
        device="'Firefox on Linux'",
        facts="""'{"way": "a password"}'""",
    )
    browsers(size.accounts // 20)
    insert(
        KnockCount,
        series(min(MOST_KNOCKS, size.installations // 10)),
        key="md5('kn'||i)||md5('kc'||i)",
        limit="'resets'",
        count="1",
        ends_at="now() + interval '1 day'",
        daily="true",
    )
    insert(
        Invitation,
        series(size.accounts // 20),
        account="md5('c'||CASE WHEN i < 10 THEN 0 ELSE i END)::uuid",
        email="'new.'||i||'@example.com'",
        role="'DEVELOPER'",
        key_digest="md5('in'||i)||md5('iv'||i)",
        expires_at="now() + interval '3 days'",
    )


def browsers(signed_in: int) -> None:
    """Half of those that are kept are signed in."""
    insert(
        BrowserSession,
        series(2 * signed_in),
        session_key="md5('b'||i)",
        session_data=TEXT,
        expire_date="now() + i % 300 * interval '1 hour'",
    )
    insert(
        UserSession,
        series(signed_in),
        user=f"{names.OWNERS} + i",
        session_key="md5('b'||i)",
        ip="'203.0.113.7'",
        user_agent="'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'",
        created_at="now() - interval '2 days'",
        last_seen_at="now() - i % 2000 * interval '1 minute'",
        data="'{}'",
    )


def mails(size: Size) -> None:
    many = size.installations // 5
    insert(
        OutgoingMail,
        f"{series(many)} ORDER BY i",
        message_id="'<'||md5('om'||i)||'@scale.example>'",
        kind="(ARRAY['CONFIRMATION', 'PASSWORD', 'SIGN_IN', 'NOTICE', 'UPDATES', 'POSTBACKS'])[1 + i % 6]",
        recipient="'owner.'||substr(md5('u'||i), 1, 8)||'@'||substr(md5('d'||i % 5000), 1, 6)||'.example.com'",
        state="CASE WHEN i % 100 = 0 THEN 'FAILED' ELSE 'SENT' END",
        said="CASE WHEN i % 100 = 0 THEN 'The mailbox is unknown.' ELSE '' END",
        tries="1",
        created_at=f"now() - ({many} - i) * interval '31 days' / {many}",
        due_at=f"now() - ({many} - i) * interval '31 days' / {many}",
        ended_at=f"now() - ({many} - i) * interval '31 days' / {many} + interval '1 second'",
    )
    # All but a fiftieth were told of their updates this week.
    told = size.accounts * 49 // 50
    insert(UpdateMailing, series(told), user=f"{names.OWNERS} + i", sent_at="now() - interval '3 days'")
    insert(
        MailRefusal,
        series(size.accounts // 50),
        user=f"{names.OWNERS} + i + 3",
        account="md5('c'||i + 3)::uuid",
        kind="'UPDATES'",
    )


def support(size: Size) -> None:
    """Cases mostly solved, with two messages each; a twentieth is open. Notes and cases at hand on installations."""
    many = size.installations // 100
    insert(
        HelpCase,
        f"{series(many)} JOIN seats s ON s.n = i * 100 ORDER BY i",
        id="md5('hc'||i)::uuid",
        account="md5('c'||s.c)::uuid",
        installation="md5('i'||s.n)::uuid",
        application="md5('a'||s.a)::uuid",
        opened_by=f"{names.OWNERS} + s.c",
        opened_at=f"now() - ({many} - i) * interval '300 days' / {many}",
        since=f"now() - ({many} - i) * interval '300 days' / {many}",
        sentence=TEXT,
        state="CASE WHEN i % 20 = 0 THEN 'OPEN' WHEN i % 20 = 1 THEN 'WAITING' ELSE 'SOLVED' END",
        assigned_to=f"CASE WHEN i % 3 = 0 THEN {SAM} END",
        assigned_at="CASE WHEN i % 3 = 0 THEN now() END",
    )
    insert(
        HelpMessage,
        "installs_helpcase h, generate_series(1, 2) k ORDER BY h.opened_at",
        case="h.id",
        writer="CASE WHEN k = 1 THEN 'ACCOUNT' ELSE 'SUPPORT' END",
        text=TEXT,
        at="h.opened_at + k * interval '1 hour'",
    )
    insert(
        StaffNote,
        series(size.installations // 200),
        id="md5('sn'||i)::uuid",
        installation="CASE WHEN i % 2 = 0 THEN md5('i'||i)::uuid END",
        account="CASE WHEN i % 2 = 1 THEN md5('c'||i)::uuid END",
        text=TEXT,
        by=SAM,
        at="now() - i % 20000 * interval '1 hour'",
    )
    insert(
        CaseAssignment,
        series(size.installations // 200),
        installation="md5('i'||i)::uuid",
        assigned_to=f"CASE WHEN i % 50 = 0 THEN {SAM} ELSE {PAULA} END",
        by=SAM,
        at="now() - i % 4000 * interval '1 hour'",
    )


def staff(size: Size) -> None:
    changes = max(5, size.installations // 10_000)
    insert(
        BulkChange,
        series(changes),
        id="md5('bc'||i)::uuid",
        table="'linnapp.Account'",
        act="'suspend'",
        title="'Accounts suspended '||i",
        person=PAULA,
        person_name="'Paula Scale'",
        state="'DONE'",
        created_at="now() - i % 29 * interval '1 day'",
        began_at="now() - i % 29 * interval '1 day'",
        ended_at="now() - i % 29 * interval '1 day' + interval '1 minute'",
        total=str(ROWS_OF_A_CHANGE),
    )
    insert(
        BulkRow,
        f"linnapp_bulkchange b, generate_series(1, {ROWS_OF_A_CHANGE}) p",
        change="b.id",
        position="p",
        target="md5('c'||p)::uuid::text",
        name="'Account '||p",
        state="'DONE'",
    )
    told = sealed_values(
        {"subject": "Carol's Cakes is suspended", "alone": "Suspended.", "among": "Carol's Cakes is suspended."}
    )
    insert(BulkNotice, "linnapp_bulkchange b", change="b.id", address="'owner@example.com'", told_encrypted=f"'{told}'")
    insert(
        ExportFile,
        series(max(5, size.installations // 20_000)),
        id="md5('ef'||i)::uuid",
        table="'linnapp.Account'",
        title="'Accounts'",
        person=PAULA,
        state="'READY'",
        total="1000",
        written="1000",
        ends_at="now() + interval '1 day'",
    )
    insert(
        ExportPart,
        f"linnapp_exportfile f, generate_series(1, {PARTS_OF_A_FILE}) p",
        file="f.id",
        position="p",
        content_encrypted="repeat('x', 100000)",
    )
    acts(size)


def acts(size: Size) -> None:
    """What staff did where: Support inside accounts, and the admin's own log."""
    insert(
        StaffAccess,
        series(size.accounts // 20),
        id="md5('sa'||i)::uuid",
        account="md5('c'||i)::uuid",
        person=SAM,
        purpose="'LOOK'",
        reason="'Asked to by the customer'",
        begun_at="now() - (1 + i % 9000) * interval '1 hour'",
        ends_at="now() - (1 + i % 9000) * interval '1 hour' + interval '30 min'",
    )
    insert(
        LogEntry,
        series(size.installations // 100),
        user=PAULA,
        content_type="(SELECT id FROM django_content_type WHERE model = 'account')",
        object_id="md5('c'||i)::uuid",
        object_repr="'An account'",
        action_flag="2",
        change_message="'Suspended'",
        action_time="now() - i % 9000 * interval '1 hour'",
    )


def of_applications() -> None:
    table = "linnapp_application a"
    insert(
        Review, table, application="a.id", name="a.name", requested_at="now()", decision="'LISTED'", decided_at="now()"
    )
    insert(PostbackPolicy, f"{table} WHERE a.listing = 'LISTED'", application="a.id")
    insert(PostbackAlerts, f"{table} WHERE a.listing = 'LISTED'", application="a.id")
    insert(EventSettings, f"{table} WHERE a.listing = 'LISTED'", application="a.id")
    insert(AlertSent, "installs_postbackhost h", host="h.id", matter="'exhausted'", sent_at="now() - interval '9 days'")
    insert(AttemptCount, "(VALUES ('200'), ('500'), ('timeout')) o(name)", outcome="o.name", count="300000")


def connectors(size: Size) -> None:
    sealed = credentials.encrypt("scale")
    copy(
        Connector,
        (
            {
                "id": names.key("k", n), "account": names.key("c", 0 if n < 20 else n), "name": f"Connector {n}",
                "base_url": "https://api.example.com", "scope_encrypted": sealed, "token_encrypted": sealed,
                "application_id_encrypted": sealed, "application_secret_encrypted": sealed,
                "grant_type": "client_credentials", "token_key": "access_token", "state": "WORKING",
            }
            for n in range(size.accounts // 20)
        ),
    )  # fmt: skip
    insert(
        ConnectorCheck,
        "installs_connector k",
        id="md5('kk'||k.id)::uuid",
        connector="k.id",
        ended_at="now()",
        state="'PASSED'",
    )
