"""From text to JSON values that both databases, and a browser, keep exactly as they are."""

import json
import math
from typing import Any

from linnapp.manifest.errors import ManifestError
from linnapp.manifest.values import MANIFEST_MEMBERS, MODULE_MEMBERS, PARAMETER_MEMBERS

MOST_BYTES = 256 * 1024
MOST_DEPTH = 32
# More than anybody mends in one round: past it reading goes no further, and what is left is told next time.
MOST_ERRORS = 100
# Of a member's name, as much as a path shows.
LONGEST_STEP = 60
# Beyond it a browser that reads JSON rounds a number, and says nothing.
GREATEST_NUMBER = 2**53 - 1
# A manifest counts as it is stored, on one line; the text it is read from may be indented and escaped.
MOST_SOURCE = 4 * MOST_BYTES
TOO_LARGE = "A manifest has at most 256 kB."

_CANONICAL = {name.casefold(): name for name in (*MANIFEST_MEMBERS, *MODULE_MEMBERS, *PARAMETER_MEMBERS)}
_CANONICAL["modules"] = "modules"


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


def read_json(source: str | bytes, errors: list[ManifestError]) -> Any:
    """The JSON of a text. Where it is none, None and one error that knows line and column."""
    text = _decoded(source, errors)
    if errors:
        return None
    try:
        return json.loads(text, object_pairs_hook=_Object, parse_int=_integer)
    except json.JSONDecodeError as fault:
        where = f"line {fault.lineno}, column {fault.colno}"
        message = f"This is not JSON: {_lower_first(fault.msg)} at {where}."
        errors.append(ManifestError("", "syntax", message, line=fault.lineno, column=fault.colno))
    except RecursionError:
        errors.append(_too_deep(""))
    return None


def _decoded(source: str | bytes, errors: list[ManifestError]) -> str:
    if len(source) > MOST_SOURCE:
        errors.append(ManifestError("", "too_large", TOO_LARGE))
        return ""
    if isinstance(source, str):
        return source.removeprefix("\ufeff")
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError:
        errors.append(ManifestError("", "syntax", "This file is not text in UTF-8. Save it as UTF-8 and try again."))
        return ""


def _integer(digits: str) -> int | float:
    # Python refuses to read integers of thousands of digits; as a float it is found too large, with its path.
    return int(digits) if len(digits) <= len(str(GREATEST_NUMBER)) + 1 else float(digits)


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
    return _storable_number(value, path, errors)


def _storable_object(value: dict[str, Any], path: str, errors: list[ManifestError], depth: int) -> dict[str, Any]:
    for name in getattr(value, "repeated", ()):
        message = f"The member “{_printable(name)}” stands here twice. Leave one."
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
        errors.append(ManifestError(path, "characters", "Take out the NUL character (\\u0000): it cannot be stored."))
    elif _printable(value) != value:
        message = "Half of a surrogate pair (\\ud800 to \\udfff) stands here: it is no character. Take it out."
        errors.append(ManifestError(path, "characters", message))
    return _printable(value)


def _storable_number(value: Any, path: str, errors: list[ManifestError]) -> int | float:
    if not isinstance(value, int | float):
        errors.append(ManifestError(path, "shape", "This is no JSON value."))
    elif not math.isfinite(value):
        errors.append(ManifestError(path, "number", "NaN and Infinity are no JSON numbers. Write a number or null."))
    elif abs(value) > GREATEST_NUMBER:
        message = f"Browsers round numbers beyond {GREATEST_NUMBER}. Write it as text, in quotes."
        errors.append(ManifestError(path, "number", message))
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


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def _too_deep(path: str) -> ManifestError:
    return ManifestError(path, "too_deep", f"Lists and objects stand more than {MOST_DEPTH} deep in each other here.")
