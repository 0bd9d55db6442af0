"""How slowly a connection may send and take: security.md's figures of the door in. Moments and times are seconds."""

from dataclasses import dataclass, field

# Without a byte, of the first request of a connection or of one that has begun.
SILENT = 10.0
# After the first ten, at least this many bytes in each so many seconds.
LEAST_BYTES, WINDOW = 30 * 1024, 30.0
# From the first byte of a request to its last.
LONGEST = 300.0
# From an answer to the next request.
IDLE = 75.0
# Without the reader of an answer taking anything of it.
NOT_TAKEN = 60.0


@dataclass(slots=True)
class Pace:
    """Of one connection, from the moment `since` on which it waits for a request."""

    since: float
    is_first: bool = True
    begun_at: float | None = None
    byte_at: float = 0.0
    window_at: float = 0.0
    window_bytes: int = 0
    written: int = 0
    _taken: int = field(default=0, repr=False)
    taken_at: float = 0.0

    def received(self, size: int, now: float, *, has_begun: bool) -> None:
        """Bytes came; `has_begun` says whether they are of a request that is not whole yet."""
        self.byte_at = now
        if not has_begun:
            self.begun_at = None
            return
        if self.begun_at is None:
            self.begun_at, self.window_at, self.window_bytes = now, now + SILENT, 0
        self.window_bytes += size

    def answers(self, now: float) -> None:
        """A request is whole: now it is us who must be quick, and its reader."""
        self.taken_at = now

    def answered(self, now: float) -> None:
        self.since, self.is_first = now, False

    def seen_unsent(self, unsent: int, now: float) -> None:
        """`unsent` bytes of all that was written have not left yet."""
        taken = self.written - unsent
        if taken > self._taken or not unsent:
            self._taken, self.taken_at = taken, now

    def is_too_slow(self, now: float) -> bool:
        """Of one that waits for a request. Called about once a second."""
        if self.begun_at is None:
            return now - self.since > (SILENT if self.is_first else IDLE)
        if now - self.byte_at > SILENT or now - self.begun_at > LONGEST:
            return True
        if now - self.window_at < WINDOW:
            return False
        is_slow = self.window_bytes < LEAST_BYTES
        self.window_at, self.window_bytes = now, 0
        return is_slow

    def takes_too_long(self, now: float) -> bool:
        """Of one that is being answered."""
        return now - self.taken_at > NOT_TAKEN
