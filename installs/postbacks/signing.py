"""Signatures of postbacks, as Standard Webhooks has them (https://www.standardwebhooks.com, version 1.0.0). No ORM.

Signed is `{webhook-id}.{webhook-timestamp}.{body}`, byte for byte as sent: whoever changes one of the three, or sends
an old message again, is found out.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from linnapp import credentials

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
VERSION = "v1"
TOLERANCE = timedelta(minutes=5)


class NotGenuine(Exception):
    """Why a message is not to be trusted, in a sentence for whoever wrote the receiver."""


def headers(message_id: str, at: datetime, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """What to send with `body`: one signature for each secret, in their order. `at` is the moment of this attempt.

    Raises ValueError without a secret: nothing leaves unsigned.
    """
    if not secrets:
        raise ValueError("There is no signing secret to sign with.")
    timestamp = str(int(at.timestamp()))
    message = _signed(message_id, timestamp, body)
    signatures = [f"{VERSION},{credentials.sign(secret, message)}" for secret in secrets]
    return {ID: message_id, TIMESTAMP: timestamp, SIGNATURE: " ".join(signatures)}


def verify(
    received: Mapping[str, str], body: bytes, secrets: Sequence[str], *, now: datetime, tolerance: timedelta = TOLERANCE
) -> None:
    """Raises NotGenuine unless one of `secrets` signed the message, and lately. Headers may be in any letter case."""
    given = {name.lower(): value for name, value in received.items()}
    for name in (ID, TIMESTAMP, SIGNATURE):
        if not given.get(name):
            raise NotGenuine(f"The header {name} is missing.")
    _refuse_other_times(given[TIMESTAMP], now, tolerance)
    signatures = [word.partition(",")[2] for word in given[SIGNATURE].split() if word.startswith(f"{VERSION},")]
    if not signatures:
        raise NotGenuine(f"{SIGNATURE} has no signature of version {VERSION}.")
    message = _signed(given[ID], given[TIMESTAMP], body)
    expected = [credentials.sign(secret, message) for secret in secrets]
    if not any(credentials.same(one, other) for one in expected for other in signatures):
        raise NotGenuine(
            "No signature matches: the message was signed with another secret, or its id, time or body was changed."
        )


def _signed(message_id: str, timestamp: str, body: bytes) -> bytes:
    return f"{message_id}.{timestamp}.".encode(errors="replace") + body


def _refuse_other_times(timestamp: str, now: datetime, tolerance: timedelta) -> None:
    """A message is signed anew for each attempt: an old one was kept by somebody, to be sent again."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise NotGenuine(f"{TIMESTAMP} is not a number of seconds since 1970.")
    seconds_old = int(now.timestamp()) - int(timestamp)
    if abs(seconds_old) > tolerance.total_seconds():
        which = "old" if seconds_old > 0 else "ahead of this machine's clock"
        raise NotGenuine(
            f"{TIMESTAMP} is {abs(seconds_old)} seconds {which}, more than {tolerance.total_seconds():.0f}: "
            "the message was sent again later, or one of the two clocks is wrong."
        )
