"""Connectors: whose session, renewed how often, sent where, and what Test connection shows."""

from tests.mutants.breakages import Breakage
from tests.mutants.changes import condition, instead, never, without, without_argument, without_call

SESSIONS = "installs.connectors.sessions"
CALLING = "installs.connectors.calling"
CLIENT = "installs.connectors.client"
SERVERS = "installs.connectors.servers"
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
        "calls go to the base URL, whatever Server says",
        CLIENT,
        "Caller.call_with",
        instead("session.server or self.base_url", "self.base_url"),
        ("test_connector_servers",),
    ),
    Breakage(
        "a renewal keeps the Server of the session before",
        SESSIONS,
        "RowSessions.put",
        without_argument("update", "session_server"),
        ("test_connector_servers",),
    ),
    Breakage(
        "a Server is followed into a private network",
        SERVERS,
        "server_of",
        without("refuse_not_allowed"),
        ("test_connector_servers",),
    ),
    Breakage(
        "a session token that came over https goes on over http",
        SERVERS,
        "server_of",
        never("value.lower().startswith('https:')"),
        ("test_connector_servers",),
    ),
    Breakage(
        "Test connection shows the session token",
        CONVERSATION,
        "of_call",
        instead("credentials.masked(token)", "token"),
        ("test_connector_secrets",),
    ),
    Breakage(
        "Test connection shows what another server quotes",
        CREDENTIALS,
        "without_opaque",
        instead("without_values(without_these(text, values))", "text"),
        ("test_connector_secrets", "test_connector_answers"),
    ),
    Breakage(
        "a stored secret goes to another server",
        CONNECTOR_FORMS,
        "ConnectorForm.clean",
        condition("is_elsewhere", "text"),
        ("test_connectors",),
    ),
)
