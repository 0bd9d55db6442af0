"""How large a manifest may be, so that no page of it is slow. Counting comes before all that costs more."""

import json
from collections.abc import Iterator
from typing import Any

from linnapp.manifest.errors import ManifestError
from linnapp.manifest.json_values import MOST_BYTES, join, too_large
from linnapp.manifest.values import Json, Manifest, every_module, to_json

MOST_MODULES = 200
MOST_PARAMETERS = 1000
MOST_PERMISSIONS = 2000
# Objects, lists, texts, numbers, true, false and null, each counted as one.
MOST_NODES = 20_000
# From the manifest to a parameter's value; further down one place is as good as another.
DEEPEST_NAMED = 5


def size_errors(manifest: Manifest) -> Iterator[ManifestError]:
    """What there is too much of, in a manifest of JSON values."""
    counts = {path: (module.label, len(module.parameters)) for path, module in every_module(manifest)}
    if len(counts) > MOST_MODULES:
        yield ManifestError("modules", "too_many", too_many_modules(len(counts)))
    parameters = sum(number for _, number in counts.values())
    if parameters > MOST_PARAMETERS:
        message = _too_many("parameters", parameters, MOST_PARAMETERS, " in all")
        yield ManifestError("modules", "too_many", message + _fullest_module(counts))
    if len(manifest.permissions) > MOST_PERMISSIONS:
        message = _too_many("permissions", len(manifest.permissions), MOST_PERMISSIONS)
        yield ManifestError("LinnworksPermissions", "too_many", message)
    written = to_json(manifest)
    yield from node_errors(written)
    size = len(json.dumps(written, ensure_ascii=False, separators=(",", ":")).encode(errors="replace"))
    if size > MOST_BYTES:
        yield ManifestError("", "too_large", too_large(size))


def too_many_modules(count: int) -> str:
    return _too_many("modules", count, MOST_MODULES, ", nested ones counted")


def _too_many(what: str, count: int, most: int, counted: str = "") -> str:
    surplus = f"{count - most:,} or more"
    return f"There are {count:,} {what}{counted}. A manifest has at most {most:,}: take out {surplus}."


def _fullest_module(counts: dict[str, tuple[str, int]]) -> str:
    """The one that has more than each other; nothing where several have as many."""
    (path, (label, most)), *others = sorted(counts.items(), key=lambda each: -each[1][1])
    if others and others[0][1][1] == most:
        return ""
    return f" {path} ({label}) has the most: {most:,}."


def node_errors(raw: Any) -> Iterator[ManifestError]:
    """Of JSON as it was read, however deep it is. Names the place where most of what is too much stands."""
    count = nodes_of(raw)
    if count <= MOST_NODES:
        return
    path, most = _fullest(raw, count)
    where = f" {most:,} of them are here." if path else ""
    message = _too_many("JSON values", count, MOST_NODES, ", lists and objects counted")
    yield ManifestError(path, "too_many", f"{message}{where}")


def nodes_of(value: Json) -> int:
    """Without recursion: whatever was read may be nested as deep as a text can say."""
    count, left = 0, [value]
    while left:
        found = left.pop()
        count += 1
        if isinstance(found, dict):
            left.extend(found.values())
        elif isinstance(found, list):
            left.extend(found)
    return count


def _fullest(value: Json, count: int) -> tuple[str, int]:
    """The innermost of the outer places that holds more than half of all, and how many it holds; "" is the whole."""
    path, half = "", count / 2
    for _ in range(DEEPEST_NAMED):
        inner = max(_inside(value, path), key=lambda each: each[2], default=None)
        if inner is None or inner[2] <= half:
            break
        path, value, count = inner
    return path, count


def _inside(value: Json, path: str) -> Iterator[tuple[str, Json, int]]:
    if isinstance(value, dict):
        yield from ((join(path, str(name)), each, nodes_of(each)) for name, each in value.items())
    elif isinstance(value, list):
        yield from ((f"{path}[{place}]", each, nodes_of(each)) for place, each in enumerate(value))
