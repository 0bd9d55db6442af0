"""Three web servers behind a proxy, a worker, PostgreSQL and Redis, each at an address of its own on loopback, as on
machines of their own: `python -m tests.drill.machines [MINUTES]`, ten unless told otherwise.

Programs exchange at 70 % of what these can do, while one web server after another is restarted and one is killed.
It prints what they saw. Exit code 1 where an exchange failed that no killed machine had begun, or a session was lost.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from bench.exchanges import LIMITS
from bench.load import drive, posted
from tests.drill.engines import Postgres, Redis, binaries
from tests.drill.run import say
from tests.drill.services import STOP_SECONDS, Service
from tests.drill.traffic import Traffic, account_of, credentials
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
KILL_MOMENT = 2.0
CADDYFILE = ROOT / "docs" / "operations" / "Caddyfile"
# What docs/operations.md adds to it for several machines, and where.
LOOKS = "health_uri /readyz?exclude=shared\n\t\t\thealth_interval 1s\n\t\t\t"
BEFORE = "lb_try_duration"


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
            folder / "worker", DEMO="true", SITE_URL=f"http://localhost:{port}", TRUSTED_PROXIES="127.0.0.1/32",
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
    """Caddy, by the file that docs/operations.md recommends."""
    home = folder / "caddy"
    home.mkdir()
    env = {
        "HOME": str(home),
        "PATH": "/usr/bin:/bin",
        "SITE_URL": f"http://localhost:{port}",
        "PORTAL": " ".join(machines),
    }
    config = home / "Caddyfile"
    config.write_text(CADDYFILE.read_text().replace(BEFORE, LOOKS + BEFORE))
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(config)]
    with (home / "log").open("ab") as log:
        process = subprocess.Popen(command, env=env, cwd=home, stdout=log, stderr=log)
    try:
        until = time.monotonic() + START_SECONDS
        while not answers(port):
            assert process.poll() is None, (home / "log").read_text()
            assert time.monotonic() < until, "Caddy does not answer"
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def main(minutes: float = 10) -> int:
    if reason := binaries().missing or ("" if shutil.which("caddy") else "no caddy on this machine"):
        say(f"Skipped: {reason}.")
        return 0
    with tempfile.TemporaryDirectory(prefix="linnapp-machines-") as name:
        # The engines' folders in it belong to another user.
        Path(name).chmod(0o711)
        with cluster(Path(name)) as here:
            return 0 if run(here, 60 * minutes) else 1


def run(here: Cluster, seconds: float) -> bool:
    bodies = credentials(here.inside.ask)
    port = int(here.url.rpartition(":")[2])
    most = drive(port, [posted(port, body) for body in bodies], MEASURED_SECONDS).a_second
    say(f"{most:.0f} exchanges a second through the proxy at most; {SHARE:.0%} of it for {seconds / 60:.0f} minutes.")
    restarts, killed_at, memory = Counter[str](), list[float](), [here.megabytes]
    with Traffic(here.url, bodies, a_second=SHARE * most, threads=12) as traffic:
        for number, web in enumerate(cycle(here.webs)):
            here.keep(BETWEEN_SECONDS)
            if traffic.now > seconds:
                break
            # One of every four is no restart.
            if number % 4 == 2:
                killed_at.append(traffic.now)
                web.kill_whole()
                web.held = True
                here.keep(AWAY_SECONDS)
                web.held = False
                restarts["killed"] += 1
            else:
                here.restart(web)
                restarts["restarted"] += 1
            memory.append(here.megabytes)
        here.keep(5)
    begun = [one for one in traffic.seen if not one.good and one.ended in BEGUN_AND_KILLED and near(one.at, killed_at)]
    failed = [one for one in traffic.seen if not one.good and one not in begun]
    forgotten, pace = traffic.forgotten(), sum(one.kind == "exchange" for one in traffic.seen) / traffic.now
    say(f"{dict(restarts)}; {pace:.0f} exchanges a second were asked for, {SHARE * most:.0f} wanted")
    say(f"exchanges: {account_of(traffic.seen, 'exchange')}")
    say(f"pages: {account_of(traffic.seen, 'page')}")
    say(f"begun on a machine when it was killed: {len(begun)}; failed otherwise: {len(failed)} {failed[:5]}")
    say(f"sessions lost: {forgotten}; memory: {', '.join(f'{one:.0f}' for one in memory)} MB")
    return not failed and not forgotten and pace > PACE_KEPT * SHARE * most


def near(at: float, moments: list[float]) -> bool:
    return any(moment - KILL_MOMENT < at < moment + KILL_MOMENT for moment in moments)


if __name__ == "__main__":
    sys.exit(main(*map(float, sys.argv[1:2])))
