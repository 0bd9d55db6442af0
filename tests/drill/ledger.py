"""The endpoint of the drill: what arrived, how often, under which `webhook-id`; and what it refuses the first time."""

import threading
from collections import Counter, defaultdict
from dataclasses import dataclass

from tests.kit.answers import CLOSES_AT_ONCE, unavailable
from tests.kit.receivers import OK, Broken, Received, Reply


@dataclass(frozen=True)
class Arrivals:
    """`lost` and `doubled` are trackings; a doubled one came under two ids, which no retry may do."""

    owed: int
    arrived: int
    lost: list[str]
    doubled: list[str]
    unknown: list[str]
    # The same postback again after a 200, under the same id: a receiver knows it by that.
    repeated: int
    refused: int


class Ledger:
    """Each consent of the drill has a Tracking of its own, `drill-17`: by it a postback is known."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owed: set[str] = set()
        self._accepted: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._refused: set[str] = set()

    def owe(self, tracking: str) -> None:
        """From the moment somebody was told that it is installed, its postback must come."""
        with self._lock:
            self._owed.add(tracking)

    def answer(self, received: Received) -> Reply | Broken:
        """Some are refused, but none twice: the retry after the next one comes five minutes later."""
        tracking, webhook_id = received.form["Tracking"], received.headers["webhook-id"]
        with self._lock:
            if tracking not in self._refused and (refusal := _refusal(tracking)):
                self._refused.add(tracking)
                return refusal
            self._accepted[tracking][webhook_id] += 1
        # Long enough for blows to strike while some are under way.
        return Reply(delay=0.5) if _number(tracking) % 4 == 0 else OK

    @property
    def owed(self) -> int:
        with self._lock:
            return len(self._owed)

    @property
    def arrived(self) -> int:
        with self._lock:
            return len(self._owed & self._accepted.keys())

    def arrivals(self, planned: set[str]) -> Arrivals:
        with self._lock:
            return Arrivals(
                owed=len(self._owed),
                arrived=len(self._owed & self._accepted.keys()),
                lost=sorted(self._owed - self._accepted.keys()),
                doubled=sorted(tracking for tracking, ids in self._accepted.items() if len(ids) > 1),
                unknown=sorted(self._accepted.keys() - planned),
                repeated=sum(count - 1 for ids in self._accepted.values() for count in ids.values()),
                refused=len(self._refused),
            )


def _number(tracking: str) -> int:
    return int(tracking.removeprefix("drill-"))


def _refusal(tracking: str) -> Reply | Broken | None:
    if _number(tracking) % 7 == 0:
        return unavailable()
    return CLOSES_AT_ONCE if _number(tracking) % 11 == 0 else None
