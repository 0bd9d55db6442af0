"""From JSON to a manifest: the shape. What the values mean is checked in `meaning`."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from linnapp.manifest.errors import ManifestError, ManifestInvalid
from linnapp.manifest.json_values import MOST_ERRORS, join, read_json, respelled, storable
from linnapp.manifest.meaning import is_key, rule_errors
from linnapp.manifest.sizes import MOST_MODULES, node_errors, too_many_modules
from linnapp.manifest.values import (
    MANIFEST_MEMBERS,
    PARAMETER_MEMBERS,
    Manifest,
    ManifestModule,
    ManifestParameter,
    is_extra,
    member,
    new_key,
    without_fields,
)
from linnapp.module_types import known_type


def parse(source: str | bytes | dict[str, Any]) -> Manifest:
    """Reads both spellings of a manifest, members in any letter case, by all rules of today: for what comes in.
    Raises ManifestInvalid with every error, or the first hundred. What was released is read with `from_snapshot`.

    A module keeps the `key` that stands there; one without a valid key, or with one that another module has, gets a
    new one, so that parsing the same text twice may give other keys. null where text or a list belongs is an empty one.
    """
    return parse_text(source).manifest


@dataclass(frozen=True)
class Parsed:
    """`respelled` tells by path of numbers that are kept in another spelling than they were read in."""

    manifest: Manifest
    respelled: list[ManifestError]


def parse_text(source: str | bytes | dict[str, Any]) -> Parsed:
    """As `parse`."""
    errors: list[ManifestError] = []
    raw = source if isinstance(source, dict) else read_json(source, errors)
    if errors:
        raise ManifestInvalid(errors)
    return parse_json(raw)


def parse_json(raw: Any) -> Parsed:
    """As `parse`, of JSON as `json_values.load` gives it."""
    errors = list(node_errors(raw))
    if errors:
        raise ManifestInvalid(errors)
    kept = storable(raw, "", errors)
    if len(errors) >= MOST_ERRORS:
        raise ManifestInvalid(_said_once(errors)[:MOST_ERRORS])
    manifest = _manifest(kept, errors)
    # The rules are checked on what could be read as well, so that one round of mending is enough.
    errors += rule_errors(manifest)
    if errors:
        raise ManifestInvalid(_said_once(errors)[:MOST_ERRORS])
    return Parsed(manifest, list(islice(respelled(raw), MOST_ERRORS)))


def _said_once(errors: list[ManifestError]) -> list[ManifestError]:
    """What was refused for its shape breaks rules too, itself and in its parts: only the first is worth saying."""
    firsts: dict[str, ManifestError] = {}
    for error in errors:
        parts = error.path.split(".")
        if not any(".".join(parts[:end]) in firsts for end in range(1, len(parts) + 1)):
            firsts[error.path] = error
    return list(firsts.values())


def _manifest(raw: Any, errors: list[ManifestError]) -> Manifest:
    members = _Members.of(raw, "", errors)
    if isinstance(raw, dict) and members.get("Modules") is None:
        members.refuse("Modules", "missing", "A manifest lists its modules in a member “modules”: it is missing here.")
    rows, keys = list(members.list("Modules")), set[str]()
    if len(rows) > MOST_MODULES:
        members.refuse("Modules", "too_many", too_many_modules(len(rows)))
    return Manifest(
        modules=tuple(_module(each, path, errors, keys) for path, each in rows[:MOST_MODULES]),
        permissions=tuple(_text(each, path, errors) for path, each in members.list("LinnworksPermissions")),
        script_url=members.text("ScriptUrl"),
        extra=without_fields(members.raw, MANIFEST_MEMBERS),
    )


def _module(raw: Any, path: str, errors: list[ManifestError], keys: set[str]) -> ManifestModule:
    members = _Members.of(raw, path, errors)
    nested = isinstance(members.get("group"), list)
    if nested:
        # Read for what is wrong with them only: they are kept as they came.
        for inner, each in members.list("group"):
            _module(each, inner, errors, set())
    return ManifestModule(
        key=_key(members.get("key"), keys),
        group="" if nested else members.text("group"),
        name=members.text("moduleName"),
        formatted_name=members.text("formattedName"),
        type=_type(members.text("type")),
        path=members.text("path"),
        parameters=tuple(_parameter(each, inner, errors) for inner, each in members.list("parameters")),
        extra={name: value for name, value in members.raw.items() if is_extra(name, value)},
    )


def _parameter(raw: Any, path: str, errors: list[ManifestError]) -> ManifestParameter:
    members = _Members.of(raw, path, errors)
    extra = without_fields(members.raw, PARAMETER_MEMBERS)
    return ManifestParameter(members.text("name"), members.get("value", ""), extra)


def _type(name: str) -> str:
    """The known spelling of a type: "external application" is ExternalApplication."""
    known = known_type(name)
    return known.name if known else name


def _key(value: Any, taken: set[str]) -> str:
    key = value.replace("-", "").lower() if isinstance(value, str) else ""
    if not is_key(key) or key in taken:
        key = new_key()
    taken.add(key)
    return key


def _text(value: Any, path: str, errors: list[ManifestError]) -> str:
    if isinstance(value, str):
        return value
    errors.append(ManifestError(path, "shape", "This must be text, in quotes."))
    return ""


@dataclass(frozen=True)
class _Members:
    """The members of one JSON object, found in any letter case; what has a wrong JSON type is reported when asked."""

    raw: dict[str, Any]
    path: str
    errors: list[ManifestError]

    @classmethod
    def of(cls, raw: Any, path: str, errors: list[ManifestError]) -> "_Members":
        if not isinstance(raw, dict):
            errors.append(ManifestError(path, "shape", "This must be an object, in { and }."))
            return cls({}, path, errors)
        spellings: dict[str, str] = {}
        for name in raw:
            if (first := spellings.setdefault(name.casefold(), name)) != name:
                message = f"“{first}” and “{name}” are the same member in another letter case. Keep one."
                errors.append(ManifestError(join(path, name), "repeated", message))
        return cls(raw, path, errors)

    def get(self, name: str, default: Any = None) -> Any:
        return member(self.raw, name, default)

    def text(self, name: str) -> str:
        value = self.get(name)
        return "" if value is None else _text(value, join(self.path, name), self.errors)

    def list(self, name: str) -> Iterator[tuple[str, Any]]:
        """Each element with its path."""
        value = self.get(name)
        if isinstance(value, list):
            yield from ((f"{join(self.path, name)}[{index}]", each) for index, each in enumerate(value))
        elif value is not None:
            self.refuse(name, "shape", "This must be a list, in [ and ].")

    def refuse(self, name: str, code: str, message: str) -> None:
        self.errors.append(ManifestError(join(self.path, name), code, message))
