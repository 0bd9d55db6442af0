"""The one door out: where it leads, what it checks, and what it tells the log."""

from tests.mutants.breakages import Breakage
from tests.mutants.changes import condition, instead, returns, then, without, without_operand

CONNECTIONS = "installs.outbound.connections"
CERTIFICATES = "installs.outbound.certificates"
CLIENT = "installs.outbound.client"
ADDRESSES = "installs.outbound.addresses"
TARGETS = "installs.outbound.targets"
HEADS = "installs.outbound.heads"
WIRE = "installs.outbound.wire"
TEXTS = "installs.outbound.texts"
FOLLOW = """
if leads_to := dict(answer.headers).get("Location"):
    answer = self._answer(prepared(method, Target.of(leads_to), body, headers), attempt)
"""

BREAKAGES = (
    Breakage(
        "of several addresses only the first is checked",
        CONNECTIONS,
        "open_checked",
        instead("addresses.refuse_bad(host, found)", "addresses.refuse_bad(host, found[:1])"),
        ("test_outbound_addresses",),
    ),
    Breakage(
        "the name is looked up again to connect",
        CONNECTIONS,
        "open_checked",
        instead(
            "connect_first(found[:4], port, attempt)",
            "connect_first(addresses.resolve(host, attempt.left())[:4], port, attempt)",
        ),
        ("test_outbound_addresses",),
    ),
    Breakage(
        "a certificate for another name or of another time passes",
        CERTIFICATES,
        "trusting",
        condition("to_look_at", "ca_file"),
        ("test_outbound_tls",),
    ),
    Breakage(
        "an interim answer is the answer",
        HEADS,
        "is_interim",
        instead("status < 200", "status == 100"),
        ("test_outbound_heads",),
    ),
    Breakage(
        "what came beyond an answer is read as the next one",
        WIRE,
        "Wire.is_silent",
        returns("True"),
        ("test_outbound_heads",),
    ),
    Breakage(
        "a connection goes on after an answer whose end is in doubt",
        CLIENT,
        "Client._exchange",
        without_operand("head.is_clean"),
        ("test_outbound_heads",),
    ),
    Breakage(
        "a charset hides a permanent token from whoever masks it",
        TEXTS,
        "of_body",
        condition("credentials.number_in(text) >= seen", "True"),
        ("test_outbound_texts",),
    ),
    Breakage(
        "what led to a failed postback, with its address, is in the log",
        CLIENT,
        "Client.send",
        without("fault.__cause__"),
        ("test_outbound_told",),
    ),
    Breakage(
        "redirects are followed",
        CLIENT,
        "Client.send",
        then("self._answer", FOLLOW),
        ("test_outbound",),
    ),
    Breakage(
        "postbacks go to private addresses",
        ADDRESSES,
        "refuse_bad",
        condition("kind := fault_of(address)", "(kind := fault_of(address)) == 'a reserved address'"),
        ("test_outbound_addresses",),
    ),
    Breakage(
        "connectors reach all of this portal",
        TARGETS,
        "Target._is_api_of",
        without_operand("path.startswith(PORTAL_PATHS)"),
        ("test_outbound_portal",),
    ),
)
