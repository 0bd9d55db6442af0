"""docs/testing.md says what is there: its folders, its markers, its commands."""

import re
import tomllib

from tests.kit.portal import ROOT

PAGE = (ROOT / "docs/testing.md").read_text()
NAMED = re.findall(r"`([^`]+)`", PAGE)


def test_its_paths_exist() -> None:
    paths = {name for name in NAMED if re.fullmatch(r"(tests|docs|\.ci)/[\w./]+", name)}
    assert len(paths) > 10
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


def test_every_folder_of_tests_is_named() -> None:
    wings = {path.parent.name for path in ROOT.glob("installs/*/__init__.py")}
    folders = {path.name for path in ROOT.glob("tests/*") if path.is_dir() and path.name != "__pycache__"}
    assert [name for name in sorted(folders - wings) if f"tests/{name}/" not in NAMED] == []


def test_every_marker_is_named() -> None:
    markers = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["markers"]
    names = {re.split(r"[(:]", marker)[0] for marker in markers}
    assert [name for name in sorted(names) if not re.search(rf"`(@pytest\.mark\.)?{name}\b", PAGE)] == []


def test_its_commands_are_targets_of_the_makefile() -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    commands = set(re.findall(r"\bmake (\w+)", PAGE))
    assert commands >= {"test", "drill", "mutants"}
    assert commands <= set(targets)
