"""Stand-in answers: files that answer data calls just as they are, for tests of client programs. protocol.md section 7.

`Stock/GetStockItemsFull.json` in the folder of STAND_IN_ANSWERS answers `/api/Stock/GetStockItemsFull`. All files are
read with the settings, so a bad one stops the start and no call meets it; a process has what was there when it began.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from django.core.exceptions import ImproperlyConfigured

# The folder that comes with the portal, by this word in place of its path.
SHIPPED = "shipped"
SHIPPED_FOLDER = Path(__file__).with_name("stand_in_answers")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*/[A-Za-z][A-Za-z0-9_]*\.json")
MOST_BYTES = 1024 * 1024
MOST_FILES = 500
SLASHES = re.compile("/{2,}")


@dataclass(frozen=True)
class StandInAnswer:
    """`call` is spelled as its file is, such as Stock/GetStockItemsFull."""

    call: str
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class StandInAnswers:
    """`folder` is "" where the operator named none."""

    folder: str = ""
    by_call: Mapping[str, StandInAnswer] = field(default_factory=dict)

    def sorted(self) -> list[StandInAnswer]:
        return sorted(self.by_call.values(), key=lambda answer: answer.call)

    def answer(self, path: str) -> StandInAnswer | None:
        """Of the path of a request, in any letter case, with doubled slashes and one at its end."""
        plain = SLASHES.sub("/", path).lower().removesuffix("/")
        return self.by_call.get(plain.removeprefix("/api/")) if plain.startswith("/api/") else None


def stand_in_answers(named: str, base: Path) -> StandInAnswers:
    """All answers in a folder: the word SHIPPED, or a path, which begins at `base` where it is relative. Raises
    ImproperlyConfigured with a sentence that names the file, and the line where one is known."""
    if not named:
        return StandInAnswers()
    folder = SHIPPED_FOLDER if named == SHIPPED else base / named
    if not folder.is_dir():
        raise ImproperlyConfigured(
            f"STAND_IN_ANSWERS is “{named}”, which is no folder. Name one, write {SHIPPED}, or leave it out."
        )
    by_call: dict[str, StandInAnswer] = {}
    try:
        for path in _files_in(folder):
            call = path.relative_to(folder).as_posix().removesuffix(".json")
            if other := by_call.get(call.lower()):
                _refuse(
                    path, f"it differs from {other.call}.json in letter case only, and calls come in any. Keep one."
                )
            by_call[call.lower()] = StandInAnswer(call, _body_of(path))
    except OSError as error:
        _refuse(Path(error.filename or folder), f"it cannot be read ({error.strerror or error}).")
    return StandInAnswers(named, by_call)


def _files_in(folder: Path) -> Iterator[Path]:
    """What the system hides, such as .DS_Store, is left out; whatever else is no answer is refused."""
    count, root = 0, folder.resolve()
    for each in sorted(folder.iterdir()):
        for path in sorted(each.iterdir()) if each.is_dir() else [each]:
            if path.name.startswith(".") or each.name.startswith("."):
                continue
            if not path.resolve().is_relative_to(root):
                _refuse(path, "it leads out of the folder. Put the file itself there.")
            if not NAME.fullmatch(path.relative_to(folder).as_posix()) or not path.is_file():
                _refuse(path, "that names no call. Name files as Stock/GetStockItemsFull.json is named.")
            count += 1
            if count > MOST_FILES:
                _refuse(folder, f"it holds more than {MOST_FILES} files.")
            yield path


def _body_of(path: Path) -> bytes:
    with path.open("rb") as file:
        body = file.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        _refuse(path, "it is larger than 1 MB.")
    try:
        json.loads(body.decode(), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        _refuse(path, "it is not UTF-8.", line=body.count(b"\n", 0, error.start) + 1)
    except json.JSONDecodeError as error:
        _refuse(path, f"it is not JSON: {error.msg}.", line=error.lineno)
    except (ValueError, RecursionError) as error:
        _refuse(path, f"it is not JSON that clients read: {error}.")
    return body


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _refuse(path: Path, fault: str, line: int | None = None) -> NoReturn:
    raise ImproperlyConfigured(f"STAND_IN_ANSWERS: {path}{f', line {line}' if line else ''}: {fault}")
