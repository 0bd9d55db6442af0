"""A file that changes many rows: what it costs, a worker that is killed in the middle of it, and exchanges beside it.

    python -m bench.bulk [sqlite|postgres] [ACCOUNTS] [APPLICATIONS] [SECONDS]

Sends a CSV file that changes each of them, as Paula does, to a portal with a worker of its own: seconds to the preview
and memory of the worker; the file is applied, the worker killed at four tenths and started again, and all is undone.
Then a second file is applied in turns: SECONDS of exchanges beside it, stopped, SECONDS of exchanges alone.
"""

import csv
import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import requests

from bench.exchanges import CREDENTIALS, forget_sessions, prepared
from bench.load import drive, posted
from bench.pages import csrf, signed_in
from tests.kit.portal import Portal, children, kill_whole, serving, started, stop

PAULA = "paula@linnapp.example"
PAIRS, PATIENCE, KILLED_AT = 4, 900, 0.4
GROW = """
from linnapp.models import Account, Application, Version
accounts = Account.objects.bulk_create([
    Account(name=f"Customer {number}", slug=f"bulk-{number}", contact_email=f"owner-{number}@example.com")
    for number in range(%d)], batch_size=2000)
Application.objects.bulk_create([
    Application(account=accounts[0], name=f"Application {number}", type="SYSTEM") for number in range(%d)],
    batch_size=2000)
"""
KEYS = """
from linnapp.models import Account, Application
rows = {"account": Account.objects.filter(slug__startswith="bulk-"),
        "application": Application.objects.filter(account__slug="bulk-0")}
print("\\n".join(str(key) for key in rows["%s"].values_list("pk", flat=True)))
"""
STANDS = """
from linnapp.models import BulkChange
change = BulkChange.objects.get(pk="%s")
counts = change.counts()
print(change.state, counts["WAITING"], counts["DONE"], change.total)
"""
# Entries of the timeline by row: each has one, and none has two.
ENTRIES = """
from collections import Counter
from linnapp.models import TimelineEntry
of_row = Counter(TimelineEntry.objects.filter(facts__change="%s").values_list("%s_id", flat=True))
print(len(of_row), max(of_row.values(), default=0))
"""


@dataclass
class Bench:
    """A portal without a worker of its own, the worker beside it, and Paula at a browser."""

    portal: Portal
    browser: requests.Session
    bodies: list[str]
    worker: subprocess.Popen[bytes] | None = None
    idle_mb: float = 0
    highest_mb: list[float] = field(default_factory=list)

    def start_worker(self) -> None:
        self.worker = started(self.portal.env, Path(self.portal.env["STATE_DIR"], "worker.log"), "--worker")

    def warm_up(self) -> None:
        """Until the worker has started, and has read a file once."""
        key = self.portal.ask(KEYS % "account").split()[0]
        change = self.upload("account", [["id", "contact_email"], [key, "first@example.com"]])
        self.wait(change, lambda state, *numbers: state == "READY")
        self.idle_mb = self.memory("VmRSS")

    def kill_worker(self) -> None:
        assert self.worker
        self.highest_mb.append(self.memory("VmHWM") - self.idle_mb)
        kill_whole(self.worker)

    def memory(self, which: str) -> float:
        """In MB, of the one that works, and not of the command that watches over it."""
        assert self.worker
        (working,) = children(self.worker.pid)
        status = Path(f"/proc/{working}/status").read_text()
        return int(status.partition(f"{which}:")[2].split()[0]) / 1024

    def upload(self, table: str, lines: list[list[str]]) -> str:
        """The key of the change."""
        page = f"{self.portal.url}/admin/linnapp/{table}/import/"
        text = io.StringIO()
        csv.writer(text).writerows(lines)
        key = csrf(self.browser.get(page, timeout=60).text)
        file = {"file": ("changes.csv", text.getvalue().encode())}
        form = {"csrfmiddlewaretoken": key}
        answer = self.browser.post(page, form, files=file, headers={"Referer": page}, timeout=60, allow_redirects=False)
        return answer.headers["Location"].split("/")[-3]

    def page(self, change: str, query: str = "") -> requests.Response:
        answer = self.browser.get(f"{self.portal.url}/admin/linnapp/bulkchange/{change}/change/{query}", timeout=60)
        answer.raise_for_status()
        return answer

    def press(self, change: str, what: str) -> str:
        """The key of the change whose page follows."""
        page = self.page(change)
        form = {"csrfmiddlewaretoken": csrf(page.text), "why": "Ticket 12: a bench."}
        address = f"{self.portal.url}/admin/linnapp/bulkchange/{change}/ask/{what}/"
        answer = self.browser.post(address, form, headers={"Referer": page.url}, timeout=300)
        answer.raise_for_status()
        return re.split("/", answer.url)[-3]

    def stands(self, change: str) -> tuple[str, int, int, int]:
        state, *numbers = self.portal.ask(STANDS % change).split()
        return (state, *map(int, numbers))  # type: ignore[return-value]

    def wait(self, change: str, until: Callable[[str, int, int, int], bool], every: float = 0.3) -> float:
        """Seconds until it stands so."""
        began = time.monotonic()
        while not until(*self.stands(change)):
            if time.monotonic() - began > PATIENCE:
                raise TimeoutError(f"It stands at {self.stands(change)}.")
            time.sleep(every)
        return time.monotonic() - began

    def exchanges(self, seconds: float) -> float:
        """A second."""
        forget_sessions(self.portal.env, "installs_session")
        port = self.portal.port
        return drive(port, [posted(port, body) for body in self.bodies], seconds).a_second


@contextmanager
def ready(engine: str, accounts: int, applications: int) -> Iterator[Bench]:
    with prepared(engine) as env, serving(env, "--web") as portal:
        portal.ask(GROW % (accounts, applications))
        bodies = [json.dumps(row) for row in json.loads(portal.ask(CREDENTIALS))]
        bench = Bench(portal, signed_in(portal.url, PAULA), bodies)
        bench.start_worker()
        try:
            bench.warm_up()
            yield bench
        finally:
            if bench.worker:
                stop(bench.worker)


def say(what: str, figure: object) -> None:
    load = f"load {os.getloadavg()[0]:.1f}"
    sys.stdout.write(f"{what:44} {figure}   ({load})\n")
    sys.stdout.flush()


def is_over(state: str, *numbers: int) -> bool:
    return state == "DONE"


def lines_of(bench: Bench, table: str, column: str, value: str) -> list[list[str]]:
    keys = bench.portal.ask(KEYS % table).split()
    return [["id", column], *([key, value % number] for number, key in enumerate(keys))]


def previewed(bench: Bench, table: str, column: str, value: str) -> str:
    lines = lines_of(bench, table, column, value)
    began = time.monotonic()
    change = bench.upload(table, lines)
    bench.wait(change, lambda state, *numbers: state == "READY", every=0.1)
    say(f"{len(lines) - 1:,} {table}s: preview ready after, s", f"{time.monotonic() - began:.1f}")
    taken = [bench.page(change, f"?state=WAITING&page={page}").elapsed.total_seconds() for page in (1, 2, 9999)]
    say("  its pages, s", ", ".join(f"{one:.2f}" for one in taken))
    return change


def applied_with_a_kill(bench: Bench, table: str, change: str) -> None:
    began, total = time.monotonic(), bench.stands(change)[3]
    bench.press(change, "apply")
    bench.wait(change, lambda state, waiting, done, total: done >= KILLED_AT * total)
    seconds = time.monotonic() - began
    bench.kill_worker()
    done = bench.stands(change)[2]
    say("  applied until the worker is killed, rows/s", f"{done / seconds:.0f} ({done:,} rows)")
    bench.start_worker()
    say("  goes on after, s", f"{bench.wait(change, lambda state, waiting, now, total: now > done):.0f}")
    say("  the rest is done after, s", f"{bench.wait(change, is_over):.0f}")
    rows, most = bench.portal.ask(ENTRIES % (change, table)).split()
    say("  rows with an entry, and most entries of a row", f"{rows} of {total}, {most}")


def undone(bench: Bench, change: str) -> None:
    began = time.monotonic()
    back = bench.press(change, "undo")
    bench.wait(back, is_over)
    say("  undone after, s", f"{time.monotonic() - began:.0f} ({bench.stands(back)[2]:,} rows)")


def beside(bench: Bench, change: str, seconds: float) -> None:
    """In turns, so that what else the machine does falls on both alike."""
    bench.exchanges(1)
    bench.press(change, "apply")
    pairs = []
    for _ in range(PAIRS):
        with_it, at = bench.exchanges(seconds), bench.stands(change)
        if at[0] != "WORKING":
            say("  it was over too soon: take more rows, or fewer SECONDS", at)
            break
        bench.press(change, "stop")
        time.sleep(1)
        alone = bench.exchanges(seconds)
        pairs.append((alone, with_it))
        bench.press(change, "go-on")
    told = ", ".join(f"{alone:.0f} -> {with_it:.0f}" for alone, with_it in pairs)
    ratio = median(with_it / alone for alone, with_it in pairs) if pairs else 0
    say("  exchanges/s alone -> beside it", f"{told}: {ratio:.2f}")
    bench.wait(change, is_over)


def main(engine: str = "postgres", accounts: str = "10000", applications: str = "2000", seconds: str = "5") -> None:
    sys.stdout.write(f"{engine}\n")
    files = {
        "account": ("contact_email", "desk-%d@example.com"),
        "application": ("support_contact", "help-%d@x.example"),
    }
    with ready(engine, int(accounts), int(applications)) as bench:
        for table, (column, value) in files.items():
            change = previewed(bench, table, column, value)
            applied_with_a_kill(bench, table, change)
            undone(bench, change)
        beside(bench, previewed(bench, "account", "contact_email", "other-%d@example.com"), float(seconds))
        bench.highest_mb.append(bench.memory("VmHWM") - bench.idle_mb)
        say("highest memory of the workers over idle, MB", ", ".join(f"{one:.0f}" for one in bench.highest_mb))


if __name__ == "__main__":
    main(*sys.argv[1:])
