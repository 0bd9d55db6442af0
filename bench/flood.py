"""Good exchanges beside a flood of wrong ones: random values from 19 addresses, at half of what the portal can answer.

What good traffic at a tenth of capacity gets alone and beside the flood, and how many rows the flood left. A part of
`make bench`; one database alone: `python -m bench.flood [sqlite|postgres] [SECONDS]`.
"""

import json
import multiprocessing
import os
import platform
import selectors
import socket
import sqlite3
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from multiprocessing.queues import SimpleQueue

from bench.exchanges import CREDENTIALS, forget_sessions, prepared
from bench.load import CONNECTIONS, Connection, Figures, drive, posted
from tests.kit.engines import missing
from tests.kit.portal import Portal, manage, serving

ADDRESSES = [f"127.0.0.{number}" for number in range(2, 21)]
ROWS = """
from installs.models import FailureWindow, RefusalGroup, RefusalSample
print(sum(model.objects.count() for model in (FailureWindow, RefusalGroup, RefusalSample)))
"""
# What is promised: of the rate of good traffic, and rows of a flood.
KEPT, MOST_ROWS = 0.9, 2000
# A run is so many times as long as those of other parts: windows and groups have to fill.
LONGER = 6
# Until what was noted in the last second is written.
FLUSHED_SECONDS = 3


@dataclass(frozen=True)
class Measured:
    """`flooded`: wrong exchanges a second that were answered."""

    capacity: float
    flooded: float
    alone: Figures
    beside: Figures
    rows: int

    @property
    def kept(self) -> float:
        return self.beside.a_second / self.alone.a_second


def paced(port: int, wanted: Iterator[bytes], a_second: float, seconds: float, addresses: list[str]) -> Figures:
    """Sends so many a second, evenly and from these addresses in turn, whatever is answered: each connection at most
    one request at a time, so that a portal that is slow is asked less."""
    with selectors.DefaultSelector() as ready:
        idle = [_connected(port, address, ready) for address in addresses]
        began, client_began, latencies, sent = time.perf_counter(), time.process_time(), [], 0
        while (now := time.perf_counter() - began) < seconds:
            while idle and sent < now * a_second:
                idle.pop(0).send(next(wanted))
                sent += 1
            for key, _ in ready.select(timeout=0.002):
                if key.data.answer_is_whole():
                    latencies.append(time.perf_counter() - key.data.sent_at)
                    idle.append(key.data)
        for key in list(ready.get_map().values()):
            key.data.socket.close()
        return Figures(time.perf_counter() - began, time.process_time() - client_began, latencies)


def _connected(port: int, address: str, ready: selectors.BaseSelector) -> Connection:
    made = socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(address, 0))
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection = Connection(made, "200 400 429")
    ready.register(made, selectors.EVENT_READ, connection)
    return connection


def wrong(port: int) -> Iterator[bytes]:
    """Each with other values than every other."""
    while True:
        members = {name: str(uuid.uuid4()) for name in ("ApplicationId", "ApplicationSecret", "Token")}
        yield posted(port, json.dumps(members))


def flood(port: int, a_second: float, seconds: float, answered: "SimpleQueue[float]") -> None:
    """From two connections an address, in a process of its own."""
    answered.put(paced(port, wrong(port), a_second, seconds, ADDRESSES * 2).a_second)


def measure(engine: str, each: float) -> Measured:
    with prepared(engine) as env:
        bodies = [json.dumps(row) for row in json.loads(manage(env, "shell", "-v", "0", "-c", CREDENTIALS))]
        with serving(env) as portal:
            requests = [posted(portal.port, body) for body in bodies]
            drive(portal.port, requests, 2)
            forget_sessions(env, "installs_session")
            capacity = drive(portal.port, requests, 5).a_second
            good = measured_good(portal, env, requests, capacity / 10)
            alone, before = good(each), int(portal.ask(ROWS))
            answered: SimpleQueue[float] = multiprocessing.SimpleQueue()
            attack = multiprocessing.Process(target=flood, args=(portal.port, capacity / 2, each + 4, answered))
            attack.start()
            time.sleep(2)
            beside = good(each)
            attack.join()
            if attack.exitcode:
                raise RuntimeError("the flood broke off")
            time.sleep(FLUSHED_SECONDS)
            return Measured(capacity, answered.get(), alone, beside, int(portal.ask(ROWS)) - before)


def measured_good(
    portal: Portal, env: dict[str, str], requests: list[bytes], a_second: float
) -> Callable[[float], Figures]:
    def run(seconds: float) -> Figures:
        forget_sessions(env, "installs_session")
        return paced(portal.port, cycle(requests), a_second, seconds, ["127.0.0.1"] * CONNECTIONS)

    return run


def table_of(measured: dict[str, Measured]) -> str:
    """What good traffic gets is told alone and beside the flood."""
    head = "| | capacity, a second | flood, a second | good, a second | kept | p50 ms | p99 ms | rows added |"
    return "\n".join([head, "|---|---|---|---|---|---|---|---|", *(row_of(*item) for item in measured.items())])


def row_of(engine: str, of: Measured) -> str:
    name = {"sqlite": f"SQLite {sqlite3.sqlite_version}", "postgres": "PostgreSQL"}[engine]
    rates = f"{of.alone.a_second:.1f} → {of.beside.a_second:.1f} | {of.kept:.2f}"
    p50, p99 = (f"{of.alone.percentile(share):.1f} → {of.beside.percentile(share):.1f}" for share in (0.5, 0.99))
    return f"| {name} | {of.capacity:,.0f} | {of.flooded:,.0f} | {rates} | {p50} | {p99} | {of.rows:,} |"


def promised(measured: dict[str, Measured]) -> str:
    held = all(of.kept >= KEPT and of.rows <= MOST_ROWS for of in measured.values())
    bounds = f"Good traffic keeps at least {KEPT:.1f} of its rate, and the flood leaves at most {MOST_ROWS:,} rows"
    return f"{bounds}: {'both held' if held else 'not held'}."


def circumstances(each: float) -> str:
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), good traffic, flood and servers on the same machine, one run "
        f"of {each:g} s each. Python {platform.python_version()}."
    )


def part(seconds: float) -> tuple[str, bool]:
    """The table, and whether both databases were there to be measured."""
    engines, each = ["sqlite", "postgres"], seconds * LONGER
    if reason := missing("postgres"):
        sys.stderr.write(f"{reason}\n")
        engines.remove("postgres")
    measured = {engine: measure(engine, each) for engine in engines}
    return "\n\n".join([table_of(measured), f"{promised(measured)} {circumstances(each)}"]), len(measured) == 2


def main(engine: str = "postgres", seconds: str = "30") -> None:
    measured = {engine: measure(engine, float(seconds))}
    sys.stdout.write(f"{table_of(measured)}\n\n{promised(measured)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
