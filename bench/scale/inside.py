"""What is read and done inside the portal that is measured, in its `manage.py shell`."""

import gc
import json
import sys
import time
from itertools import cycle, islice
from pathlib import Path
from uuid import UUID

from django.db import connection

from bench.locked_work import Watch, periodic, watched
from bench.postbacks import owed
from bench.scale import names
from installs.models import Delivery, Installation, PermanentToken
from installs.postbacks import courier

# Starts the count of the most memory that a process had.
FORGET_PEAK = "5"


def tell_credentials(number: int) -> None:
    """Bodies of exchanges of so many installations that are active, of as many applications as there are."""
    numbers = {UUID(names.key("a", n)): n for n in range(names.APPLICATIONS_AT_MOST)}
    step = max(1, PermanentToken.objects.order_by("-pk").values_list("pk", flat=True)[0] // (2 * number))
    keys = range(1, step * 2 * number, step)
    rows = Installation.objects.active().filter(permanent_tokens__in=keys).order_by("permanent_tokens__pk")
    found = rows.values_list("permanent_tokens__pk", "application_id")
    bodies = [
        {
            "ApplicationId": str(application),
            "ApplicationSecret": names.key("s", numbers[application]),
            "Token": names.key("t", token - 1),
        }
        for token, application in islice(found, number)
    ]
    json.dump(bodies, sys.stdout)


def put(count: int, url: str) -> None:
    """So many deliveries that are due, and the job that wakes the worker."""
    rows = Installation.objects.active().filter(application_id=names.key("a", 0)).select_related("application")
    Delivery.objects.bulk_create(owed(row, url) for row in islice(cycle(rows[:count]), count))
    courier.wake()


def run_jobs() -> None:
    """Each periodic job once, as a worker does: JSON of a name and its seconds, the longest that a transaction which
    writes was open, in milliseconds of the clock and of the processor, and the most memory meanwhile, in MB."""
    gc.collect()
    gc.freeze()
    told = []
    for name, work in periodic():
        Path("/proc/self/clear_refs").write_text(FORGET_PEAK)
        began = time.perf_counter()
        with watched(connection) as watch:
            work()
        seconds = time.perf_counter() - began
        wall, processor = longest(watch)
        told.append([name, seconds, wall, processor, peak_megabytes()])
        sys.stderr.write(f"{name}: {seconds:.1f} s, {wall:.1f} ms, {peak_megabytes():.0f} MB\n")
    json.dump(told, sys.stdout)


def longest(watch: Watch) -> tuple[float, float]:
    held = watch.held or [(0.0, 0.0)]
    return max(wall for wall, _ in held), max(own for _, own in held)


def peak_megabytes() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
