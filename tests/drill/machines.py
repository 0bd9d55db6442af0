"""Three web servers behind a proxy, each at an address of its own on loopback as on a machine of its own, and a worker,
PostgreSQL and Redis at 127.0.0.1: `python -m tests.drill.machines [MINUTES]`, ten unless told otherwise.

Programs exchange at 70 % of what these can do, while one web server after another is restarted and one is killed.
It prints what they saw. Exit code 1 where an exchange failed that no killed machine can have begun, a session was lost,
the pace was not kept or memory grew.
"""

import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from statistics import mean

from bench.exchanges import LIMITS
from tests.drill.engines import Postgres, Redis, binaries
from tests.drill.run import say
from tests.drill.services import STOP_SECONDS, Service
from tests.drill.traffic import Seen, Traffic, account_of, credentials
from tests.kit.inside import Inside
from tests.kit.portal import ROOT, answers, descendants, environment, free_port, manage

MACHINES = ("127.0.0.2", "127.0.0.3", "127.0.0.4")
SHARE = 0.7
MEASURED_SECONDS = 15.0
START_SECONDS = 60.0
# From one restart to the next, and how long a machine that was killed stays away.
BETWEEN_SECONDS, AWAY_SECONDS = 40.0, 20.0
# What the proxy answers of a request that a machine had begun when it was killed: nobody knows how far.
BEGUN_AND_KILLED = {"503"}
# Of the pace that was wanted, so much at least was kept.
PACE_KEPT = 0.9
PASSWORD = "Twelve kettles on a barge"
# Each exchange counts those of its installation of the last minute, and its live sessions. So many programs would not
# belong to the hundred installations of the demo.
INSTALLATIONS = 2000
SETTLING = """
from django.db import transaction
from installs.installations import lifecycle
from installs.models import Installation
from linnapp.actors import Actor, Side
from linnapp.models import Account, Membership, User
rows = Installation.objects.active().select_related("application", "version").order_by("pk")
latest = ((row.application, row.application.versions.the_latest()) for row in rows if not row.application.stopped_at)
application, version = next(found for found in latest if found[1] and not found[1].postback_url)
owner = User.objects.get(name="Carol")
for first in range(0, {installations}, 20):
    # Of few at once: PostgreSQL is slow in a transaction with very many within it.
    with transaction.atomic():
        for number in range(first, first + 20):
            account = Account.objects.create(name=f"Shop {number}", slug=f"shop-{number}")
            Membership.objects.create(account=account, user=owner, role=Membership.Role.OWNER)
            lifecycle.install(application, account=account, version=version, by=Actor(owner, Side.CUSTOMER))
""".replace("{installations}", str(INSTALLATIONS))
# The same programs ask while the most is measured, and the same person reads: on these cores they cost something too.
THREADS, WITHOUT_PAUSE = 16, 1e6
# By so much the last third of the run may take more memory than the one before, and so many looks make a third.
MEMORY_GROWS, LOOKS_OF_A_THIRD = 1.05, 2
CONFIGURATION = ROOT / "docs" / "operations" / "haproxy.cfg"
# What only a machine with a certificate and a system log can have; and the ports of clients.
NOT_HERE = re.compile(r"\t(?:bind :80|http-request redirect scheme.*|log /dev/log.*|user .*|group .*)\n")
CLIENTS = "bind :443 ssl crt /etc/haproxy/portal.pem"


@dataclass
class Cluster:
    url: str
    webs: list[Service]
    worker: Service
    inside: Inside

    def keep(self, seconds: float) -> None:
        """As the service managers of all machines: what ended is started again."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for service in (*self.webs, self.worker):
                service.keep()
            time.sleep(0.1)

    def restart(self, web: Service) -> None:
        """As `systemctl restart` does: stopped with patience, then started."""
        assert web.process
        web.process.terminate()
        until = time.monotonic() + 2 * STOP_SECONDS
        while web.process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        web.keep()

    @property
    def megabytes(self) -> float:
        """Of all processes of the portal, what each shares with others divided among them."""
        pids = [pid for service in (*self.webs, self.worker) if service.process for pid in family(service.process.pid)]
        return sum(proportional_kilobytes(pid) for pid in pids) / 1024


@dataclass(frozen=True)
class Kill:
    """Of a machine: when the first of its processes was killed and when the last had ended, as `Seen.at`. Its
    port takes connections until then, so that what is sent there meanwhile has been begun."""

    began: float
    ended: float

    def met(self, one: Seen) -> bool:
        return one.at < self.ended and one.at + one.seconds > self.began


def wait_until_refused(address: str, port: int) -> None:
    """A process that has ended may hold its socket for another moment. The system is asked, and not the port: each
    connection would take room in the queue of the others."""
    while is_listening(address, port):
        time.sleep(0.001)


def is_listening(address: str, port: int) -> bool:
    """By the table of Linux, which has addresses in the order of the machine and the state LISTEN as 0A."""
    (number,) = struct.unpack("=I", socket.inet_aton(address))
    named = f"{number:08X}:{port:04X}"
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return any(row[1] == named and row[3] == "0A" for row in rows)


def family(pid: int) -> set[int]:
    return {pid} | descendants(pid)


def proportional_kilobytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    found = binaries()
    assert found.postgres
    assert found.redis
    with ExitStack() as stack:
        postgres, redis = Postgres(folder, found.postgres), Redis(folder, found.redis)
        for engine in (postgres, redis):
            stack.callback(engine.stop)
            engine.start()
        port = free_port()
        shared = environment(
            folder / "worker", DEMO="true", DEMO_PASSWORD=PASSWORD, SITE_URL=f"http://localhost:{port}",
            TRUSTED_PROXIES="127.0.0.1/32",
            ALLOWED_HOSTS="localhost", DATABASE_URL=postgres.url, REDIS_URL=redis.url, **LIMITS | {"WEB_WORKERS": "1"},
        )  # fmt: skip
        manage(shared, "prepare")
        webs = []
        for address in MACHINES:
            state = folder / address
            shutil.copytree(shared["STATE_DIR"], state)
            env = shared | {"STATE_DIR": str(state), "HOST": address}
            webs.append(Service(address, env, "--web"))
        here = Cluster(f"http://localhost:{port}", webs, Service("worker", shared, "--worker"), Inside(shared))
        for service in (*webs, here.worker):
            stack.callback(service.stop)
        stack.callback(here.inside.close)
        here.keep(START_SECONDS / 4)
        stack.enter_context(proxy(folder, port, [f"{address}:{shared['PORT']}" for address in MACHINES]))
        here.keep(START_SECONDS / 10)
        yield here


@contextmanager
def proxy(folder: Path, port: int, machines: list[str]) -> Iterator[None]:
    """HAProxy, by the file that docs/operations.md recommends for several machines."""
    config = NOT_HERE.sub("", CONFIGURATION.read_text()).replace(CLIENTS, f"bind 127.0.0.1:{port}")
    for number, machine in enumerate(machines, start=2):
        config = config.replace(f"10.0.0.{number}:8000", machine)
    home = folder / "proxy"
    home.mkdir()
    (home / "haproxy.cfg").write_text(config)
    with (home / "log").open("ab") as log:
        process = subprocess.Popen(["haproxy", "-db", "-f", str(home / "haproxy.cfg")], stdout=log, stderr=log)
    try:
        until = time.monotonic() + START_SECONDS
        while not answers(port):
            assert process.poll() is None, (home / "log").read_text()
            assert time.monotonic() < until, "HAProxy does not answer"
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def main(minutes: float = 10) -> int:
    if reason := binaries().missing or ("" if shutil.which("haproxy") else "no haproxy on this machine"):
        say(f"Skipped: {reason}.")
        return 0
    with tempfile.TemporaryDirectory(prefix="linnapp-machines-") as name:
        # The engines' folders in it belong to another user.
        Path(name).chmod(0o711)
        with cluster(Path(name)) as here:
            return 0 if run(here, 60 * minutes) else 1


def run(here: Cluster, seconds: float) -> bool:
    here.inside.ask(SETTLING)
    bodies = credentials(here.inside.ask)
    with Traffic(here.url, bodies, a_second=WITHOUT_PAUSE, threads=THREADS, password=PASSWORD) as traffic:
        here.keep(MEASURED_SECONDS)
    most = pace_of(traffic)
    say(f"{most:.0f} exchanges a second through the proxy at most; {SHARE:.0%} of it for {seconds / 60:.0f} minutes.")
    with Traffic(here.url, bodies, a_second=SHARE * most, threads=THREADS, password=PASSWORD) as traffic:
        blows = dealt(here, traffic, seconds)
    return is_good(traffic, blows, SHARE * most)


@dataclass
class Blows:
    restarted: int = 0
    kills: list[Kill] = field(default_factory=list)
    # Megabytes of the whole, at the beginning and after each.
    memory: list[float] = field(default_factory=list)


def dealt(here: Cluster, traffic: Traffic, seconds: float) -> Blows:
    """One machine after the other is restarted, and one of every four times killed instead."""
    blows = Blows(memory=[here.megabytes])
    for number, web in enumerate(cycle(here.webs)):
        here.keep(BETWEEN_SECONDS)
        if traffic.now > seconds:
            break
        if number % 4 == 2:
            web.held = True
            began = traffic.now
            web.kill_whole()
            wait_until_refused(web.name, int(web.env["PORT"]))
            blows.kills.append(Kill(began, traffic.now))
            here.keep(AWAY_SECONDS)
            web.held = False
        else:
            here.restart(web)
            blows.restarted += 1
        blows.memory.append(here.megabytes)
    here.keep(5)
    return blows


def is_good(traffic: Traffic, blows: Blows, wanted: float) -> bool:
    begun, failed = told_apart(traffic.seen, blows.kills)
    forgotten, pace = len(traffic.forgotten()), pace_of(traffic)
    growth = growth_of(blows.memory)
    ending = ", ".join(f"{1000 * (kill.ended - kill.began):.0f}" for kill in blows.kills)
    grew = f"the last third {growth:.2f} of the one before" if growth else "too few looks to judge it by"
    say(f"{blows.restarted} restarts, {len(blows.kills)} kills ({ending} ms until all had ended)")
    say(f"{pace:.0f} exchanges a second were asked for, {wanted:.0f} wanted")
    say(f"exchanges: {account_of(traffic.seen, 'exchange')}")
    say(f"pages: {account_of(traffic.seen, 'page')}")
    say(f"under way at a machine while it was killed: {len(begun)}; failed otherwise: {len(failed)} {failed[:5]}")
    say(f"sessions lost: {forgotten}; memory: {', '.join(f'{one:.0f}' for one in blows.memory)} MB, {grew}")
    is_flat = growth is None or growth <= MEMORY_GROWS
    return not failed and not forgotten and is_flat and pace > PACE_KEPT * wanted


def pace_of(traffic: Traffic) -> float:
    """Exchanges a second."""
    asked = [one.at for one in traffic.seen if one.kind == "exchange"]
    return len(asked) / max(asked)


def told_apart(seen: Sequence[Seen], kills: Sequence[Kill]) -> tuple[list[Seen], list[Seen]]:
    """Of what failed, what was under way at a machine while it was killed, and all else."""
    begun, failed = list[Seen](), list[Seen]()
    for one in seen:
        if not one.good:
            (begun if one.ended in BEGUN_AND_KILLED and any(kill.met(one) for kill in kills) else failed).append(one)
    return begun, failed


def growth_of(memory: Sequence[float]) -> float | None:
    """The last third beside the one before: in the first, what is loaded once is being loaded. None of too few."""
    third = len(memory) // 3
    if third < LOOKS_OF_A_THIRD:
        return None
    return mean(memory[-third:]) / mean(memory[-2 * third : -third])


if __name__ == "__main__":
    sys.exit(main(*map(float, sys.argv[1:2])))
