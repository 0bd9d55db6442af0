"""A backup as a file: what is in it, and the same with something else in it."""

import json
import zipfile
from pathlib import Path
from typing import Any


def rewritten(file: Path, **members: bytes) -> None:
    """The same archive with other bytes of some tables, as a program writes it and no accident."""
    with zipfile.ZipFile(file) as old:
        found = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(file, "w") as new:
        for name, content in found.items():
            new.writestr(name, members.get(name.removeprefix("tables/").removesuffix(".json"), content))


def lines_of(file: Path, table: str) -> list[bytes]:
    with zipfile.ZipFile(file) as found:
        return found.read(f"tables/{table}").splitlines(keepends=True)


def about(file: Path) -> dict[str, Any]:
    with zipfile.ZipFile(file) as found:
        told: dict[str, Any] = json.loads(found.read("backup.json"))
    return told
