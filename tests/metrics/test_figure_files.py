"""How the files of processes that are gone become those of the past."""

import json
import os
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import mmap_dict
from pytest_django.fixtures import Settings

from linnapp import figure_files

KEY = json.dumps(["linnapp_a", "linnapp_a_total", {"of": "é"}, "A."])
dict_in: Any = mmap_dict.MmapedDict


class Killed(BaseException):
    """Nothing that is written after it is reached."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.STATE_DIR = tmp_path
    figure_files.folder().mkdir()
    return figure_files.folder()


def gone(value: float = 1.0, kind: str = "counter", keys: int = 1) -> None:
    """What a process leaves behind."""
    name = uuid4().hex
    (figure_files.folder() / f"{name}.lock").touch()
    for each, size in figure_files.SIZES.items():
        file = figure_files.folder() / f"{each}_{name}.db"
        figure_files.take_room(file, size)
        written = dict_in(str(file))
        for number in range(keys if each == kind else 0):
            written.write_value(KEY.replace("A.", f"A{number or ''}."), value, 0.0)
        written.close()


def past(kind: str = "counter") -> dict[str, float]:
    read = dict_in.read_all_values_from_file(str(figure_files.folder() / f"{kind}_past.db"))
    return {key: value for key, value, _, _ in read}


def test_the_past_does_not_grow_with_the_processes_that_ended(folder: Path) -> None:
    sizes = []
    for _ in range(10):
        gone()
        figure_files.fold()
        sizes.append(sum(file.stat().st_blocks * 512 for file in folder.iterdir()))
    assert past() == {KEY: 10.0}
    assert set(sizes) == {sizes[0]}
    assert sizes[0] < 64 * 1024


def test_a_past_that_has_grown_before_is_small_after_the_next_process(folder: Path) -> None:
    gone()
    figure_files.fold()
    figure_files.take_room(folder / "counter_past.db", 20 * 1024 * 1024)
    gone()
    figure_files.fold()
    assert (folder / "counter_past.db").stat().st_size < 64 * 1024
    assert past() == {KEY: 2.0}


def test_as_many_keys_as_there_are_fit(folder: Path) -> None:
    gone(keys=700)
    figure_files.fold()
    size = (folder / "counter_past.db").stat().st_size
    gone(keys=700)
    figure_files.fold()
    assert len(past()) == 700
    assert set(past().values()) == {2.0}
    # Counted right: the library doubles a file that is too small.
    assert (folder / "counter_past.db").stat().st_size == size < 80 * 1024


def killed_after(steps: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Folds, and is killed before that many steps that change the folder; whether it got so far."""
    left = iter(range(steps))

    def one_of(does: Callable[..., Any]) -> Callable[..., Any]:
        def step(*of: Any, **more: Any) -> Any:
            if next(left, None) is None:
                raise Killed
            return does(*of, **more)

        return step

    with monkeypatch.context() as patched:
        for owner, name in ((os, "replace"), (Path, "unlink"), (Path, "write_text")):
            patched.setattr(owner, name, one_of(getattr(owner, name)))
        try:
            figure_files.fold()
        except Killed:
            return True
    return False


def test_whoever_is_killed_while_folding_leaves_nothing_that_counts_twice_or_is_lost(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for steps in count():
        settings.STATE_DIR = tmp_path / str(steps)
        figure_files.folder().mkdir(parents=True)
        gone(3.0)
        gone(4.0)
        gone(100.0, "histogram")
        is_killed = killed_after(steps, monkeypatch)
        figure_files.fold()
        assert (past(), past("histogram")) == ({KEY: 7.0}, {KEY: 100.0}), steps
        assert {file.suffix for file in figure_files.folder().iterdir()} == {".db"}
        if not is_killed:
            break
    assert steps > 20


def test_a_moment_that_lies_ahead_is_forgotten_when_its_process_is_gone() -> None:
    now = time.time()
    gone(now + 86400, "gauge_max")
    gone(now - 10, "gauge_max")
    figure_files.fold()
    assert past("gauge_max") == {KEY: now - 10}


def test_a_lock_that_another_holds_is_waited_for_so_long_and_no_longer() -> None:
    with figure_files.alone(0.0):
        began = time.monotonic()
        with pytest.raises(TimeoutError), figure_files.alone(0.2):
            pass
        assert 0.2 <= time.monotonic() - began < 2
    with figure_files.alone(0.0):
        pass
