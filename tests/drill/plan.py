"""Who consents to what: written by one process of the drill, read by the others."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

WIRE_EMAIL, WIRE_PASSWORD = "wire@drill.example", "drill-drill-drill"


@dataclass(frozen=True)
class Consent:
    """One application onto one account, once. Its Tracking names it to the receiver, its nonce to the portal."""

    tracking: str
    nonce: str
    application: str
    account: str
    email: str


def write(path: Path, consents: Iterable[Consent]) -> None:
    path.write_text(json.dumps([asdict(consent) for consent in consents]))


def read(path: Path) -> list[Consent]:
    return [Consent(**row) for row in json.loads(path.read_text())]
