"""A `.env` without one of its keys: which one is said, and the command that adds it makes the portal start."""

import os
from pathlib import Path

import pytest

from linnapp import first_env
from tests.configuration.conftest import KEYS, Start
from tests.configuration.test_env_file import refused

NAMES = list(first_env.MADE)


def without(name: str) -> str:
    return "".join(line for line in KEYS.splitlines(keepends=True) if not line.startswith(f"{name}="))


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(first_env, "ENV_FILE", tmp_path / ".env")
    return tmp_path / ".env"


@pytest.mark.parametrize("name", NAMES)
def test_the_start_says_which_key_is_missing_and_the_command_that_adds_it(
    name: str, file: Path, start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    told = refused(start("check", file=without(name)).printed)
    assert told.startswith(f"{name} is not set. If this portal has run before, copy it from a backup of ")
    assert f"`python -m linnapp.first_env --key {name} >> " in told
    assert first_env.main(["--key", name]) == 0
    # As `>>` does, also behind a last line without an end.
    assert start("check", file=without(name).rstrip("\n") + capsys.readouterr().out).code == 0


@pytest.mark.parametrize("name", NAMES)
def test_first_env_says_it_too_and_leaves_the_file_as_it_is(
    name: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(without(name))
    assert first_env.main() == 1
    told = capsys.readouterr().out
    assert "There is a .env already, which was kept. The portal does not start with it." in told
    assert f"{name} is missing from it." in told
    assert f"`python -m linnapp.first_env --key {name} >> .env` adds a new one." in told
    assert [other for other in NAMES if f"{other} is missing" in told] == [name]
    assert file.read_text() == without(name)


def test_a_key_that_is_empty_is_missing_and_one_in_the_environment_is_not(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(f"{without('DIGEST_KEY')}DIGEST_KEY=\n")
    assert first_env.main() == 1
    assert "DIGEST_KEY is missing from it." in capsys.readouterr().out
    monkeypatch.setitem(os.environ, "DIGEST_KEY", "given")
    assert first_env.main() == 0


def test_without_a_file_the_start_says_what_writes_one(start: Start, tmp_path: Path) -> None:
    told = refused(start("check", ENV_FILE=str(tmp_path / "nowhere")).printed)
    assert told == "SECRET_KEY is not set. `python -m linnapp.first_env` writes a `.env` with fresh keys."


def test_a_file_that_cannot_be_read_is_said_by_its_line(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("SECRET_KEY = mine\n")
    assert first_env.main() == 1
    assert "Line 1 of .env cannot be read." in capsys.readouterr().out
