"""How long each page and each search takes on a filled database, signed in, through HTTP."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bench.scale import databases
from bench.scale.browsing import Answer, Browser, wait_until_pages_come
from bench.scale.cpu import Meter
from bench.scale.names import FACTORS, PEOPLE
from tests.kit.portal import ONE_OF_EACH, ROOT, serving

ROUNDS, WARM_UPS = 9, 2
# A page that takes longer is asked less often.
SECONDS_A_PAGE, FEWEST = 4.0, 3
# Of the links from a list to itself: so many different filters and sorts are timed.
MOST_LINKS, OF_A_KIND = 16, 2
KEY = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}|after=|before=|[?&]p=|_popup|facets")
TELL = "from bench.scale import addresses; addresses.tell()"


@dataclass(frozen=True)
class Time:
    """Milliseconds and bytes of one page; `status` alone where it gave no page. `of` is the name of the list whose link
    led there: one of its filters or sorts."""

    name: str
    path: str
    status: int
    wall: float = 0.0
    web: float = 0.0
    database: float = 0.0
    html: int = 0
    wire: int = 0
    rounds: int = 0
    of: str = ""

    @property
    def cpu(self) -> float:
        return self.web + self.database


@dataclass(frozen=True)
class Asked:
    name: str
    who: str
    path: str
    fields: dict[str, str] | None
    as_part: bool
    of: str = ""


class Timer:
    """People who are signed in at one portal, each in a browser of their own."""

    def __init__(self, url: str, meter: Meter, rounds: int) -> None:
        self.meter, self.rounds = meter, rounds
        self.browsers = {}
        wait_until_pages_come(url)
        for person in PEOPLE:
            self.browsers[person] = Browser(url)
            self.browsers[person].sign_in(person, FACTORS.get(person, ""))

    def asked(self, visit: dict[str, Any]) -> Iterator[Asked]:
        """What a visit asks for; of a list also its other filters and sorts."""
        browser = self.browsers[visit["who"]]
        path = browser.far_on(visit["path"], visit["deep"]) if visit["deep"] else visit["path"]
        fields = browser.filled(path, visit["fields"]) if visit["fields"] else None
        first = Asked(visit["name"], visit["who"], path, fields, visit["as_part"])
        yield first
        if visit["lists"]:
            for link in various(browser.links(path, path)):
                yield replace(first, name=f"{first.name}, {link.partition('?')[2]}", path=link, of=first.name)

    def time(self, asked: Asked) -> Time:
        browser, answers = self.browsers[asked.who], list[Answer]()

        def ask() -> Answer:
            return browser.ask(asked.path, asked.fields, as_part=asked.as_part)

        def ask_again() -> None:
            while len(answers) < self.rounds:
                answers.append(ask())
                taken = sum(one.milliseconds for one in answers) / 1000
                if taken > SECONDS_A_PAGE and (len(answers) >= FEWEST or taken > FEWEST * SECONDS_A_PAGE):
                    return

        first = ask()
        if first.status not in ((200, 302) if asked.fields or asked.path == "/" else (200,)):
            return Time(asked.name, asked.path, first.status)
        if first.milliseconds < 1000 * SECONDS_A_PAGE:
            for _ in range(WARM_UPS - 1):
                ask()
        web, database = self.meter.spent(ask_again)
        last, many = answers[-1], len(answers)
        return Time(
            asked.name, asked.path, last.status, round(median(one.milliseconds for one in answers), 1),
            round(web / many, 1), round(database / many, 1), len(last.text.encode()), last.wire, many, asked.of,
        )  # fmt: skip


def various(links: list[str]) -> list[str]:
    """Of the links from a list to itself two of each kind of question, such as `?sort=`; none that names a row."""
    kinds = Counter[tuple[str, ...]]()
    found = []
    for link in dict.fromkeys(links):
        kind = tuple(sorted(parse_qs(urlsplit(link).query)))
        kinds[kind] += 1
        if kind and kinds[kind] <= OF_A_KIND and not KEY.search(link):
            found.append(link)
    return found[:MOST_LINKS]


@contextmanager
def timer(env: dict[str, str], rounds: int) -> Iterator[Timer]:
    with serving(env | ONE_OF_EACH, "--web") as portal:
        yield Timer(portal.url, Meter(portal.process.pid, env.get("DATABASE_URL", "")), rounds)


def visits(env: dict[str, str]) -> list[dict[str, Any]]:
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", TELL]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def kept_at(engine: str, name: str) -> Path:
    """Where the times of a database are kept, for a table of two."""
    return databases.FOLDER / f"{engine}-{name}.json"


def measure(engine: str, name: str, only: str = "", rounds: int = ROUNDS, *, lists: bool = True) -> dict[str, Time]:
    """The time of each page by its name, those whose name `only` is found in; kept beside what was kept before."""
    env, kept = databases.ready(engine, name), kept_at(engine, name)
    times = read(engine, name) if only else {}
    with timer(env, rounds) as clock:
        for visit in visits(env):
            if not re.search(only, visit["name"]):
                continue
            for asked in clock.asked(visit if lists else visit | {"lists": False}):
                time = clock.time(asked)
                times[time.name] = time
                sys.stderr.write(f"{line(time)}\n")
    kept.write_text(json.dumps([asdict(time) for time in times.values()], indent=1))
    return times


def read(engine: str, name: str) -> dict[str, Time]:
    kept = kept_at(engine, name)
    return {row["name"]: Time(**row) for row in json.loads(kept.read_text())} if kept.exists() else {}


def line(time: Time) -> str:
    if not time.rounds:
        return f"{time.name}: {time.status}, not timed"
    return (
        f"{time.name:60.60s} {time.wall:8.1f} ms, web {time.web:6.1f}, database {time.database:7.1f}; "
        f"{time.html:,} B, {time.wire:,} on the wire"
    )
