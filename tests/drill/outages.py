"""What users see while a part of the portal is away, and what is lost: `python -m tests.drill.outages [NAME …]`.

Each drill starts a portal of its own on free ports of this machine, with the demo data, lets programs exchange and a
person read pages, takes one part away and gives it back. It prints a table and leaves nothing behind. Exit code 1 where
anything was lost, or the portal did not come back by itself.
"""

import ctypes.util
import json
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.exchanges import LIMITS
from tests.drill.engines import Postgres, Redis, binaries
from tests.drill.run import say
from tests.drill.services import Service
from tests.drill.traffic import Account, Traffic, account_of, credentials
from tests.health.between import Between
from tests.kit.inside import Inside
from tests.kit.portal import answers, descendants, environment, free_port, manage

# Python sleeps until a moment of the monotonic clock, which libfaketime takes for one of the clock that it moves.
SLEEP = "import select, time\ntime.sleep = lambda seconds: select.select([], [], [], seconds) and None\n"
# Before the blow, and from when all answers again.
QUIET_SECONDS = 5.0
AWAY_SECONDS = 10.0
BACK_SECONDS = 90.0
SLOW_SECONDS = 0.3
STEP = "+3600"
# A session's row does not wait for PostgreSQL's disk (docs/decisions, 2): what a crash takes back is at most as old as
# three times `wal_writer_delay`, and its client authorises again.
NOT_ON_DISK_SECONDS = 0.6
COUNTED = """
import json
from installs.models import Installation, PermanentToken
from linnapp.models import TimelineEntry, User
print(json.dumps([model.objects.count() for model in (Installation, PermanentToken, TimelineEntry, User)]))
"""


@dataclass
class Stage:
    """A portal that runs, and what it runs on."""

    env: dict[str, str]
    services: dict[str, Service]
    inside: Inside
    postgres: Postgres | None = None
    redis: Redis | None = None
    between: Between | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.env['PORT']}"

    @property
    def database(self) -> Path:
        return Path(self.env["STATE_DIR"]) / "db.sqlite3"

    def wait(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """As a service manager: what ended is started again meanwhile."""
        deadline = time.monotonic() + seconds
        while not until():
            if time.monotonic() > deadline:
                return False
            for service in self.services.values():
                service.keep()
            time.sleep(0.05)
        return True


@dataclass(frozen=True)
class Drill:
    name: str
    on: str
    # Takes a part away and gives it back.
    strike: Callable[[Stage], None]
    settings: dict[str, str]
    lacks: Callable[[], str] = lambda: ""
    # It ends PostgreSQL without a word.
    crash: bool = False


@dataclass(frozen=True)
class Report:
    drill: str
    exchanges: Account
    pages: Account
    back: float | None
    forgotten: int
    taken_back: int
    missing: list[str]

    @property
    def lost(self) -> str:
        return ", ".join([*([f"{self.forgotten} sessions"] if self.forgotten else []), *self.missing])

    @property
    def good(self) -> bool:
        return self.back is not None and not self.lost

    def __str__(self) -> str:
        back = "not by itself" if self.back is None else f"{self.back:.1f} s"
        taken = f" but {self.taken_back} of the last {NOT_ON_DISK_SECONDS} s' sessions" if self.taken_back else ""
        return f"| {self.drill} | {self.exchanges} | {self.pages} | {back} | {self.lost or 'nothing'}{taken} |"


def go(drill: Drill) -> Report:
    with tempfile.TemporaryDirectory(prefix="linnapp-outage-") as name, ExitStack() as stack:
        # The engines' folders in it belong to another user.
        Path(name).chmod(0o711)
        stage = stack.enter_context(STAGES[drill.on](Path(name), drill.settings))
        before = json.loads(stage.inside.ask(COUNTED))
        with Traffic(stage.url, credentials(stage.inside.ask)) as traffic:
            stage.wait(QUIET_SECONDS)
            struck = traffic.now
            drill.strike(stage)
            given_back = traffic.now
            came_back = stage.wait(BACK_SECONDS, lambda: is_back(traffic, given_back))
            back = max(0.0, first_good(traffic, given_back) - given_back) if came_back else None
            stage.wait(QUIET_SECONDS)
        forgotten = traffic.forgotten()
        taken = [one for one in forgotten if drill.crash and struck - NOT_ON_DISK_SECONDS <= one.at <= given_back]
        return Report(
            drill=drill.name,
            exchanges=account_of(traffic.seen, "exchange"),
            pages=account_of(traffic.seen, "page"),
            back=back,
            forgotten=len(forgotten) - len(taken),
            taken_back=len(taken),
            missing=what_is_missing(stage, before),
        )


def is_back(traffic: Traffic, since: float) -> bool:
    """Whether the last few requests that were begun since went well, of either kind."""
    latest = {kind: [one.good for one in traffic.seen if one.kind == kind and one.at > since] for kind in KINDS}
    return all(len(ends) >= 5 and all(ends[-5:]) for ends in latest.values())


KINDS = ("exchange", "page")


def first_good(traffic: Traffic, since: float) -> float:
    """When the last of what failed since was over, for good."""
    return max(
        (ended for one in traffic.seen if not one.good and (ended := one.at + one.seconds) > since), default=since
    )


def what_is_missing(stage: Stage, before: list[int]) -> list[str]:
    now = json.loads(stage.inside.ask(COUNTED))
    names = ("installations", "permanent tokens", "lines of the timeline", "people")
    found = [f"{was - left} {name}" for name, was, left in zip(names, before, now, strict=True) if left < was]
    if stage.database.exists():
        said = stage.inside.ask(
            "from django.db import connection\n"
            "cursor = connection.cursor()\ncursor.execute('PRAGMA integrity_check')\nprint(cursor.fetchone()[0])"
        ).strip()
        found += [] if said == "ok" else [f"the database's soundness ({said})"]
    return found


@contextmanager
def on_engines(folder: Path, settings: dict[str, str]) -> Iterator[Stage]:
    found = binaries()
    assert found.postgres
    assert found.redis
    with ExitStack() as stack:
        postgres, redis = Postgres(folder, found.postgres), Redis(folder, found.redis)
        for engine in (postgres, redis):
            stack.callback(engine.stop)
            engine.start()
        between = Between(postgres.url)
        stack.callback(between.refuse)
        env = of_portal(folder / "portal", DATABASE_URL=between.url, REDIS_URL=redis.url, **settings)
        stage = stack.enter_context(running(env, {"web": ["--web"], "worker": ["--worker"]}))
        stage.postgres, stage.redis, stage.between = postgres, redis, between
        yield stage


@contextmanager
def on_sqlite(folder: Path, settings: dict[str, str]) -> Iterator[Stage]:
    (folder / "clock").write_text("+0\n")
    (folder / "sitecustomize.py").write_text(SLEEP)
    with running(of_portal(folder / "portal", **settings), {"portal": []}) as stage:
        yield stage


def of_portal(folder: Path, **settings: str) -> dict[str, str]:
    beside = folder.parent
    moved = {"FAKETIME_TIMESTAMP_FILE": str(beside / "clock"), "PYTHONPATH": str(beside)}
    more = moved if "LD_PRELOAD" in settings else {}
    return environment(folder, DEMO="true", **LIMITS, **settings, **more)


@contextmanager
def running(env: dict[str, str], roles: dict[str, list[str]]) -> Iterator[Stage]:
    manage(without_clock(env), "prepare")
    services = {name: Service(name, env, *arguments) for name, arguments in roles.items()}
    stage = Stage(env, services, Inside(without_clock(env)))
    try:
        assert stage.wait(BACK_SECONDS, lambda: answers(int(env["PORT"]))), "the portal does not answer"
        stage.wait(2)
        yield stage
    finally:
        for service in services.values():
            service.stop()
        stage.inside.close()


def without_clock(env: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name != "LD_PRELOAD"}


STAGES = {"PostgreSQL": on_engines, "SQLite": on_sqlite}


def postgres_restarts(stage: Stage) -> None:
    assert stage.postgres
    stage.postgres.restart()


def postgres_is_away(stage: Stage) -> None:
    assert stage.between
    stage.between.refuse()
    stage.wait(AWAY_SECONDS)
    stage.between.mend()


def postgres_hangs(stage: Stage) -> None:
    assert stage.between
    stage.between.hang()
    stage.wait(AWAY_SECONDS)
    stage.between.mend()


def postgres_is_slow(stage: Stage) -> None:
    assert stage.between
    stage.between.delay = SLOW_SECONDS
    stage.wait(AWAY_SECONDS)
    stage.between.delay = 0.0


def redis_restarts(stage: Stage) -> None:
    assert stage.redis
    stage.redis.restart()


def redis_is_away(stage: Stage) -> None:
    assert stage.redis
    stage.redis.stop()
    stage.wait(AWAY_SECONDS)
    stage.redis.start()


def worker_is_killed(stage: Stage) -> None:
    stage.services["worker"].kill_whole()


def web_process_is_killed(stage: Stage) -> None:
    stage.services["web"].kill_child()


def web_is_killed(stage: Stage) -> None:
    stage.services["web"].kill_whole()


def portal_is_killed(stage: Stage) -> None:
    stage.services["portal"].kill_whole()


def disk_is_full(stage: Stage) -> None:
    """No file of the portal may grow: a write past its first page fails as on a disk without room."""
    process = stage.services["portal"].process
    assert process
    all_of_it = [process.pid, *descendants(process.pid)]
    most = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE)[1] for pid in all_of_it}
    for pid, hard in most.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, hard))
    stage.wait(AWAY_SECONDS)
    # Also those that were started meanwhile, under the same limit.
    for pid in {*most, *descendants(process.pid)}:
        with suppress(ProcessLookupError):
            hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))


def clock_steps(stage: Stage) -> None:
    """An hour ahead, and back again."""
    clock = Path(stage.env["FAKETIME_TIMESTAMP_FILE"])
    clock.write_text(f"{STEP}\n")
    stage.wait(AWAY_SECONDS)
    clock.write_text("+0\n")


def a_second_one_is_started(stage: Stage) -> None:
    """On the same folder and another port; the first is killed, and the second goes on."""
    other = Service("other", stage.env | {"PORT": str(free_port())})
    stage.services["other"] = other
    assert stage.wait(BACK_SECONDS, lambda: answers(int(other.env["PORT"]))), "the second one does not answer"
    stage.wait(AWAY_SECONDS)
    other.held = True
    other.kill_whole()


def lacks_engines() -> str:
    return binaries().missing


def faketime() -> str:
    folder = Path("/usr/lib") / f"{platform.machine()}-linux-gnu" / "faketime" / "libfaketimeMT.so.1"
    return str(folder) if folder.exists() else ctypes.util.find_library("faketimeMT") or ""


def lacks_faketime() -> str:
    return "" if faketime() else "no libfaketime on this machine (Debian: apt install libfaketime)"


CLOCK = {"LD_PRELOAD": faketime(), "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
DRILLS = {
    "postgres-restart": Drill("PostgreSQL killed, and back", "PostgreSQL", postgres_restarts, {}, lacks_engines, True),
    "postgres-away": Drill("PostgreSQL away for 10 s", "PostgreSQL", postgres_is_away, {}, lacks_engines),
    "postgres-hangs": Drill("PostgreSQL silent for 10 s", "PostgreSQL", postgres_hangs, {}, lacks_engines),
    "postgres-slow": Drill("PostgreSQL 0.3 s late, for 10 s", "PostgreSQL", postgres_is_slow, {}, lacks_engines),
    "redis-restart": Drill("Redis killed, and back empty", "PostgreSQL", redis_restarts, {}, lacks_engines),
    "redis-away": Drill("Redis away for 10 s", "PostgreSQL", redis_is_away, {}, lacks_engines),
    "worker-killed": Drill("worker killed", "PostgreSQL", worker_is_killed, {}, lacks_engines),
    "web-process-killed": Drill("one web process killed", "PostgreSQL", web_process_is_killed, {}, lacks_engines),
    "web-killed": Drill("web server killed, all of it", "PostgreSQL", web_is_killed, {}, lacks_engines),
    "portal-killed": Drill("portal on SQLite killed, all of it", "SQLite", portal_is_killed, {}),
    "disk-full": Drill("disk full for 10 s, on SQLite", "SQLite", disk_is_full, {}),
    "clock-step": Drill("clock an hour ahead for 10 s, on SQLite", "SQLite", clock_steps, CLOCK, lacks_faketime),
    "two-serve": Drill("a second `serve` on the same folder, then killed", "SQLite", a_second_one_is_started, {}),
}  # fmt: skip


def main(names: list[str]) -> int:
    if unknown := set(names) - DRILLS.keys():
        say(f"There is no {', '.join(sorted(unknown))}. There are: {', '.join(DRILLS)}.")
        return 2
    say("| what happened | exchanges, 20 a second | pages, 5 a second | all well after | lost |\n|---|---|---|---|---|")
    good = True
    for drill in (DRILLS[name] for name in names or DRILLS):
        if reason := drill.lacks():
            say(f"| {drill.name} | skipped: {reason} | | | |")
            continue
        report = go(drill)
        say(str(report))
        good &= report.good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
