"""How long hosts and senders take, and what share of the threads follows from that."""

import time
from collections import Counter, OrderedDict, deque
from collections.abc import Iterable

# A host that takes so many seconds may have as many threads as are free beside it; one that takes four times as long a
# quarter of that, and a quick one seven times as many: seven eighths of all.
EVEN = 1.0
LEAST, MOST = 1 / 4, 7.0
# Of whom nothing was heard yet.
UNKNOWN = 1 / 8
# The last answers count for so much of what is held of a host.
NEWEST = 0.3
# Hosts that are remembered, and for how many seconds.
REMEMBERED, FOR = 10_000, 600.0


class Durations:
    """Seconds that each host, or sender, took to answer lately. Not safe for threads: the line's lock holds it."""

    def __init__(self) -> None:
        self.known: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def note(self, name: str, seconds: float) -> None:
        before = self.of(name)
        mean = seconds if before is None else (1 - NEWEST) * before + NEWEST * seconds
        self.known[name] = mean, time.monotonic()
        self.known.move_to_end(name)
        if len(self.known) > REMEMBERED:
            self.known.popitem(last=False)

    def of(self, name: str) -> float | None:
        mean, at = self.known.get(name, (None, 0.0))
        return mean if time.monotonic() - at < FOR else None


def weight_of(seconds: float | None) -> float:
    """How many threads it may have for each that is free."""
    if seconds is None:
        return UNKNOWN
    return min(max(EVEN / max(seconds, 0.001), LEAST), MOST)


def is_slow(seconds: float | None) -> bool:
    return seconds is not None and seconds >= EVEN


def alone(threads: int, weight: float) -> int:
    """How many of all the threads it gets where nobody else is at work."""
    return max(int(threads * weight / (1 + weight)), 1)


class Pace:
    """How much was answered in the last second, by sender and by host."""

    def __init__(self) -> None:
        self.answered: deque[tuple[float, tuple[str, str]]] = deque()
        self.counts: Counter[str | tuple[str, str]] = Counter()

    def note(self, answered: Iterable[tuple[str, str]]) -> None:
        """Of each the sender and the host."""
        now = time.monotonic()
        for one in answered:
            self.answered.append((now, one))
            self.counts.update((one, one[0]))

    def of(self, sender: str, host: str = "") -> int:
        self._forget()
        return self.counts[(sender, host) if host else sender]

    def of_all(self) -> int:
        self._forget()
        return len(self.answered)

    def _forget(self) -> None:
        now = time.monotonic()
        while self.answered and self.answered[0][0] < now - 1:
            _, one = self.answered.popleft()
            for name in (one, one[0]):
                self.counts[name] -= 1
                if not self.counts[name]:
                    del self.counts[name]
