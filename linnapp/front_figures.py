"""What the front tells a monitor of itself: who is connected, what waits, whom it told to come again and whom it sent
away."""

from dataclasses import dataclass
from functools import cache

from linnapp import figures

CONNECTIONS = figures.gauge(
    "linnapp_front_connections",
    "Connections of clients: waiting are those of which no whole request has come, answered the others.",
    {"state": ()},
)
CONNECTIONS_LIMIT = figures.gauge("linnapp_front_connections_limit", "Connections that there may be.")
HELD = figures.gauge("linnapp_front_held_bytes", "Bytes of requests and answers that are held for clients.")
ASKS = figures.gauge("linnapp_front_asks_waiting", "Exchanges and calls that wait to be asked of the database.")
IN_LINE = figures.gauge("linnapp_front_pages_waiting", "Requests for pages that wait for a process.")
RESTS = figures.gauge("linnapp_front_long_answers", "Long answers whose readers are taking them.")
PAGE_PROCESSES = figures.gauge(
    "linnapp_front_page_processes", "Processes for pages, by whether they make one.", {"state": ()}
)
PARTS = figures.gauge(
    "linnapp_part_up",
    "Whether a part is as it should be, as /readyz says; one of which nothing is known is not.",
    {"part": ()},
    mode="livemin",
)
BUSY = figures.counter(
    "linnapp_front_busy",
    "Requests that were answered with 503, and answers broken off, because of the portal itself, by why.",
    {"reason": ("line_full", "long_answers", "memory", "page_broke", "process_gone", "too_long")},
)
DROPPED = figures.counter(
    "linnapp_front_dropped",
    "Connections that were ended because they were too slow, or too many, by why.",
    {"reason": ("slow_sender", "slow_reader", "address_limit", "connections_limit", "memory")},
)
PAGES = figures.histogram(
    "linnapp_front_page_duration_seconds",
    "From a request for a page that was read whole to the beginning of its answer, the wait for a process included.",
    {"status": ()},
)
_page = cache(PAGES.labels)


@dataclass(frozen=True)
class Standing:
    """How a front stands at a moment; `held` is bytes, all else a number of something."""

    waiting: int
    answered: int
    limit: int
    held: int
    asks: int
    in_line: int
    rests: int
    busy: int
    idle: int

    def tell(self) -> None:
        CONNECTIONS.labels("waiting").set(self.waiting)
        CONNECTIONS.labels("answered").set(self.answered)
        CONNECTIONS_LIMIT.set(self.limit)
        HELD.set(self.held)
        ASKS.set(self.asks)
        IN_LINE.set(self.in_line)
        RESTS.set(self.rests)
        PAGE_PROCESSES.labels("busy").set(self.busy)
        PAGE_PROCESSES.labels("idle").set(self.idle)


def tell_part(name: str, *, is_up: bool) -> None:
    PARTS.labels(name).set(is_up)


def count_busy(reason: str) -> None:
    BUSY.labels(reason).inc()


def count_dropped(reason: str) -> None:
    DROPPED.labels(reason).inc()


def time_page(status: int, seconds: float) -> None:
    _page(f"{status // 100}xx").observe(seconds)
