"""Connectors: whose session, renewed how often, sent where, and what Test connection shows."""

from tests.mutants.breakages import Breakage
from tests.mutants.changes import condition, instead, without_argument, without_call

SESSIONS = "installs.connectors.sessions"
CALLING = "installs.connectors.calling"
CONVERSATION = "installs.connectors.conversation"
CONNECTOR_FORMS = "installs.connectors.forms"
CREDENTIALS = "linnapp.credentials"

BREAKAGES = (
    Breakage(
        "each caller renews the session: no claim",
        SESSIONS,
        "RowSessions.claim",
        without_call("filter"),
        ("test_connector_client",),
    ),
    Breakage(
        "a session is renewed twice by callers that saw it fail: claim of any generation",
        SESSIONS,
        "RowSessions.claim",
        without_argument("filter", "generation"),
        ("test_connector_client",),
    ),
    Breakage(
        "a renewal that fails is asked for again by each who waits",
        SESSIONS,
        "RowSessions.claim",
        without_argument("filter", "told"),
        ("test_connector_client",),
    ),
    Breakage(
        "who holds a connector as it was goes on with it",
        SESSIONS,
        "RowSessions.__init__",
        without_argument("filter", "revision"),
        ("test_connector_client",),
    ),
    Breakage(
        "a call that changes something is sent twice",
        CALLING,
        "client",
        without_argument("Client", "repeats_all"),
        ("test_connector_client",),
    ),
    Breakage(
        "a renewal of the credentials before is kept",
        SESSIONS,
        "RowSessions.put",
        without_call("filter"),
        ("test_connector_check", "test_connector_client"),
    ),
    Breakage(
        "Test connection shows the session token",
        CONVERSATION,
        "of_call",
        instead("credentials.masked(token)", "token"),
        ("test_connector_check",),
    ),
    Breakage(
        "Test connection shows what another server quotes",
        CREDENTIALS,
        "without_opaque",
        instead("without_values(without_these(text, values))", "text"),
        ("test_connector_check",),
    ),
    Breakage(
        "a stored secret goes to another server",
        CONNECTOR_FORMS,
        "ConnectorForm.clean",
        condition("is_elsewhere", "text"),
        ("test_connectors",),
    ),
)
