"""What was sent with a request that is refused: which credential stood in which place. No value."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Asked(StrEnum):
    """What was refused."""

    EXCHANGE = "EXCHANGE"
    CALL = "CALL"


# References hold the place of a member in its list: new ones are added at the end, and none is taken out.
class SecretSent(StrEnum):
    NONE = ""
    LIVE = "LIVE"
    RETIRED = "RETIRED"
    ANOTHER_APPLICATIONS = "ANOTHER"
    UNKNOWN = "UNKNOWN"


class TokenSent(StrEnum):
    NONE = ""
    PERMANENT = "PERMANENT"
    ENDED = "ENDED"
    SESSION = "SESSION"
    SECRET = "SECRET"
    APPLICATION_ID = "APPLICATION_ID"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Sent:
    """`named_id` is an application that was named and not proven; the others are keys of rows that were sent."""

    named_id: UUID | None = None
    secret: SecretSent = SecretSent.NONE
    secret_id: int | None = None
    token: TokenSent = TokenSent.NONE
    token_id: int | None = None
    session_id: UUID | None = None


NOTHING_SENT = Sent()
