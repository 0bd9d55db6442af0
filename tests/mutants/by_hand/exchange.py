"""The exchange of a permanent token for a session, and who may ask."""

from tests.mutants.breakages import Breakage
from tests.mutants.changes import always, instead, never, returns, sets, text, without, without_operand

CASES = "installs.exchange.cases"
DATA_CALLS = "installs.exchange.data_calls"
DOOR = "installs.exchange.door"
LINE = "installs.exchange.line"
STAND_IN = "installs.exchange.stand_in"
STATEMENTS = "installs.exchange.statements"
REFUSALS = "installs.exchange.refusals"
EXPLANATIONS = "installs.exchange.explanations"
WIRE = "installs.exchange.wire"
MIDDLEWARE = "linnapp.middleware"
ADDRESSES = "linnapp.addresses"
MONITORS = "linnapp.health.monitors"

BREAKAGES = (
    Breakage(
        "an exchange outlives the act it waited for: nothing held",
        STATEMENTS,
        "HOLD",
        sets("HOLD", "''"),
        ("test_exchange_races",),
    ),
    Breakage(
        "an exchange outlives the act it waited for: state not asserted again",
        STATEMENTS,
        "BEGIN",
        instead('acts.as_sql(Act.EXCHANGE, installation="i", application="a", account="c", publisher="p")', "'TRUE'"),
        ("test_exchange_races",),
    ),
    Breakage(
        "an exchange outlives the retirement it waited for: ends compared with the time",
        STATEMENTS,
        "BEGIN",
        text(
            "(s.ends_at = chosen.secret_ends_at OR (s.ends_at IS NULL AND chosen.secret_ends_at IS NULL))",
            "(s.ends_at > %(now)s OR s.ends_at IS NULL)",
        ),
        ("test_exchange_races",),
    ),
    Breakage(
        "the permanent token that ended is still exchanged",
        CASES,
        "_refusal_of_installation",
        never("case.token_ended"),
        ("test_api_sessions",),
    ),
    Breakage(
        "limits are not enforced: exchanges a minute",
        CASES,
        "_refusal_of_installation",
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
        CASES,
        "_refusal_of",
        instead("Reason.UNPROVEN", "Reason.UNPROVEN if application_id else Reason.UNKNOWN_TOKEN"),
        ("test_api_refusals",),
    ),
    Breakage(
        "limits are not enforced: exchanges of one group do not count each other for the quota",
        CASES,
        "Case.begins_among_others",
        instead("self.exchanges + self.ahead", "self.exchanges"),
        ("test_groups",),
    ),
    Breakage(
        "limits are not enforced: sessions beyond the cap go on",
        CASES,
        "Case.takes_a_turn",
        returns("False"),
        ("test_groups",),
    ),
    Breakage(
        "an exchange begins with a secret that ends meanwhile",
        CASES,
        "Case.begins_among_others",
        without_operand("ends_by(self.secret_ends_at, soon)"),
        ("test_groups",),
    ),
    Breakage(
        "one value that no database takes fails everybody's exchange",
        LINE,
        "Line._answer_group",
        instead("[Not.TOGETHER] * len(group)", "[waiting.fails(ValueError()) for waiting in group]"),
        ("test_line",),
    ),
    Breakage(
        "whoever hung up begins a session",
        LINE,
        "Line._next_group",
        always("waiting.answered.done()"),
        ("test_line",),
    ),
    Breakage(
        "what somebody holds is given up at once",
        LINE,
        "Line._ask_again",
        instead("now + HELD_SECONDS", "now"),
        ("test_line",),
    ),
    Breakage(
        "everybody waits in turn for a database that is away",
        LINE,
        "Line._answer_group",
        instead("[*group, *self._waiting]", "group"),
        ("test_line",),
    ),
    Breakage(
        "a session calls on after its permanent token ended",
        DATA_CALLS,
        "LOOK",
        text("(t.ends_at IS NULL OR t.ends_at > %(now)s)", "TRUE"),
        ("test_api_sessions",),
    ),
    Breakage(
        "answers with tokens may be kept: no no-store",
        MIDDLEWARE,
        "MachineApi._answered",
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
        "a reader without letter case meets two members of one name",
        WIRE,
        "is_generic",
        returns("True"),
        ("test_spellings",),
    ),
    Breakage(
        "scripts of every page read what a session token opens",
        "installs.exchange.origins",
        "open_to_pages",
        instead("origin in settings.API_ALLOWED_ORIGINS", "True"),
        ("test_origins",),
    ),
    Breakage(
        "anybody writes their own address: X-Forwarded-For is believed",
        ADDRESSES,
        "client_address",
        without_operand("is_trusted(address)"),
        ("test_addresses",),
    ),
    Breakage(
        "references tell which refusals are alike",
        "linnapp.credentials",
        "sealed",
        instead("secrets.token_bytes(5)", "bytes(5)"),
        ("test_refusal_records",),
    ),
    Breakage(
        "a reference that is named by nobody is told to every team",
        EXPLANATIONS,
        "_explained",
        never("is_for_team or installation"),
        ("test_explanations",),
    ),
    Breakage(
        "what is of another team is told to everybody who may read the refusal",
        "installs.exchange.findings",
        "_of_token",
        without_operand("refused.sees(token.installation.application_id)"),
        ("test_explanations",),
    ),
    Breakage(
        "a flood of what nobody proved has no bound",
        "installs.exchange.records",
        "_Room.takes",
        instead("UNPROVEN_GROUPS", "10_000_000"),
        ("test_refusal_records",),
    ),
    Breakage(
        "metrics are open to everybody",
        MONITORS,
        "is_monitor",
        instead("is_from_this_machine(meta)", "True"),
        ("test_of_the_database",),
    ),
    Breakage(
        "metrics are open to everybody behind a proxy on the same machine",
        ADDRESSES,
        "is_from_this_machine",
        never("FORWARDED"),
        ("test_of_the_database",),
    ),
    Breakage(
        "a stand-in answer wins over a call of the portal's own",
        DOOR,
        "Door.endpoint",
        never("self._answerers.get(path.lower())"),
        ("test_stand_in",),
    ),
    Breakage(
        "a link leads out of the folder of stand-in answers",
        STAND_IN,
        "_files_in",
        never("not path.resolve().is_relative_to(root)"),
        ("test_stand_in",),
    ),
)
