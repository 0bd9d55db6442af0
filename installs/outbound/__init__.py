"""The one door out: whatever the portal sends to somebody else's server goes through here.

    answer = post("https://hooks.example.com/install", body=b"…", headers={…})

https only, unless OUTBOUND_ALLOW_HTTP; to public addresses only, and those of OUTBOUND_ALLOWED_NETWORKS. Every address
of a name is checked, and one of those that were checked is connected to. A client made for connectors also reaches the
portal's own SITE_URL, there /api/ only. No redirect is followed, nothing is kept
of an answer but its beginning, and everything ends when its time is over. What a person or a log is told names host,
port and IP address, never path, query or body.
"""

from collections.abc import Callable, Mapping

from installs.outbound.answers import CUT, Answer, Cause, NotSent, Stage, Step
from installs.outbound.client import Client, refuse_not_allowed

__all__ = ["CUT", "Answer", "Cause", "Client", "NotSent", "Stage", "Step", "post", "refuse_not_allowed"]


def post(
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    tell: Callable[[Step], None] | None = None,
    client: Client | None = None,
) -> Answer:
    """Raises NotSent. Without a client, over a connection that is closed afterwards. For `tell`, see Client.post."""
    if client:
        return client.post(url, body=body, headers=headers, tell=tell)
    client = Client()
    try:
        return client.post(url, body=body, headers=headers, tell=tell)
    finally:
        client.close()
