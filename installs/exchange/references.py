"""References of refusals. Each holds, sealed, what explains it where nothing else of it is kept: the hour, the cause
and the group of refusals that counts it.

The same refusal twice has two references with nothing in common. Were groups told by their references, whoever proved
nothing could learn which Application IDs exist: all unknown ones are in one group.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self
from uuid import UUID

from django.utils import timezone

from installs.exchange.refusals import Reason
from installs.exchange.sent import SecretSent, TokenSent
from linnapp import credentials

# 26 letters and digits; 16 hexadecimal digits are what an earlier release, or an answer that is no refusal, carries.
SHAPE = re.compile(r"(?<![0-9a-z])(?:[a-z2-7]{26}|[0-9a-f]{16})(?![0-9a-z])", re.IGNORECASE)
# So that what nobody sealed is not read as a reference.
MARK = b"\x1e\x1f"
HOURS = 1 << 12
REASONS, SECRETS, TOKENS = tuple(Reason), tuple(SecretSent), tuple(TokenSent)
KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Reference:
    """What a reference says by itself. `application` and `group` are the beginnings of keyed digests."""

    hour: datetime
    reason: Reason
    secret: SecretSent
    token: TokenSent
    application: str
    group: str

    @classmethod
    def read(cls, text: str) -> Self | None:
        """None for what is no reference of the last 30 days."""
        try:
            block = credentials.opened(text)
        except ValueError:
            return None
        packed = int.from_bytes(block[2:5])
        hours, reason, secret, token = packed >> 12, packed >> 6 & 63, packed >> 3 & 7, packed & 7
        known = reason < len(REASONS) and secret < len(SECRETS) and token < len(TOKENS)
        hour = _hour_of(hours)
        if block[:2] != MARK or not known or hour < timezone.now() - KEPT - timedelta(hours=1):
            return None
        application, group = block[5:7].hex(), block[7:].hex()
        return cls(hour, REASONS[reason], SECRETS[secret], TOKENS[token], application, group)

    def written(self) -> str:
        """Another one each time."""
        hours = int(self.hour.timestamp()) // 3600 % HOURS
        places = (REASONS.index(self.reason), SECRETS.index(self.secret), TOKENS.index(self.token))
        packed = hours << 12 | places[0] << 6 | places[1] << 3 | places[2]
        tags = bytes.fromhex(self.application + self.group)
        return credentials.sealed(MARK + packed.to_bytes(3) + tags)


def tag_of(application_id: UUID | None) -> str:
    return credentials.digest_of("application", application_id)[:4]


def _hour_of(hours: int) -> datetime:
    """The last hour with this number: they begin anew after half a year."""
    now = int(timezone.now().timestamp()) // 3600 + 1
    return datetime.fromtimestamp((now - (now - hours) % HOURS) * 3600, UTC)


def found_in(text: str) -> list[str]:
    """What may be references, in whatever text stands around them."""
    return [match.lower() for match in SHAPE.findall(text)]
