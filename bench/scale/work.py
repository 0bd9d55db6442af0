"""What a portal does besides pages, on a filled database: exchanges, data calls, installations, deliveries, jobs."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from statistics import median

from bench.deliveries import sink, told_by
from bench.exchanges import LIMITS, session_tokens
from bench.flood import paced
from bench.load import Figures, drive, got, posted
from bench.scale import databases, names
from bench.scale.browsing import Browser, wait_until_pages_come
from bench.scale.cpu import Meter
from tests.kit.portal import ONE_OF_EACH, ROOT, Portal, serving

INSIDE = "from bench.scale import inside; inside.%s"
SECONDS = 5.0
INSTALLATIONS, DELIVERIES, APPLICATIONS = 400, 1_000, range(1, 13)
PATIENCE_SECONDS = 120
# Exchanges beside a job, each connection from an address.
A_SECOND, ADDRESSES = 50, ["127.0.0.1"] * 8
CALL = "/api/Inventory/GetStockLocations"
SETTINGS = {"OUTBOUND_ALLOW_HTTP": "true", "OUTBOUND_ALLOWED_NETWORKS": "127.0.0.0/8"}


@dataclass(frozen=True)
class Cost:
    """Milliseconds of each: of the clock the median and what 99 of 100 took at most; of the processor web and database
    together, 0 where others used the database too."""

    name: str
    wall: float
    slow: float
    cpu: float


@dataclass(frozen=True)
class Job:
    """Of the transactions that write, milliseconds: `held` is the longest, `usual` what 99 of 100 took at most,
    `held_cpu` the longest of the processor in one. `megabytes` is the most that the process had meanwhile."""

    name: str
    seconds: float
    statements: int
    transactions: int
    held: float
    usual: float
    held_cpu: float
    megabytes: float


def kept_at(engine: str, name: str) -> Path:
    return databases.FOLDER / f"{engine}-{name}-work.json"


def measure(engine: str, name: str, seconds: float = SECONDS) -> tuple[dict[str, Cost], dict[str, Job]]:
    """On a copy, which is gone afterwards: all of these write."""
    with databases.copied(engine, name) as env:
        # First: a portal that serves does them by itself.
        jobs = {row["name"]: Job(**row) for row in json.loads(inside(env, "run_jobs()"))}
        costs = {cost.name: cost for cost in of_requests(env, seconds)}
    both = {"costs": [asdict(cost) for cost in costs.values()], "jobs": [asdict(job) for job in jobs.values()]}
    kept_at(engine, name).write_text(json.dumps(both, indent=1))
    return costs, jobs


def read(engine: str, name: str) -> tuple[dict[str, Cost], dict[str, Job]]:
    kept = json.loads(kept_at(engine, name).read_text())
    return {row["name"]: Cost(**row) for row in kept["costs"]}, {row["name"]: Job(**row) for row in kept["jobs"]}


def inside(env: dict[str, str], call: str) -> str:
    return subprocess.run(shell(call), cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True, check=True).stdout


def shell(call: str) -> list[str]:
    return [sys.executable, "manage.py", "shell", "-v", "0", "-c", INSIDE % call]


def of_requests(env: dict[str, str], seconds: float) -> Iterator[Cost]:
    bodies = [json.dumps(row) for row in json.loads(inside(env, f"tell_credentials({INSTALLATIONS})"))]
    # First, while the worker has nothing else to do: the largest job, below, leaves it what is not done by its end.
    with serving(env | ONE_OF_EACH | SETTINGS) as portal, sink(0) as url:
        yield delivered(env, portal, url)
    with serving(env | ONE_OF_EACH | LIMITS | {"WEB_WORKERS": "1"}, "--web") as portal:
        wait_until_pages_come(portal.url)
        meter = Meter(portal.process.pid, env.get("DATABASE_URL", ""))
        exchanges = [posted(portal.port, body) for body in bodies]
        yield driven("an exchange", meter, portal, exchanges, seconds)
        calls = [got(portal.port, CALL, Authorization=token) for token in session_tokens(portal.port, bodies[:100])]
        yield driven("a data call", meter, portal, calls, seconds)
        yield installed(meter, portal)
        yield from beside_jobs(env, portal, exchanges, seconds)


def driven(name: str, meter: Meter, portal: Portal, wanted: list[bytes], seconds: float) -> Cost:
    drive(portal.port, wanted, seconds / 4)
    found: list[Figures] = []
    web, database = meter.spent(lambda: found.append(drive(portal.port, wanted, seconds)))
    of_each = (web + database) / len(found[0].latencies)
    return Cost(name, found[0].percentile(0.5), found[0].percentile(0.99), of_each)


def beside_jobs(env: dict[str, str], portal: Portal, wanted: list[bytes], seconds: float) -> Iterator[Cost]:
    """A few exchanges, evenly: alone, then while the largest job runs."""
    requests = cycle(wanted)

    def exchanged(seconds: float) -> list[float]:
        return paced(portal.port, requests, A_SECOND, seconds, ADDRESSES).latencies

    yield of_clock(f"an exchange, {A_SECOND} a second", exchanged(seconds))
    found: list[float] = []
    until = time.monotonic() + PATIENCE_SECONDS
    with subprocess.Popen(shell("count_and_tell()"), cwd=ROOT, env=env) as job:
        while job.poll() is None and time.monotonic() < until:
            found += exchanged(1)
        job.terminate()
    yield of_clock("the same, alongside counting and telling hours", found)


def of_clock(name: str, latencies: list[float]) -> Cost:
    taken = Figures(0, 0, latencies)
    return Cost(name, taken.percentile(0.5), taken.percentile(0.99), 0)


def installed(meter: Meter, portal: Portal) -> Cost:
    """The consent form of several applications, each sent once."""
    browser, slug = Browser(portal.url), names.SLUGS[2]
    browser.sign_in(names.PLAIN)
    taken: list[float] = []

    def install() -> None:
        for path, fields in forms:
            answer = browser.ask(path, fields)
            assert answer.status == 302, f"{path}: {answer.status}"
            taken.append(answer.milliseconds)

    forms = []
    for number in APPLICATIONS:
        path = f"/Authorization/Authorize/{names.key('a', number)}?account={slug}"
        if fields := browser.form(path):
            forms.append((path, fields | {"agreed": "on"}))
    web, database = meter.spent(install)
    return Cost("an installation", median(taken), max(taken), (web + database) / len(taken))


def delivered(env: dict[str, str], portal: Portal, url: str) -> Cost:
    """By the worker: from the first arrival to the last answer."""
    meter = Meter(portal.process.pid, env.get("DATABASE_URL", ""))

    def deliver() -> None:
        inside(env, f"put({DELIVERIES}, {url!r})")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while told_by(url).deliveries < DELIVERIES:
            assert time.monotonic() < deadline, f"{told_by(url).deliveries} of {DELIVERIES} deliveries arrived"
            time.sleep(0.1)

    web, database = meter.spent(deliver)
    each = 1000 * told_by(url).seconds / DELIVERIES
    return Cost("a delivery", each, each, (web + database) / DELIVERIES)
