"""The newest migration runs while the commit before it serves: `python -m tests.drill.upgrade`, in a clone with its
history.

The code as it was before the newest migration is unpacked, prepares a PostgreSQL of its own and serves
from it. Programs exchange and a person reads pages while `manage.py migrate` of this code runs and for a while after.
"""

import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench.exchanges import LIMITS
from tests.drill.engines import Postgres, Redis, binaries
from tests.drill.run import say
from tests.drill.traffic import Traffic, account_of, credentials
from tests.kit.inside import Inside
from tests.kit.portal import ROOT, environment, manage, stop, wait_until_answers

AFTER_SECONDS = 20.0
MIGRATIONS = ("linnapp/migrations", "installs/migrations")


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def main() -> int:
    if reason := binaries().missing:
        say(f"Skipped: {reason}.")
        return 0
    newest = git("log", "-1", "--format=%H", "--", *MIGRATIONS)
    before = git("rev-parse", f"{newest}~1")
    with tempfile.TemporaryDirectory(prefix="linnapp-upgrade-") as name:
        folder = Path(name)
        # The engines' folders in it belong to another user.
        folder.chmod(0o711)
        old = folder / "before"
        old.mkdir()
        archive = subprocess.run(["git", "archive", before], cwd=ROOT, capture_output=True, check=True).stdout
        subprocess.run(["tar", "-x", "-C", old], input=archive, check=True)
        return 0 if upgraded(folder, old, newest) else 1


def upgraded(folder: Path, old: Path, newest: str) -> bool:
    found = binaries()
    assert found.postgres
    assert found.redis
    with ExitStack() as stack:
        postgres, redis = Postgres(folder, found.postgres), Redis(folder, found.redis)
        for engine in (postgres, redis):
            stack.callback(engine.stop)
            engine.start()
        env = environment(folder / "portal", DEMO="true", DATABASE_URL=postgres.url, REDIS_URL=redis.url, **LIMITS)
        log = folder / "serve.log"
        serve = [sys.executable, "-u", "manage.py", "serve"]
        subprocess.run([sys.executable, "manage.py", "prepare"], cwd=old, env=env, check=True, capture_output=True)
        with log.open("ab") as output:
            process = subprocess.Popen(serve, cwd=old, env=env, stdout=output, stderr=output)
        stack.callback(stop, process)
        wait_until_answers(int(env["PORT"]), process, log)
        inside = Inside(env)
        stack.callback(inside.close)
        with Traffic(f"http://localhost:{env['PORT']}", credentials(inside.ask)) as traffic:
            time.sleep(5)
            began = time.monotonic()
            applied = [line.strip() for line in manage(env, "migrate").splitlines() if line.strip().endswith("OK")]
            took = time.monotonic() - began
            time.sleep(AFTER_SECONDS)
        failed = [one for one in traffic.seen if not one.good]
        said = [line for line in log.read_text().splitlines() if "ERROR" in line]
    say(f"{newest[:7]}: {len(applied)} migrations in {took:.1f} s while the commit before it served")
    for line in (*applied, *said):
        say(f"  {line}")
    say(f"exchanges: {account_of(traffic.seen, 'exchange')}")
    say(f"pages: {account_of(traffic.seen, 'page')}")
    return bool(applied) and not failed and not said


if __name__ == "__main__":
    sys.exit(main())
