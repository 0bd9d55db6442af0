"""What the tests stand on: things made once a run, Python inside a portal, work done beside the tests."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.kit import shared
from tests.kit.inside import Inside
from tests.kit.portal import ROOT, environment


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINNAPP_TESTS_DIR", str(tmp_path))


@pytest.mark.usefixtures("own_folder")
def test_a_thing_is_made_once_and_what_failed_is_made_again() -> None:
    made: list[Path] = []

    def make(path: Path) -> None:
        path.mkdir()
        made.append(path)
        if len(made) == 1:
            raise OSError("The disk is full.")

    with pytest.raises(OSError, match="The disk is full"):
        shared.once("thing", make)
    assert shared.once("thing", make) == shared.once("thing", make)
    assert shared.once("thing", make).is_dir()
    assert len(made) == 2


@pytest.fixture
def inside(tmp_path: Path, empty_state: Path) -> Iterator[Inside]:
    state = shutil.copytree(empty_state, tmp_path / "state")
    with closing(Inside(environment(state, DEMO="false"))) as inside:
        yield inside


def test_python_inside_a_portal_answers_and_tells_what_failed(inside: Inside) -> None:
    assert inside.ask("from linnapp.models import User; print(User.objects.count())") == "0\n"
    for wrong in ("1 / 0", "import sys; sys.exit('This cannot be.')"):
        with pytest.raises(AssertionError, match=r"ZeroDivisionError|SystemExit: This cannot be\."):
            inside.ask(wrong)
    # Each question begins anew, and the process is still the same.
    with pytest.raises(AssertionError, match="NameError"):
        inside.ask("print(User)")
    assert inside.ask("print('here')") == "here\n"


def test_how_work_beside_the_tests_ended_is_noted(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.kit.ahead", str(tmp_path), "tests.drill", "none", "at all"]
    subprocess.run(command, cwd=ROOT, timeout=60, check=True)
    assert (tmp_path / "code").read_text() == "1"
    assert "ValueError: invalid literal for int()" in (tmp_path / "printed").read_text()
