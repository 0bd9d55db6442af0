"""Good exchanges beside a flood of wrong ones: random values from 19 addresses, at half of what the portal can answer.

What good traffic at a tenth of capacity gets alone and beside the flood, and how many rows the flood left. A part of
`make bench`; one database alone, and a flood from many addresses, with so many values in turn of which every second
names an Application ID of the portal:

    python -m bench.flood [sqlite|postgres] [SECONDS] [--addresses 3000] [--values 100000]

The addresses are each of a /24 of its own, and come in X-Forwarded-For from a proxy that the portal trusts. Then rows
are told by table, with what the database takes of the disk: after the flood, and once the rows are a season older and
the jobs have dropped them.
"""

import argparse
import json
import multiprocessing
import os
import platform
import random
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
# Of those that come through the proxy.
MANY = {"TRUSTED_PROXIES": "127.0.0.0/8"}
ROWS_BY_TABLE = """
import json
from django.db import connection
from django.db.models import Sum
from installs.models import FailureWindow, RefusalGroup, RefusalSample
proven = RefusalSample.objects.filter(group__application_id__isnull=False).count()
found = {model.__name__: model.objects.count() for model in (RefusalGroup, RefusalSample, FailureWindow)}
hours = RefusalGroup.objects.filter(sampled__gt=0).values("hour").distinct().count()
found |= {"proven": proven, "hours": hours}
said = {rest: RefusalGroup.objects.filter(is_rest=rest).aggregate(total=Sum("count"))["total"] or 0 for rest in (0, 1)}
with connection.cursor() as cursor:
    if connection.vendor == "sqlite":
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.execute("SELECT (page_count - freelist_count) * page_size"
                       " FROM pragma_page_count, pragma_freelist_count, pragma_page_size")
    else:
        cursor.execute("SELECT pg_database_size(current_database())")
    size = cursor.fetchone()[0]
print(json.dumps({"rows": found, "each": said[0], "rest": said[1], "bytes": size}))
"""
A_SEASON_LATER = """
from datetime import timedelta
from django.db.models import F
from installs.exchange import records
from installs.models import FailureWindow, RefusalGroup
RefusalGroup.objects.update(hour=F("hour") - timedelta(days=31))
FailureWindow.objects.update(last_at=F("last_at") - timedelta(hours=1))
records.drop_old()
"""
ROWS = """
from installs.models import FailureWindow, RefusalGroup, RefusalSample
print(sum(model.objects.count() for model in (FailureWindow, RefusalGroup, RefusalSample)))
"""
COUNTED = """
from django.db.models import Sum
from installs.models import FailureWindow, RefusalGroup
print(RefusalGroup.objects.aggregate(Sum("count")), FailureWindow.objects.aggregate(Sum("failures")))
"""
# What is promised: of the rate of good traffic, and rows of a flood.
KEPT, MOST_ROWS = 0.9, 2000
# Of a flood from many addresses, within one hour.
MOST_ROWS_OF_MANY = 5000
# A run is so many times as long as those of other parts: windows and groups have to fill.
LONGER = 6
# What good traffic gets alone is known after this.
ALONE_SECONDS = 60.0
# While what was noted is still being written, and until that is taken to be all.
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


@dataclass(frozen=True)
class Many:
    """A flood from so many addresses, with so many values."""

    addresses: int
    values: int

    def wrong(self, port: int, known: list[str]) -> Iterator[bytes]:
        for number in cycle(range(self.values)):
            made = random.Random(number)
            members = {
                name: str(uuid.UUID(int=made.getrandbits(128), version=4))
                for name in ("ApplicationId", "ApplicationSecret", "Token")
            }
            if number % 2:
                members["ApplicationId"] = known[number % len(known)]
            address = f"45.{number % self.addresses // 250}.{number % self.addresses % 250}.7"
            yield posted(port, json.dumps(members), **{"X-Forwarded-For": address})

    def flood(
        self, port: int, known: list[str], a_second: float, seconds: float, answered: "SimpleQueue[float]"
    ) -> None:
        proxies = ADDRESSES * 2
        answered.put(paced(port, self.wrong(port, known), a_second, seconds, proxies).a_second)


def told(portal: Portal) -> str:
    """Rows by table and the size of the database; and the same a season later."""
    names = (
        "groups | samples | windows | of samples proven | hours with samples | counted by group | among the rest | MB"
    )
    head = f"| | {names} |\n|---|---|---|---|---|---|---|---|---|"
    after = _told(portal, "after the flood")
    began = time.perf_counter()
    portal.ask(A_SEASON_LATER)
    return "\n".join([head, after, _told(portal, f"31 days later, dropped within {time.perf_counter() - began:.1f} s")])


def _told(portal: Portal, when: str) -> str:
    found = json.loads(portal.ask(ROWS_BY_TABLE))
    figures = " | ".join(f"{one:,}" for one in (*found["rows"].values(), found["each"], found["rest"]))
    return f"| {when} | {figures} | {found['bytes'] / 1e6:.1f} |"


def measure(engine: str, each: float, many: Many | None = None) -> tuple[Measured, str]:
    with prepared(engine) as made:
        env = made | (MANY if many else {})
        rows = json.loads(manage(env, "shell", "-v", "0", "-c", CREDENTIALS))
        bodies, known = [json.dumps(row) for row in rows], [row["ApplicationId"] for row in rows]
        with serving(env) as portal:
            requests = [posted(portal.port, body) for body in bodies]
            drive(portal.port, requests, 2)
            forget_sessions(env, "installs_session")
            capacity = drive(portal.port, requests, 5).a_second
            good = measured_good(portal, env, requests, capacity / 10)
            alone, before = good(min(each, ALONE_SECONDS)), int(portal.ask(ROWS))
            answered: SimpleQueue[float] = multiprocessing.SimpleQueue()
            sent = (capacity / 2, each + 4, answered)
            attack = multiprocessing.Process(
                target=many.flood if many else flood, args=(portal.port, *((known,) if many else ()), *sent)
            )
            attack.start()
            time.sleep(2)
            beside = good(each)
            attack.join()
            if attack.exitcode:
                raise RuntimeError("the flood broke off")
            wait_until_written(portal)
            of = Measured(capacity, answered.get(), alone, beside, int(portal.ask(ROWS)) - before)
            return of, told(portal) if many else ""


def wait_until_written(portal: Portal) -> None:
    """Until no refusal is counted any more that was noted before: a long flood leaves more than one flush writes."""
    counted, before = portal.ask(COUNTED), ""
    while counted != before:
        time.sleep(FLUSHED_SECONDS)
        counted, before = portal.ask(COUNTED), counted


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


def promised(measured: dict[str, Measured], most: int = MOST_ROWS) -> str:
    held = all(of.kept >= KEPT and of.rows <= most for of in measured.values())
    bounds = f"Good traffic keeps at least {KEPT:.1f} of its rate, and the flood leaves at most {most:,} rows"
    return f"{bounds}: {'both held' if held else 'not held'}."


def circumstances(each: float) -> str:
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), good traffic, flood and servers on the same machine, one run "
        f"of {each:g} s each (alone {min(each, ALONE_SECONDS):g} s). Python {platform.python_version()}."
    )


def part(seconds: float) -> tuple[str, bool]:
    """The table, and whether both databases were there to be measured."""
    engines, each = ["sqlite", "postgres"], seconds * LONGER
    if reason := missing("postgres"):
        sys.stderr.write(f"{reason}\n")
        engines.remove("postgres")
    measured = {engine: measure(engine, each)[0] for engine in engines}
    return "\n\n".join([table_of(measured), f"{promised(measured)} {circumstances(each)}"]), len(measured) == 2


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m bench.flood", description="Good exchanges beside a flood.")
    asked.add_argument("engine", nargs="?", default="postgres", choices=("sqlite", "postgres"))
    asked.add_argument("seconds", nargs="?", type=float, default=30)
    asked.add_argument("--addresses", type=int, default=0)
    asked.add_argument("--values", type=int, default=100_000)
    given = asked.parse_args()
    many = Many(given.addresses, given.values) if given.addresses else None
    of, rows = measure(given.engine, given.seconds, many)
    measured = {given.engine: of}
    most = MOST_ROWS_OF_MANY if many else MOST_ROWS
    sys.stdout.write(f"{table_of(measured)}\n\n{promised(measured, most)}\n")
    if rows:
        sys.stdout.write(f"\n{rows}\n")


if __name__ == "__main__":
    main()
