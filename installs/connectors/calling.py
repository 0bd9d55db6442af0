"""The reference client over a stored instance: its credentials, its session in the row, the door out."""

from collections.abc import Callable

from installs.connectors.client import Caller, Credentials, Send
from installs.connectors.sessions import SUSPENDED_STOPS, RowSessions
from installs.models import Connector
from installs.outbound import Answer, Client, Step
from linnapp.errors import NotPossible
from linnapp.services.locking import refuse_suspended

# Keeps its connections; never used for a postback, because it may reach the portal itself.
client = Client(reaches_portal=True, repeats_all=False, needs_body=True)


def call(connector: Connector, method: str, path: str, body: bytes = b"", content_type: str = "") -> Answer:
    """Whatever is answered to one call, over a session that is renewed where it has ended.

    Raises NotPossible for an instance that is disabled or whose account is suspended, NotAuthorised where there is no
    session to be had, NotSent where the call got no answer.
    """
    headers = {"Content-Type": content_type} if body else {}
    return caller_of(connector, sending()).call(method, path, body, headers)


def caller_of(connector: Connector, send: Send, *, patient: bool = True) -> Caller:
    """Raises NotPossible for an instance that is disabled or whose account is suspended."""
    refuse_disabled(connector)
    return Caller(connector.base_url, credentials_of(connector), RowSessions(connector), send, patient=patient)


def refuse_disabled(connector: Connector) -> None:
    """Whether its account is suspended is read anew: whoever calls may hold the instance for long."""
    if not connector.enabled:
        raise NotPossible(f"{connector} is disabled, so it sends nothing. Enable it first.")
    connector.account.refresh_from_db(fields=["suspended_by_staff_at"])
    refuse_suspended(connector.account, SUSPENDED_STOPS)


def credentials_of(connector: Connector) -> Credentials:
    return Credentials(
        scope=connector.scope,
        application_id=connector.application_id,
        grant_type=connector.grant_type,
        token_key=connector.token_key,
        token=connector.token,
        application_secret=connector.application_secret,
    )


def sending(tell: Callable[[Step], None] | None = None) -> Send:
    def send(method: str, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        return client.send(method, url, body=body, headers=headers, tell=tell)

    return send
