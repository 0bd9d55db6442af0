"""Threads that look at the parts, and what they saw last. A part that hangs keeps its own thread waiting and nobody
else, and counts as away meanwhile."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from linnapp.health.parts import DatabaseParts, Fault, OwnConnection, Part, Queue, disk

log = logging.getLogger(__name__)
# Seconds between two rounds, and what one statement of a look, or a look without any, may take: together less than the
# five within which a part that is away is told.
LOOKS_EVERY, MOST_OF_A_LOOK = 1.5, 2.0
# A looker that got no further for so long knows nothing any more. A round may take longer where each of its looks, one
# after the other, is slow and none of them too slow.
STALE = 5.0
KEEPS_EVERY = 0.5
LONGEST_WORDS = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """`words` say what is wrong, "" where nothing is; `since` is when that began, on the clock of time.monotonic()."""

    words: str
    since: float


@dataclass(frozen=True, slots=True)
class State:
    """Of a part now: `words` is "" where it is well, and `seconds` how long it has not been."""

    name: str
    words: str
    seconds: float
    is_shared: bool


class Looker:
    """A thread that looks at its parts in turn. `begin` is called in it first, `broke` after a look that raised;
    `break_off` by another thread where a look takes too long, `also` in every round."""

    def __init__(
        self,
        parts: Sequence[Part],
        *,
        begin: Callable[[], None] = lambda: None,
        broke: Callable[[], None] = lambda: None,
        break_off: Callable[[], None] = lambda: None,
        also: Callable[[], None] = lambda: None,
    ) -> None:
        self.parts = parts
        self.begin, self.broke, self.break_off, self.also = begin, broke, break_off, also
        self.seen: dict[str, Seen] = {}
        # The part that is being looked at, and since when, or since its newest statement.
        self.at: tuple[str, float] | None = None
        # When it got further last.
        self.moved = 0.0
        self.has_looked = threading.Event()
        self.began = time.monotonic()

    def moves(self) -> None:
        """To be called before each statement of a look."""
        self.moved = time.monotonic()
        if self.at is not None:
            self.at = (self.at[0], self.moved)

    def start(self) -> None:
        self.began = time.monotonic()
        threading.Thread(target=self._keep_looking, name=f"health-{self.parts[0].name}", daemon=True).start()

    def _keep_looking(self) -> None:
        self.begin()
        while True:
            self.look()
            self.has_looked.set()
            time.sleep(LOOKS_EVERY)

    def look(self) -> None:
        """One round."""
        try:
            self.also()
        except Exception:
            log.exception("what goes with a look broke off")
        for part in self.parts:
            began = time.monotonic()
            self.at = (part.name, began)
            words = self._words(part)
            self._note(part.name, words, began)
            self.at = None

    def _words(self, part: Part) -> str:
        if part.needs and self.seen[part.needs].words:
            return f"not known without the {part.needs}"
        try:
            part.look()
        except Fault as fault:
            return str(fault)
        except Exception as error:
            self.broke()
            first_line = str(error).partition("\n")[0].strip()
            return f"{type(error).__name__}: {first_line}"[:LONGEST_WORDS]
        return ""

    def _note(self, name: str, words: str, began: float) -> None:
        before = self.seen.get(name)
        goes_on = before is not None and bool(before.words) == bool(words)
        self.moved = time.monotonic()
        self.seen[name] = Seen(words, before.since if before and goes_on else began)

    def overdue(self, now: float) -> bool:
        at = self.at
        return at is not None and now - at[1] > MOST_OF_A_LOOK

    def states(self, now: float) -> list[State]:
        at = self.at
        return [self._state(part, at, now) for part in self.parts]

    def _state(self, part: Part, at: tuple[str, float] | None, now: float) -> State:
        seen = self.seen.get(part.name)
        if at and at[0] == part.name and now - at[1] > MOST_OF_A_LOOK:
            since = seen.since if seen and seen.words else at[1]
            return State(part.name, "gives no answer", now - since, part.is_shared)
        if seen is None:
            return State(part.name, "not looked at yet", now - self.began, part.is_shared)
        if not seen.words and now - self.moved > STALE:
            return State(part.name, "could not be looked at", now - self.moved, part.is_shared)
        return State(part.name, seen.words, now - seen.since if seen.words else 0.0, part.is_shared)


class Watch:
    """All lookers of a process."""

    def __init__(self, lookers: Sequence[Looker]) -> None:
        self.lookers = lookers

    def start(self) -> None:
        for looker in self.lookers:
            looker.start()
        threading.Thread(target=self._keep, name="health", daemon=True).start()

    def wait(self, seconds: float) -> None:
        """Until everything was looked at once, or so long."""
        until = time.monotonic() + seconds
        for looker in self.lookers:
            looker.has_looked.wait(max(until - time.monotonic(), 0))

    def states(self) -> list[State]:
        now = time.monotonic()
        return [state for looker in self.lookers for state in looker.states(now)]

    def _keep(self) -> None:
        while True:
            time.sleep(KEEPS_EVERY)
            now = time.monotonic()
            for looker in self.lookers:
                if looker.overdue(now):
                    looker.break_off()


def of_a_web_process(also: Callable[[], None]) -> Watch:
    """`also` is called with each look at STATE_DIR."""
    own = OwnConnection()
    database = Looker(DatabaseParts(own).parts(), begin=own.begin, broke=own.close, break_off=own.break_off)
    own.asks = database.moves
    return Watch(
        [
            database,
            Looker([Part("queue", Queue().look, is_shared=True)]),
            Looker([Part("disk", disk)], also=also),
        ]
    )
