"""What is read and done inside the portal that is measured, in its `manage.py shell`."""

import gc
import json
import sys
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from uuid import UUID

from django.db import connection
from django.utils import timezone

from bench.locked_work import periodic, watched
from bench.postbacks import owed
from bench.scale import names
from installs.exchange import hours
from installs.models import Delivery, ExchangeHour, Installation, PermanentToken
from installs.models.claiming import groups_due
from installs.postbacks import courier
from linnapp import export_files
from linnapp.services import erasing, typed

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
    """Each periodic job once, as a worker does: JSON of `bench.scale.work.Job`, one for each."""
    begin_anew()
    gc.collect()
    gc.freeze()
    json.dump([ran(name, work) for name, work in (*periodic(), *looks())], sys.stdout)


def count_and_tell() -> None:
    """The largest of them alone, once more."""
    begin_anew()
    hours.fold()
    hours.tell_timeline()


def begin_anew() -> None:
    """The last two hours and the one that runs are to be counted, and told where they are over."""
    hour = hours.hour_of(timezone.now())
    last = ExchangeHour.objects.filter(hour__gte=hour)
    last._raw_delete(using=last.db)
    # The hour before the newest one is counted again.
    row = Installation.objects.active()[0]
    facts = {"application_id": row.application_id, "told": True}
    ExchangeHour.objects.update_or_create(installation=row, hour=hour - hours.HOUR, defaults=facts)


def looks() -> Iterator[tuple[str, Callable[[], object]]]:
    """What a worker asks every minute, or every half second, where nothing is to do."""
    yield "export files that a lost job left", export_files.take_up
    yield "people who are to be erased", erasing.take_up
    yield "forms that were kept", typed.drop_over
    yield "a look for postbacks that are due", lambda: groups_due(timezone.now())


def ran(name: str, work: Callable[[], object]) -> dict[str, float | str]:
    Path("/proc/self/clear_refs").write_text(FORGET_PEAK)
    began = time.perf_counter()
    with watched(connection) as watch:
        work()
    seconds = time.perf_counter() - began
    walls = sorted(wall for wall, _ in watch.held) or [0.0]
    job: dict[str, float | str] = {
        "name": name,
        "seconds": seconds,
        "statements": watch.statements,
        "transactions": len(watch.held),
        "held": walls[-1],
        "usual": walls[int(0.99 * (len(walls) - 1))],
        "held_cpu": max((own for _, own in watch.held), default=0.0),
        "megabytes": peak_megabytes(),
    }
    sys.stderr.write(f"{', '.join(f'{key} {value:.1f}' if key != 'name' else name for key, value in job.items())}\n")
    return job


def peak_megabytes() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
