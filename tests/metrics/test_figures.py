"""Figures of processes, each of which is a Python of its own with a folder that they share."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import ResolverMatch
from prometheus_client.mmap_dict import mmap_key

from installs.exchange.endpoints import SERVED
from installs.metrics import text
from linnapp import figure_files, figures, page_figures
from tests.architecture.rules import WINGS
from tests.kit.portal import ROOT
from tests.metrics.reading import Figures, figures_in

COUNTS = """
import django; django.setup()
from linnapp import figures, work_figures
from prometheus_client import CollectorRegistry, generate_latest
def say():
    registry = CollectorRegistry(); registry.register(figures.OfProcesses())
    print(generate_latest(registry).decode())
"""
LINES = "linnapp_log_lines_total error"


def python(state: Path, code: str) -> subprocess.CompletedProcess[str]:
    """A process that has counted and is gone."""
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings", "LINNAPP_TESTS_DIR": str(state)}
    # That of the tests themselves has a folder of its own.
    env.pop("PYTEST_XDIST_WORKER", None)
    return subprocess.run(
        [sys.executable, "-c", COUNTS + code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=True
    )


def said(state: Path, code: str = "") -> Figures:
    return figures_in(python(state, f"{code}\nsay()").stdout)


def folder(state: Path) -> Path:
    return state / "main" / "figures"


def test_what_processes_counted_that_are_gone_is_kept_in_one_file_of_each_kind(tmp_path: Path) -> None:
    for _ in range(3):
        python(tmp_path, "figures.LOG_LINES.labels('error').inc(2)")
    assert said(tmp_path)[LINES] == 6
    # The last one began no file of its own: it has counted nothing.
    assert sorted(file.name for file in folder(tmp_path).iterdir()) == [
        "alone",
        "counter_past.db",
        "gauge_max_past.db",
        "histogram_past.db",
    ]


def test_a_gauge_is_that_of_those_that_run_and_a_moment_the_latest_of_all(tmp_path: Path) -> None:
    python(tmp_path, "figures.begin('web'); work_figures.LAST_SUCCESS.labels('a.job').set(2000)")
    seen = said(tmp_path, "figures.begin('web'); work_figures.LAST_SUCCESS.labels('a.job').set(1000)")
    assert seen["linnapp_processes web"] == 1
    assert seen["linnapp_job_last_success_timestamp_seconds a.job"] == 2000


def test_the_clock_is_told_by_its_own_jobs_that_end_well_while_its_worker_runs(tmp_path: Path) -> None:
    """Jobs of the queue end well beside a clock that stands."""
    name = "linnapp_clock_last_success_timestamp_seconds"
    fails = """
from contextlib import suppress
with work_figures.counted('a.job'): pass
with suppress(ValueError), work_figures.counted_by_the_clock('b.job'): raise ValueError
"""
    assert name not in said(tmp_path, fails)
    ends_well = "with work_figures.counted_by_the_clock('b.job'): pass"
    assert said(tmp_path, ends_well)[name] > 1_000_000_000
    assert name not in said(tmp_path)


def test_a_part_is_up_where_all_web_processes_that_run_say_so(tmp_path: Path) -> None:
    python(tmp_path, "from linnapp import front_figures; front_figures.tell_part('cache', is_up=False)")
    code = """
import os, signal
from linnapp import front_figures
reads, writes = os.pipe()
if not (other := os.fork()):
    front_figures.tell_part('disk', is_up=False); front_figures.tell_part('cache', is_up=True)
    os.write(writes, b'1'); signal.pause()
os.read(reads, 1)
front_figures.tell_part('disk', is_up=True); front_figures.tell_part('cache', is_up=True)
say()
os.kill(other, signal.SIGKILL)
"""
    seen = figures_in(python(tmp_path, code).stdout)
    assert (seen["linnapp_part_up disk"], seen["linnapp_part_up cache"]) == (0, 1)


def test_a_process_that_was_forked_counts_apart_and_is_part_of_the_sum(tmp_path: Path) -> None:
    forked = """
import os
figures.LOG_LINES.labels('error').inc()
if not os.fork():
    figures.LOG_LINES.labels('error').inc(10); os._exit(0)
os.wait()
figures.LOG_LINES.labels('error').inc(100)
"""
    assert said(tmp_path, forked)[LINES] == 111


def test_a_metric_that_is_no_more_is_not_told_when_its_process_is_gone(tmp_path: Path) -> None:
    python(tmp_path, "from prometheus_client import Counter; Counter('linnapp_old', 'Old.', registry=None).inc()")
    assert "linnapp_old_total" not in said(tmp_path)


def test_a_damaged_file_costs_its_own_figures_only(tmp_path: Path) -> None:
    python(tmp_path, "figures.LOG_LINES.labels('error').inc()")
    (damaged,) = folder(tmp_path).glob("counter_*.db")
    damaged.write_bytes(b"\x40\x00\x00\x00" + b"\xff" * 60)
    assert said(tmp_path, "figures.LOG_LINES.labels('error').inc(5)")[LINES] == 5


def test_a_folder_that_cannot_be_written_is_told_once_and_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "main").mkdir()
    folder(tmp_path).write_text("in the way")
    done = python(tmp_path, "for _ in range(5): figures.LOG_LINES.labels('error').inc()\nprint('goes on')")
    assert "goes on" in done.stdout
    assert done.stderr.count("cannot be written") == 1


def test_on_a_full_disk_what_processes_counted_is_summed_where_it_lies(tmp_path: Path) -> None:
    for _ in range(2):
        python(tmp_path, "figures.LOG_LINES.labels('error').inc(2)")
    full = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (16, resource.RLIM_INFINITY))"
    assert said(tmp_path, full)[LINES] == 4
    assert said(tmp_path)[LINES] == 4


def test_a_process_that_begins_on_a_full_disk_tries_once_and_leaves_no_file(tmp_path: Path) -> None:
    """Else the disk would be full of what was begun, also where it has room again."""
    code = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (16, resource.RLIM_INFINITY))
begun = []
take_room = figures.take_room
figures.take_room = lambda *of: (begun.append(of), take_room(*of))
for _ in range(20): figures.LOG_LINES.labels('error').inc()
print('tried', len(begun))
"""
    done = python(tmp_path, code)
    assert "tried 1\n" in done.stdout
    assert done.stderr.count("cannot be written") == 1
    assert [file.name for file in folder(tmp_path).iterdir()] == ["alone"]


def test_once_there_is_room_again_a_process_counts_without_being_started_anew(tmp_path: Path) -> None:
    code = """
import resource
figures.SAID_EVERY = 0.0
resource.setrlimit(resource.RLIMIT_FSIZE, (16, resource.RLIM_INFINITY))
figures.LOG_LINES.labels('error').inc()
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
figures.LOG_LINES.labels('error').inc(3)
"""
    assert said(tmp_path, code)[LINES] == 3


def test_whoever_counts_waits_for_its_turn_at_its_start_alone(tmp_path: Path) -> None:
    """Later that would be the loop of a web process, which answers everybody."""
    code = """
import fcntl, time
figures.BEGINS_WITHIN, figures.SAID_EVERY = 0.3, 0.0
figures.folder().mkdir(parents=True)
held = open(figures.folder() / 'alone', 'w')
fcntl.flock(held, fcntl.LOCK_EX)
for _ in range(2):
    began = time.monotonic()
    figures.LOG_LINES.labels('error').inc()
    print('waited', time.monotonic() - began >= 0.3)
"""
    assert python(tmp_path, code).stdout == "waited True\nwaited False\n"


def test_the_first_figures_of_a_folder_write_nothing_into_the_log(tmp_path: Path) -> None:
    for _ in range(2):
        assert python(tmp_path, "figures.LOG_LINES.labels('error').inc()").stderr == ""


def test_what_counted_nothing_is_told_as_0_where_its_labels_are_known(tmp_path: Path) -> None:
    code = "import installs.exchange.figures"
    seen = said(tmp_path, code)
    assert seen == said(tmp_path, code)
    assert "linnapp_refusals_total exchange unproven" in seen
    assert set(seen.values()) == {0.0}


def test_a_database_s_error_in_the_log_is_counted_by_where_it_was_met(tmp_path: Path) -> None:
    code = """
import logging
from django.db import OperationalError
error = OperationalError('away')
logging.getLogger('installs.exchange.steps').error('The database does not answer: %s', error)
logging.getLogger('django.request').error('broke', exc_info=error)
logging.getLogger('linnapp.crews').error('broke', exc_info=ValueError())
"""
    seen = said(tmp_path, code)
    told = {where: seen[f"linnapp_database_errors_total {where}"] for where in ("exchange", "page", "front", "job")}
    assert told == {"exchange": 1, "page": 1, "front": 0, "job": 0}
    assert seen[LINES] == 3


# What labels there are.

PARTS = {*WINGS, page_figures.ADMIN, page_figures.PEOPLE, page_figures.REGISTRY, page_figures.NO_PAGE}
STATUSES = ["2xx", "3xx", "4xx", "5xx"]
OUTCOMES = ["answered", "refused", "throttled", "unavailable", "broken", "hung_up"]


def patterns(of: Sequence[URLPattern | URLResolver], apps: list[str]) -> Iterator[tuple[URLPattern, list[str]]]:
    for pattern in of:
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern.url_patterns, [*apps, *([pattern.app_name] if pattern.app_name else [])])
        else:
            yield pattern, apps


def test_every_page_is_of_one_of_a_few_parts() -> None:
    parts = {
        page_figures.part_of(ResolverMatch(pattern.callback, (), {}, app_names=[*apps]))
        for pattern, apps in patterns(get_resolver().url_patterns, [])
    }
    assert parts <= PARTS
    assert {"admin", "people", "registry", "store", "postbacks"} <= parts
    assert page_figures.part_of(None) == "no_page"


def test_all_labels_there_may_be_fit_into_the_file_of_a_process() -> None:
    """Past it the file would grow on a disk that may be full."""
    labels: dict[str, list[dict[str, str]]] = {
        "linnapp_exchange_duration_seconds": combined(outcome=OUTCOMES),
        "linnapp_call_duration_seconds": combined(call=[*SERVED, "stand_in", "not_served"], outcome=OUTCOMES),
        "linnapp_page_duration_seconds": combined(part=sorted(PARTS), status=STATUSES),
        "linnapp_front_page_duration_seconds": combined(status=STATUSES),
    }
    assert text.DEFINED
    assert labels.keys() == {name for name, (metric, _) in figures._defined.items() if metric.type == "histogram"}
    size = 0
    for name, of in labels.items():
        words = figures._defined[name][0].documentation
        for each, bound in product(of, [*map(str, figures.SECONDS), "+Inf", "sum"]):
            key = mmap_key(name, f"{name}_bucket", [*each, "le"], [*each.values(), bound], words)
            size += len(key) + 4 + 8 + 16
    assert size < figure_files.SIZES["histogram"]
    assert len(json.dumps([combined for _, combined in figures._defined.values()])) < figure_files.SIZES["counter"]


def combined(**labels: Sequence[str]) -> list[dict[str, str]]:
    return [dict(zip(labels, of, strict=True)) for of in product(*labels.values())]


@pytest.mark.parametrize("path", ["/sign-in/", "/static/none.css"])
@pytest.mark.django_db
def test_no_path_is_a_label(path: str, client: Client) -> None:
    client.get(path)
    told = [sample.labels for metric in figures.OfProcesses().collect() for sample in metric.samples]
    assert told
    assert not [labels for labels in told if any(value.startswith("/") for value in labels.values())]
