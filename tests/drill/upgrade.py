"""The newest migration runs while the commit before it serves: `python -m tests.drill.upgrade`, in a clone with its
history.

The code as it was before the newest migration is unpacked, prepares a PostgreSQL of its own and serves
from it. Programs exchange and a person reads pages while `manage.py prepare` of this code runs and for a while after.
"""

import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.exchanges import LIMITS
from tests.drill.engines import Postgres, Redis, binaries
from tests.drill.run import say
from tests.drill.traffic import Seen, Traffic, account_of, credentials
from tests.kit.inside import Inside
from tests.kit.portal import ROOT, environment, manage, stop, wait_until_answers

BEFORE_SECONDS, AFTER_SECONDS = 5.0, 20.0
MIGRATIONS = ("linnapp/migrations", "installs/migrations")


@dataclass(frozen=True)
class Upgrade:
    """What was applied in how many seconds, what was seen meanwhile, and the errors in the log of the older one."""

    applied: list[str]
    seconds: float
    seen: list[Seen]
    errors: list[str]

    @property
    def faults(self) -> list[str]:
        """What must not be, in sentences."""
        failed = [one for one in self.seen if not one.good]
        kinds = {one.kind for one in self.seen if one.good}
        return [
            *([] if self.applied else ["no migration was applied"]),
            *([] if kinds == {"exchange", "page"} else [f"nobody was answered but {kinds}"]),
            *([f"{len(failed)} requests failed: {failed[:3]}"] if failed else []),
            *(f"in the log: {line}" for line in self.errors),
        ]


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def newest_migration() -> tuple[str, str] | None:
    """The commit that brought it, and the one before; None without that history."""
    try:
        newest = git("log", "-1", "--format=%H", "--", *MIGRATIONS)
        return newest, git("rev-parse", "--verify", f"{newest}~1")
    except (OSError, subprocess.CalledProcessError):
        return None


def unpack(commit: str, folder: Path) -> Path:
    folder.mkdir()
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
    return folder


def main() -> int:
    if reason := binaries().missing:
        say(f"Skipped: {reason}.")
        return 0
    if (commits := newest_migration()) is None:
        say("Skipped: the history of this clone does not go back to the commit before the newest migration.")
        return 0
    with tempfile.TemporaryDirectory(prefix="linnapp-upgrade-") as name, ExitStack() as stack:
        folder, found = Path(name), binaries()
        # The engines' folders in it belong to another user.
        folder.chmod(0o711)
        assert found.postgres
        assert found.redis
        postgres, redis = Postgres(folder, found.postgres), Redis(folder, found.redis)
        for engine in (postgres, redis):
            stack.callback(engine.stop)
            engine.start()
        old = unpack(commits[1], folder / "before")
        done = upgraded(folder, old, postgres.url, redis.url, AFTER_SECONDS)
    say(f"{commits[0][:7]}: {len(done.applied)} migrations in {done.seconds:.1f} s while the commit before it served")
    for line in (*done.applied, *done.errors):
        say(f"  {line}")
    say(f"exchanges: {account_of(done.seen, 'exchange')}")
    say(f"pages: {account_of(done.seen, 'page')}")
    return 1 if done.faults else 0


def upgraded(folder: Path, old: Path, database_url: str, redis_url: str, after: float) -> Upgrade:
    env = environment(folder / "portal", DEMO="true", DATABASE_URL=database_url, REDIS_URL=redis_url, **LIMITS)
    log = folder / "serve.log"
    subprocess.run([sys.executable, "manage.py", "prepare"], cwd=old, env=env, check=True, capture_output=True)
    before = applied_in(database_url)
    with ExitStack() as stack:
        with log.open("ab") as output:
            serve = [sys.executable, "-u", "manage.py", "serve"]
            process = subprocess.Popen(serve, cwd=old, env=env, stdout=output, stderr=output)
        stack.callback(stop, process)
        wait_until_answers(int(env["PORT"]), process, log)
        inside = Inside(env)
        stack.callback(inside.close)
        with Traffic(f"http://localhost:{env['PORT']}", credentials(inside.ask)) as traffic:
            time.sleep(BEFORE_SECONDS)
            began = time.monotonic()
            manage(env, "prepare")
            took = time.monotonic() - began
            time.sleep(after)
        errors = [line for line in log.read_text().splitlines() if "ERROR" in line]
    return Upgrade(sorted(applied_in(database_url) - before), took, traffic.seen, errors)


def applied_in(database_url: str) -> set[str]:
    with psycopg.connect(database_url) as connection:
        return {name for (name,) in connection.execute("SELECT app || '.' || name FROM django_migrations")}


if __name__ == "__main__":
    sys.exit(main())
