"""From text to JSON values that both databases, and a browser, keep exactly as they are."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from linnapp.byte_marks import text_of
from linnapp.manifest.errors import ManifestError
from linnapp.manifest.faults import said_of
from linnapp.manifest.mending import mended
from linnapp.manifest.numbers import AS_TEXT, GREATEST_NUMBER, ROUNDED, Respelled, Unkept, integer, real
from linnapp.manifest.values import MANIFEST_MEMBERS, MODULE_MEMBERS, PARAMETER_MEMBERS

MOST_BYTES = 256 * 1024
MOST_DEPTH = 32
# More than anybody mends in one round: past it reading goes no further, and what is left is told next time.
MOST_ERRORS = 100
# Of a member's name, as much as a path shows.
LONGEST_STEP = 60
# A manifest counts as it is stored, on one line; the text it is read from may be indented and escaped.
MOST_SOURCE = 4 * MOST_BYTES
TOO_DEEP = f"Lists and objects are nested more than {MOST_DEPTH} deep"

_CANONICAL = {name.casefold(): name for name in (*MANIFEST_MEMBERS, *MODULE_MEMBERS, *PARAMETER_MEMBERS)}
_CANONICAL["modules"] = "modules"
_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]')


class _Object(dict[str, Any]):
    """What a JSON object held, and the members that stood in it twice: a dict would lose one without a word."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.repeated: list[str] = []
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                self.repeated.append(name)
            seen.add(name)


def read_json(source: str | bytes, errors: list[ManifestError], *, line: int = 1) -> Any:
    """The JSON of a text, for `storable` to take. Where it is none, None, and errors that know line and column: the
    text begins in `line` of its file."""
    text = _decoded(source, errors)
    if errors:
        return None
    try:
        return load(text)
    except json.JSONDecodeError as fault:
        errors += _no_json(text, fault, line)
    except RecursionError:
        errors.append(_at("too_deep", TOO_DEEP, text, _too_deep_at(text), line))
    return None


def load(text: str) -> Any:
    """JSON for `storable`: members that stand twice are known, and numbers that are not kept as they are written.
    Raises JSONDecodeError or RecursionError."""
    return json.loads(text, object_pairs_hook=_Object, parse_int=integer, parse_float=real)


def _no_json(text: str, fault: json.JSONDecodeError, line: int) -> Iterator[ManifestError]:
    """The first cause that is known, and where reading ends if that is elsewhere; else what Python found."""
    wrong = mended(text).wrong
    if not wrong or not wrong[0][1]:
        wrong = ((fault.pos, said_of(fault)),)
    for begin, (at, why) in zip(("This is not JSON: ", "Past that, "), wrong, strict=False):
        yield _at("syntax", f"{begin}{why or 'it cannot be read'}", text, at, line)


def too_large(size: int) -> str:
    """Rounded up, so that it is never told to be as large as it may be."""
    return f"This manifest is {-(-size // 1024):,} kB. A manifest has at most {MOST_BYTES // 1024} kB."


def _at(code: str, what: str, text: str, at: int, first_line: int) -> ManifestError:
    before = text[:at]
    line, column = before.count("\n") + first_line, at - before.rfind("\n")
    return ManifestError("", code, f"{what} at line {line}, column {column}.", line, column)


def _too_deep_at(text: str) -> int:
    """Where the first list or object stands that is too deep in others."""
    depth = 0
    for found in _BRACKET.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if depth > MOST_DEPTH + 1:
            return found.start()
    return 0


def _decoded(source: str | bytes, errors: list[ManifestError]) -> str:
    if len(source) > MOST_SOURCE:
        errors.append(ManifestError("", "too_large", too_large(len(source))))
        return ""
    if isinstance(source, str):
        return source.removeprefix("\ufeff")
    try:
        return text_of(source)
    except UnicodeDecodeError:
        errors.append(
            ManifestError("", "syntax", "This file is not text in UTF-8 or UTF-16. Save it as UTF-8 and try again.")
        )
        return ""


def respelled(value: Any, path: str = "") -> Iterator[ManifestError]:
    """Of what `load` read and `storable` takes: the numbers that are kept in another spelling than they came in."""
    if isinstance(value, Respelled):
        yield ManifestError(path, "respelled", value.message)
    elif isinstance(value, dict):
        yield from (found for name, each in value.items() for found in respelled(each, join(path, name)))
    elif isinstance(value, list):
        yield from (found for place, each in enumerate(value) for found in respelled(each, f"{path}[{place}]"))


def storable(value: Any, path: str, errors: list[ManifestError], depth: int = 0) -> Any:
    """A copy of plain JSON. What cannot be kept is reported and replaced by something harmless, so that reading can go
    on: PostgreSQL stores no NUL, UTF-8 no half of a surrogate pair, JSON no infinity, JavaScript no large integer."""
    if len(errors) >= MOST_ERRORS:
        return None
    if depth > MOST_DEPTH:
        errors.append(_too_deep(path))
        return None
    if isinstance(value, dict):
        return _storable_object(value, path, errors, depth)
    if isinstance(value, list):
        return [storable(each, f"{path}[{index}]", errors, depth + 1) for index, each in enumerate(value)]
    if isinstance(value, str):
        return _storable_text(value, path, errors)
    if value is None or isinstance(value, bool):
        return value
    return _storable_number(value.value if isinstance(value, Respelled) else value, path, errors)


def _storable_object(value: dict[str, Any], path: str, errors: list[ManifestError], depth: int) -> dict[str, Any]:
    for name in getattr(value, "repeated", ()):
        message = f"The member “{_printable(name)}” is here twice. Keep one."
        errors.append(ManifestError(join(path, name), "repeated", message))
    kept: dict[str, Any] = {}
    for name, each in value.items():
        if not isinstance(name, str):
            errors.append(ManifestError(path, "shape", "The names of members are text."))
            continue
        inner = join(path, name)
        kept[_storable_text(name, inner, errors)] = storable(each, inner, errors, depth + 1)
    return kept


def _storable_text(value: str, path: str, errors: list[ManifestError]) -> str:
    if "\0" in value:
        errors.append(ManifestError(path, "characters", "Remove the NUL character (\\u0000): it cannot be stored."))
    elif _printable(value) != value:
        message = "There is half of a surrogate pair here (\\ud800 to \\udfff), which is not a character. Remove it."
        errors.append(ManifestError(path, "characters", message))
    return _printable(value)


def _storable_number(value: Any, path: str, errors: list[ManifestError]) -> int | float:
    if isinstance(value, Unkept):
        errors.append(ManifestError(path, "number", value.message))
    elif not isinstance(value, int | float):
        errors.append(ManifestError(path, "shape", "This is not a JSON value."))
    elif not math.isfinite(value):
        errors.append(ManifestError(path, "number", "NaN and Infinity are not JSON numbers. Write a number or null."))
    elif abs(value) > GREATEST_NUMBER:
        errors.append(ManifestError(path, "number", f"{ROUNDED} {AS_TEXT}"))
    else:
        return value
    return 0


def join(path: str, name: str) -> str:
    """The path of a member; the members a manifest is made of are spelled as in the export, long names cut short."""
    if len(name) > LONGEST_STEP:
        name = f"{name[:LONGEST_STEP]}…"
    spelled = _CANONICAL.get(name.casefold(), _printable(name))
    return f"{path}.{spelled}" if path else spelled


def _printable(text: str) -> str:
    """Without what no page and no database takes."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _too_deep(path: str) -> ManifestError:
    return ManifestError(path, "too_deep", f"{TOO_DEEP} here.")
