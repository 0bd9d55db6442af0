"""The attempt that a thread is at work on: its time, where it stands, and who is told.

requests has no way to hand a connection the attempt it works for; a context variable has.
"""

import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field

from installs.outbound.answers import Cause, NotSent, Stage, Step
from linnapp.words import seconds_in_words


@dataclass
class Attempt:
    connect_seconds: float
    total_seconds: float
    tell: Callable[[Step], None] | None = None
    # With a connection of its own, because every step is wanted or a kept one turned out to be closed.
    fresh: bool = False
    # Over a connection that is closed after it: what an installation hangs on.
    alone: bool = False
    # To the portal itself, which may stand at any address.
    to_portal: bool = False
    # The server asked for a certificate of ours.
    wants_certificate: bool = False
    stage: Stage = Stage.NAME
    address: str = ""
    began: float = field(default_factory=time.monotonic)

    @property
    def ends(self) -> float:
        return self.began + self.total_seconds

    @property
    def milliseconds(self) -> int:
        return round((time.monotonic() - self.began) * 1000)

    def left(self) -> float:
        """Seconds left of the whole; raises NotSent when it is over."""
        seconds = self.ends - time.monotonic()
        if seconds <= 0:
            raise self.no_answer()
        return seconds

    def no_answer(self) -> NotSent:
        return NotSent(Cause.NO_ANSWER, f"No answer within {seconds_in_words(self.total_seconds)}.")

    def reach(self, stage: Stage) -> None:
        self.stage = stage

    def passed(self, words: str) -> None:
        self._tell(words, True)

    def failed(self, words: str) -> None:
        self._tell(words, False)

    def _tell(self, words: str, passed: bool) -> None:
        if self.tell:
            self.tell(Step(self.stage, words, self.milliseconds, passed))


current: ContextVar[Attempt] = ContextVar("attempt")
