"""A backup of the demo data, and a place to put it."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from linnapp import env_file
from tests.kit.portal import environment, manage


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory, prepared_state: Path) -> Path:
    """A backup of the demo data, with the `.env` beside it. Not to be changed."""
    state = tmp_path_factory.mktemp("backups") / "state"
    shutil.copytree(prepared_state, state)
    manage(environment(state, DEMO="true"), "backup", str(state / "portal.zip"))
    return state / "portal.zip"


@pytest.fixture
def file(taken: Path, tmp_path: Path, settings: Any) -> Path:
    """A copy of it, and its keys."""
    written = env_file.read(taken.parent / ".env", ".env")
    settings.CREDENTIAL_KEYS = written["CREDENTIAL_KEYS"].value.split(",")
    settings.DIGEST_KEY = written["DIGEST_KEY"].value
    return Path(shutil.copy(taken, tmp_path / "portal.zip"))


@pytest.fixture
def prepared_place(taken: Path, tmp_path: Path, empty_state: Path) -> dict[str, str]:
    """Tables without people, and the keys of the backup."""
    shutil.copytree(empty_state, tmp_path / "state")
    shutil.copy(taken.parent / ".env", tmp_path / "state" / ".env")
    return environment(tmp_path / "state", DEMO="false")
