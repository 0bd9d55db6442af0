"""All that /metrics tells: what this machine's processes have counted, and what the database, the queue and the program
say at the moment."""

import logging
import platform
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import django
from django.conf import settings
from django.db import Error, connection, transaction
from huey.contrib.djhuey import HUEY
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from installs.exchange import figures as exchange_figures
from installs.postbacks.metrics import of_postbacks
from linnapp import front_figures, page_figures, work_figures
from linnapp.figures import OfProcesses
from linnapp.jobs import AWAY
from linnapp.mail_metrics import of_mail

# Milliseconds for each statement: a monitor that waits for longer than some seconds has nothing.
PATIENCE = 2000
# They define what this process tells, also where it counts nothing of it itself.
DEFINED = (exchange_figures, front_figures, page_figures, work_figures)
log = logging.getLogger(__name__)


class OfTheMoment(Collector):
    """What was asked for one look."""

    def __init__(self, moment: Sequence[Metric]) -> None:
        self.moment = moment

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        return self.moment


def told_of(database: Sequence[Metric]) -> Iterator[Metric]:
    """What is away is told as that, and its figures are left out; the others stay."""
    yield about()
    yield GaugeMetricFamily(
        "linnapp_database_up", "Whether the database answered what is asked for this page.", bool(database)
    )
    yield from database


def asked() -> list[Metric]:
    """Empty where the database is away, or takes too long."""
    try:
        with patience():
            return [*of_postbacks(), *of_mail()]
    except Error as error:
        log.warning("The database told nothing for /metrics: %s", error)
        return []


@contextmanager
def patience() -> Iterator[None]:
    """Statements end on PostgreSQL; in SQLite a transaction would be the one that writes, and none is begun."""
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {PATIENCE}")
        yield


def of_the_queue() -> Iterator[Metric]:
    waiting = None
    try:
        waiting = HUEY.pending_count()
    except AWAY as error:
        log.warning("The job queue told nothing for /metrics: %s", type(error).__name__)
    yield GaugeMetricFamily("linnapp_queue_up", "Whether the job queue answered.", waiting is not None)
    if waiting is not None:
        yield GaugeMetricFamily("linnapp_queue_jobs", "Jobs in the queue that no worker has taken.", waiting)


def about() -> Metric:
    said = {
        "version": version(),
        "python": platform.python_version(),
        "django": django.__version__,
        "database": connection.vendor,
    }
    return InfoMetricFamily("linnapp", "The program and what it runs on.", said)


@cache
def version() -> str:
    """The newest of CHANGELOG.md, empty where that was left out."""
    try:
        text = (settings.BASE_DIR / "CHANGELOG.md").read_text()
    except OSError:
        return ""
    found = re.search(r"^## (.+)$", text, re.MULTILINE)
    return found[1].strip().lower() if found else ""


def as_text() -> bytes:
    return written([*told_of(asked()), *of_the_queue()])


def of_processes() -> bytes:
    return written([])


def written(moment: Sequence[Metric]) -> bytes:
    registry = CollectorRegistry()
    registry.register(OfTheMoment(moment))
    registry.register(OfProcesses())
    return generate_latest(registry)
