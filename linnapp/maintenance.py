"""The portal closed for a while, by a file in STATE_DIR: it stands while the database is away, and after a restart."""

import json
import os
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

# What clients are told to wait where nobody said how long it takes, and at least, in seconds.
WAIT, LEAST_WAIT = 300, 60


@dataclass(frozen=True)
class Maintenance:
    """`words` are shown to people as they are, "" for none; `until` is seconds since the epoch, where it is known."""

    words: str = ""
    until: float | None = None

    @property
    def retry_after(self) -> int:
        """Seconds."""
        if self.until is None:
            return WAIT
        return max(int(self.until - time.time()), LEAST_WAIT)

    @property
    def back_at(self) -> datetime | None:
        return None if self.until is None else datetime.fromtimestamp(self.until, UTC)


def file() -> Path:
    return Path(settings.STATE_DIR) / "maintenance.json"


def begin(words: str, until: float | None) -> None:
    """Whole at once: web processes read it at any time. Raises OSError."""
    made, name = tempfile.mkstemp(dir=settings.STATE_DIR, prefix="maintenance-")
    try:
        # Whoever ran the command, the portal's own user reads it; nobody else gets into the folder.
        os.fchmod(made, 0o644)
        with os.fdopen(made, "w", encoding="utf-8") as text:
            json.dump({"words": words, "until": until}, text)
        Path(name).replace(file())
    except OSError:
        with suppress(OSError):
            Path(name).unlink()
        raise


def end() -> bool:
    """Whether there was one. Raises OSError."""
    try:
        file().unlink()
    except FileNotFoundError:
        return False
    return True


def current() -> Maintenance | None:
    """None where there is none. A file that cannot be read was still meant."""
    try:
        found = json.loads(file().read_text(encoding="utf-8"))
        until = found["until"]
        return Maintenance(str(found["words"]), None if until is None else float(until))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError):
        return Maintenance()
