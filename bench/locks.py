"""How long SQLite's one writer is held: by each periodic job, by a bulk change, and by a manifest at its limits.

    python -m bench.locks [SHARE] [flood]

Fills a portal with SHARE of 100,000 sessions, 50,000 deliveries and so on (bench/old_rows.py), nearly all of them over,
and runs each job in a process of its own: from the first statement of a transaction that writes to the end of its
COMMIT. With `flood` the portal serves meanwhile, and is sent some hundred wrong exchanges a second.
"""

import multiprocessing
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from multiprocessing.queues import SimpleQueue

from bench.exchanges import prepared
from bench.flood import flood
from tests.kit.portal import ROOT, serving

A_SECOND, LONGEST_SECONDS = 300.0, 3600.0
WORK = "from bench import locked_work; locked_work.measure(%r)"


@contextmanager
def flooded(env: dict[str, str]) -> Iterator[None]:
    """The portal's web processes, and the flood; its worker is the process that is measured."""
    with serving(env, "--web") as portal:
        answered: SimpleQueue[float] = multiprocessing.SimpleQueue()
        attack = multiprocessing.Process(target=flood, args=(portal.port, A_SECOND, LONGEST_SECONDS, answered))
        attack.start()
        try:
            yield
        finally:
            attack.terminate()
            attack.join()


def main(share: str = "1", beside: str = "") -> None:
    with prepared("sqlite") as env, flooded(env) if beside else nullcontext():
        command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", WORK % float(share)]
        subprocess.run(command, cwd=ROOT, env=env, check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
