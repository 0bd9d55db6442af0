"""Runs the drill, `python -m tests.drill COUNT [engines|sqlite]`, and reports: both parts where none is named. Exit
code 1 where a postback was lost or doubled."""

import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from tests.drill.engines import Binaries, Postgres, Redis, binaries
from tests.drill.run import Blow, Figures, Run, say
from tests.drill.services import Service
from tests.kit.portal import environment, manage

# The embedded default gets a part of the number, at least so many: it is one machine's, and is killed as a whole.
EMBEDDED_SHARE, EMBEDDED_LEAST = 5, 20
SETTINGS = {
    "DEMO": "false",
    "OUTBOUND_ALLOW_HTTP": "true",
    "OUTBOUND_ALLOWED_NETWORKS": "127.0.0.0/8",
    # One person owns the accounts that install over HTTP.
    "ACCOUNTS_PER_PERSON": "0",
}


def main(count: int, parts: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="linnapp-drill-") as name:
        folder = Path(name)
        # The engines' folders in it belong to another user.
        folder.chmod(0o711)
        passed = [PARTS[part](folder, count) for part in parts or PARTS]
    return 0 if all(passed) else 1


def drill_engines(folder: Path, count: int) -> bool:
    found = binaries()
    if found.missing:
        say(f"PostgreSQL and Redis: skipped, {found.missing}.")
        return True
    with on_engines(folder, found, count) as run:
        return report(f"PostgreSQL and Redis, web and two workers: {count} postbacks", run)


def drill_sqlite(folder: Path, count: int) -> bool:
    embedded = max(count // EMBEDDED_SHARE, EMBEDDED_LEAST)
    return report(f"SQLite, one command: {embedded} postbacks", on_sqlite(folder, embedded))


PARTS = {"engines": drill_engines, "sqlite": drill_sqlite}


@contextmanager
def on_engines(folder: Path, found: Binaries, count: int) -> Iterator[Run]:
    assert found.postgres
    assert found.redis
    with ExitStack() as stack:
        postgres, redis = Postgres(folder, found.postgres), Redis(folder, found.redis)
        for engine in (postgres, redis):
            stack.callback(engine.stop)
            engine.start()
        env = environment(folder / "engines", **SETTINGS, DATABASE_URL=postgres.url, REDIS_URL=redis.url)
        manage(env, "prepare")
        web, *workers = Service("web", env, "--web"), Service("one", env, "--worker"), Service("other", env, "--worker")
        blows = [
            Blow("worker killed, all of it", workers[0].kill_whole),
            Blow("other worker killed, and watched over", workers[1].kill_child),
            Blow("web server killed", web.kill_whole),
            Blow("web process killed", web.kill_child),
            Blow("PostgreSQL restarted", postgres.restart),
            Blow("Redis emptied", redis.restart),
        ]
        yield Run(env, [web, *workers], blows, workers=workers, forget_jobs=redis.restart, pause=4, count=count)


def on_sqlite(folder: Path, count: int) -> Run:
    env = environment(folder / "sqlite", **SETTINGS)
    manage(env, "prepare")
    portal = Service("portal", env)
    blows = [Blow("all killed", portal.kill_whole), Blow("parent killed", portal.kill)]

    def forget_jobs() -> None:
        for path in Path(env["STATE_DIR"]).glob("huey.sqlite3*"):
            path.unlink()

    return Run(env, [portal], blows, workers=[portal], forget_jobs=forget_jobs, pause=10, count=count)


def report(title: str, run: Run) -> bool:
    """Prints how it went, and says whether nothing was lost or doubled."""
    say(f"{title}.")
    figures = run.go()
    say(in_words(figures))
    for fault in figures.faults:
        say(f"  FAULT {fault}")
    return not figures.faults


def in_words(figures: Figures) -> str:
    found = figures.arrivals
    blows = ", ".join(f"{name} {count}" for name, count in sorted(figures.blows.items()))
    return (
        f"  {found.owed} owed, {found.arrived} arrived, {len(found.lost)} lost in {figures.seconds:.0f} s\n"
        f"  {found.repeated} came again under the same webhook-id, {len(found.doubled)} under another\n"
        f"  {found.refused} refused once by the receiver, {figures.sent_again} consent forms sent again\n"
        f"  {figures.blows.total()} blows: {blows}"
    )


def end(number: int, frame: FrameType | None) -> None:
    """A stop from outside tidies up as Ctrl-C does."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, end)
    try:
        sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 300, sys.argv[2:]))
    except KeyboardInterrupt:
        sys.exit("The drill was stopped.")
