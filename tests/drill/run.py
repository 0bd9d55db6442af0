"""One part of the drill: consents are made while blows fall, until every postback owed has arrived or time is over."""

import itertools
import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.drill import plan
from tests.drill.ledger import Arrivals, Ledger
from tests.drill.services import Service
from tests.drill.wire import Wire
from tests.kit.inside import Inside
from tests.kit.portal import ROOT, answers
from tests.kit.receivers import receiving

# Each kind of blow falls so often at least, and the consents are spread over that time.
EACH = 2
# From this share of arrivals on it is quiet: what was under way may come to its end.
QUIET_FROM = 0.8
WIRE_SHARE, MOST_BY_WIRE = 5, 200
LAST_SHARE, MOST_LAST = 20, 100
START_SECONDS = 60.0
# A worker that was killed keeps its rows for 30 s, and the sweep comes once a minute.
SETTLE_SECONDS = 150.0
TELL_SECONDS = 30.0


@dataclass(frozen=True)
class Blow:
    name: str
    strike: Callable[[], None]


@dataclass(frozen=True)
class Figures:
    """How a part of the drill went; `states` are those of the deliveries' rows, `waiting` some that did not end."""

    planned: int
    arrivals: Arrivals
    blows: Counter[str]
    sent_again: int
    seconds: float
    states: dict[str, int]
    waiting: list[str]
    fault: str

    @property
    def faults(self) -> list[str]:
        """What must not be, in sentences."""
        found, rows = self.arrivals, sum(self.states.values())
        return [
            *([self.fault] if self.fault else []),
            *([f"{self.planned - found.owed} installations were never confirmed"] if found.owed < self.planned else []),
            *([f"lost: {', '.join(found.lost[:10])}"] if found.lost else []),
            *([f"under two webhook-ids: {', '.join(found.doubled[:10])}"] if found.doubled else []),
            *([f"never asked for: {', '.join(found.unknown[:10])}"] if found.unknown else []),
            *([f"{rows} rows for {self.planned} postbacks"] if rows != self.planned else []),
            *(f"not delivered according to its row: {line}" for line in self.waiting),
        ]


class Run:
    """`pause` is how many seconds lie between two blows: less than a start takes, and nothing would ever run.
    `forget_jobs` empties the queue, while none of `workers` runs."""

    def __init__(
        self,
        env: dict[str, str],
        services: list[Service],
        blows: list[Blow],
        *,
        workers: list[Service],
        forget_jobs: Callable[[], None],
        pause: float,
        count: int,
    ) -> None:
        self.env, self.services, self.blows, self.pause, self.count = env, services, blows, pause, count
        self.workers, self.forget_jobs = workers, forget_jobs
        self.folder, self.inside = Path(env["STATE_DIR"]), Inside(env)
        self.last = min(max(count // LAST_SHARE, 1), MOST_LAST)
        self.by_wire = min(count // WIRE_SHARE, MOST_BY_WIRE)
        self.bulk = count - self.by_wire - self.last
        # Bounded, whatever happens: retries, leases and sweeps, and a quarter of a second for each postback, which a
        # machine with other work may need.
        self.limit = 240 + count / 4
        self.ledger = Ledger()
        self.struck: Counter[str] = Counter()
        # Bytes of the installer's output that were read.
        self.confirmed = 0
        self.began = self.told_at = time.monotonic()

    def go(self) -> Figures:
        with receiving(self.ledger.answer) as receiver:
            self._in_portal("lay_out", receiver.url, self.by_wire, self.bulk, self.last, str(self.folder))
            self.began = self.told_at = time.monotonic()
            try:
                self._wait(lambda: answers(int(self.env["PORT"])), START_SECONDS)
                with self._consents() as wire:
                    self._strike()
                    self._wait(lambda: self.ledger.owed == self.by_wire + self.bulk, self._left())
                self._lose_the_queue()
                self._wait(lambda: self.ledger.arrived == self.count, self._left())
                standing = self._settled()
            finally:
                for service in self.services:
                    service.stop()
                self.inside.close()
        return Figures(
            planned=self.count,
            arrivals=self.ledger.arrivals({f"drill-{number}" for number in range(1, self.count + 1)}),
            blows=self.struck,
            sent_again=wire.sent_again,
            seconds=time.monotonic() - self.began,
            states=standing["states"],
            waiting=standing["waiting"],
            fault=wire.fault,
        )

    @contextmanager
    def _consents(self) -> Iterator[Wire]:
        """Those that make the consents, over HTTP and in the portal's own Python, until the block is over."""
        seconds = EACH * len(self.blows) * self.pause
        wire = Wire(self.env, plan.read(self.folder / "wire.json"), self.ledger.owe, seconds, self.limit)
        each = seconds / self.bulk
        code = _call("consent_to_all", str(self.folder / "bulk.json"), each, self.limit)
        with (self.folder / "bulk.out").open("wb") as output, (self.folder / "bulk.log").open("wb") as log:
            command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
            installer = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=output, stderr=log)
            wire.start()
            try:
                yield wire
            finally:
                wire.over.set()
                wire.join()
                installer.kill()
                installer.wait()

    def _strike(self) -> None:
        """Blow after blow, all kinds in an order that is the same in each run, until enough fell and most arrived."""
        order, enough = random.Random(1), EACH * len(self.blows)
        rounds = itertools.chain.from_iterable(order.sample(self.blows, len(self.blows)) for _ in itertools.count())
        for number, blow in enumerate(rounds):
            if number >= enough and self.ledger.arrived >= QUIET_FROM * self.count:
                return
            self._wait(lambda: False, min(self.pause, self._left()))
            if self._left() <= 0:
                return
            blow.strike()
            self.struck[blow.name] += 1

    def _lose_the_queue(self) -> None:
        """The last ones are made while no worker runs, and their jobs are gone before one is back: nothing but the
        rows tells that they are owed."""
        for worker in self.workers:
            worker.held = True
            worker.kill_whole()
        for tracking in self._in_portal("consent_to_all", str(self.folder / "last.json"), 0, START_SECONDS).split():
            self.ledger.owe(tracking)
        self.forget_jobs()
        self.struck["queue lost without a worker"] += 1
        for worker in self.workers:
            worker.held = False

    def _settled(self) -> dict[str, Any]:
        """What the rows say, once they say that all is delivered or that is too long in coming: a worker that was
        killed between an answer and its entry leaves a row that another one must send again."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            standing: dict[str, Any] = json.loads(self._in_portal("tell_standing"))
            if not standing["waiting"] or time.monotonic() > deadline:
                return standing
            self._wait(lambda: False, 3)

    def _left(self) -> float:
        return self.began + self.limit - time.monotonic()

    def _wait(self, condition: Callable[[], bool], seconds: float) -> None:
        """Until the condition holds or time is over; what ended meanwhile is started again."""
        deadline = time.monotonic() + seconds
        while not condition() and time.monotonic() < deadline:
            for service in self.services:
                service.keep()
            self._take_confirmed()
            self._tell()
            time.sleep(0.1)

    def _take_confirmed(self) -> None:
        """What the installer has printed since the last look, whole lines of it."""
        out = self.folder / "bulk.out"
        if not out.exists():
            return
        with out.open() as printed:
            printed.seek(self.confirmed)
            lines, _, _ = printed.read().rpartition("\n")
        for tracking in lines.split():
            self.ledger.owe(tracking)
        self.confirmed += len(lines) + 1 if lines else 0

    def _tell(self) -> None:
        if time.monotonic() - self.told_at < TELL_SECONDS:
            return
        self.told_at = time.monotonic()
        seconds, blows = self.told_at - self.began, self.struck.total()
        say(f"  after {seconds:.0f} s: {self.ledger.owed} owed, {self.ledger.arrived} arrived, {blows} blows")

    def _in_portal(self, name: str, *arguments: object) -> str:
        return self.inside.ask(_call(name, *arguments))


def _call(name: str, *arguments: object) -> str:
    return f"from tests.drill import bulk; bulk.{name}({', '.join(map(repr, arguments))})"


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
