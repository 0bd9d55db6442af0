"""The exchange of a permanent token for a session, and who may ask."""

from tests.mutants.breakages import Breakage
from tests.mutants.changes import instead, never, sets, text, without, without_operand

AUTHORIZATION = "installs.exchange.authorization"
REFUSALS = "installs.exchange.refusals"
WIRE = "installs.exchange.wire"
MIDDLEWARE = "linnapp.middleware"
ADDRESSES = "linnapp.addresses"
METRICS_VIEW = "installs.postbacks.views.metrics"

BREAKAGES = (
    Breakage(
        "an exchange outlives the act it waited for: nothing held",
        AUTHORIZATION,
        "HOLD",
        sets("HOLD", "NOT_DURABLE"),
        ("test_exchange_races",),
    ),
    Breakage(
        "an exchange outlives the act it waited for: state not asserted again",
        AUTHORIZATION,
        "BEGIN",
        instead('acts.as_sql(Act.EXCHANGE, installation="i", application="a")', "'TRUE'"),
        ("test_exchange_races",),
    ),
    Breakage(
        "an exchange outlives the retirement it waited for: ends compared with the time",
        AUTHORIZATION,
        "BEGIN",
        text(
            "(s.ends_at = %(secret_ends_at)s OR (s.ends_at IS NULL AND %(secret_ends_at)s IS NULL))",
            "(s.ends_at > %(now)s OR s.ends_at IS NULL)",
        ),
        ("test_exchange_races",),
    ),
    Breakage(
        "the permanent token that ended is still exchanged",
        AUTHORIZATION,
        "_refuse_unless_right",
        never("case.token_ended"),
        ("test_api_sessions",),
    ),
    Breakage(
        "limits are not enforced: exchanges a minute",
        AUTHORIZATION,
        "authorize",
        never("settings.EXCHANGES_PER_MINUTE"),
        ("test_authorize", "test_api_refusals"),
    ),
    Breakage(
        "limits are not enforced: a failing address is never asked to wait",
        REFUSALS,
        "retry_after",
        instead("over < 0", "over < 10_000"),
        ("test_authorize", "test_api_refusals"),
    ),
    Breakage(
        "an unproven caller learns which application exists",
        AUTHORIZATION,
        "_refuse_unless_right",
        instead("Reason.UNPROVEN", "Reason.UNPROVEN if application_id else Reason.UNKNOWN_TOKEN"),
        ("test_api_refusals",),
    ),
    Breakage(
        "answers with tokens may be kept: no no-store",
        MIDDLEWARE,
        "MachineApi.__call__",
        without("'no-store'"),
        ("test_api_requests",),
    ),
    Breakage(
        "credentials in the query are always read",
        WIRE,
        "read_members",
        never("query_allowed"),
        ("test_api_requests",),
    ),
    Breakage(
        "anybody writes their own address: X-Forwarded-For is believed",
        ADDRESSES,
        "client_address",
        without_operand("is_trusted(address)"),
        ("test_addresses",),
    ),
    Breakage(
        "metrics are open to everybody",
        METRICS_VIEW,
        "metrics",
        never("is_from_this_machine"),
        ("test_metrics",),
    ),
    Breakage(
        "metrics are open to everybody behind a proxy on the same machine",
        ADDRESSES,
        "is_from_this_machine",
        never("FORWARDED"),
        ("test_metrics",),
    ),
)
