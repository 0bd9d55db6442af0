"""From JSON, in either spelling and any letter case, to a manifest. Shape only: `meaning` says what may stand in it."""

import json
import math
from collections.abc import Iterator
from typing import Any

from linnapp import credentials
from linnapp.manifest.errors import ManifestError, ManifestInvalid
from linnapp.manifest.meaning import MOST_BYTES, MOST_DEPTH, MOST_MODULES, validate
from linnapp.manifest.values import Json, Manifest, ManifestModule, ManifestParameter, new_key
from linnapp.module_types import known_type

MODULE_TEXTS = {
    "modulename": "name",
    "formattedname": "formatted_name",
    "path": "path",
    "group": "group",
    "type": "type",
}


class _Members(dict[str, Json]):
    """A JSON object that remembers which member names came twice, letter case aside."""

    repeated: list[str]


def parse(source: str | bytes | dict[str, Json]) -> Manifest:
    """The manifest of a JSON text or object. Raises ManifestInvalid with everything that is wrong with it."""
    reader = _Reader()
    document = _load(source) if isinstance(source, str | bytes) else source
    reader.check_values(document, "", 0)
    if reader.errors:
        raise ManifestInvalid(reader.errors)
    manifest = reader.manifest(document)
    errors = reader.errors + [error for error in validate(manifest) if not reader.has_error_at(error.path)]
    if errors:
        raise ManifestInvalid(errors)
    return manifest


def _load(source: str | bytes) -> Json:
    size = len(source.encode(errors="surrogatepass") if isinstance(source, str) else source)
    if size > MOST_BYTES:
        raise ManifestInvalid(
            [ManifestError("", "too_large", f"This is {size // 1024} kB. A manifest has at most 256.")]
        )
    try:
        text = source if isinstance(source, str) else source.decode("utf-8-sig")
        return json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_members, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        message = f"This is not JSON: {error.msg}, line {error.lineno}, column {error.colno}."
        raise ManifestInvalid([ManifestError("", "syntax", message, error.lineno, error.colno)]) from error
    except RecursionError as error:
        raise ManifestInvalid([ManifestError("", "too_deep", "This is nested too deeply.")]) from error
    except (UnicodeDecodeError, ValueError) as error:
        raise ManifestInvalid([ManifestError("", "syntax", f"This cannot be read as JSON: {error}.")]) from error


def _members(pairs: list[tuple[str, Json]]) -> _Members:
    members = _Members(pairs)
    names = [name.lower() for name, _ in pairs]
    members.repeated = sorted({name for name, _ in pairs if names.count(name.lower()) > 1})
    return members


def _refuse_constant(constant: str) -> Json:
    raise ValueError(f"{constant} is not a number that JSON knows")


class _Reader:
    """Reads one document, and collects what is wrong on the way."""

    def __init__(self) -> None:
        self.errors: list[ManifestError] = []

    def refuse(self, path: str, code: str, message: str) -> None:
        self.errors.append(ManifestError(path, code, message))

    def has_error_at(self, path: str) -> bool:
        return any(error.path == path for error in self.errors)

    def check_values(self, value: Json, path: str, depth: int) -> None:
        """What no database and no other program could keep: it is refused wherever it stands, unknown members too."""
        if depth > MOST_DEPTH:
            self.refuse(path, "too_deep", f"This is nested more than {MOST_DEPTH} levels deep.")
        elif isinstance(value, str):
            self.check_text(value, path)
        elif isinstance(value, float) and not math.isfinite(value):
            self.refuse(path, "number", "This number is too large.")
        else:
            self.check_children(value, path, depth)

    def check_children(self, value: Json, path: str, depth: int) -> None:
        for name in getattr(value, "repeated", []):
            self.refuse(joined(path, name), "repeated", f"“{name}” stands twice here. Keep one of them.")
        for where, child in children(value, path):
            self.check_values(child, where, depth + 1)
        if isinstance(value, dict):
            for name in value:
                self.check_text(str(name), path)

    def check_text(self, text: str, path: str) -> None:
        if "\0" in text:
            self.refuse(path, "characters", "This text holds a NUL character, which cannot be kept.")
        elif any("\ud800" <= letter <= "\udfff" for letter in text):
            self.refuse(path, "characters", "This text holds half of a character (a lone surrogate).")

    def manifest(self, document: Json) -> Manifest:
        if not isinstance(document, dict):
            self.refuse("", "shape", "A manifest is a JSON object with a member “modules”.")
            return Manifest()
        known, extra = split(document, {"modules", "linnworkspermissions", "scripturl"})
        if "modules" not in known:
            self.refuse("modules", "missing", "The member “modules” is missing: a list of the application's modules.")
        return Manifest(
            modules=self.modules(known.get("modules")),
            permissions=self.permissions(known.get("linnworkspermissions")),
            script_url=self.text(known.get("scripturl"), "ScriptUrl"),
            extra=extra,
        )

    def modules(self, value: Json) -> tuple[ManifestModule, ...]:
        rows = self.listed(value, "modules")
        if len(rows) > MOST_MODULES:
            self.refuse("modules", "too_many", f"There are {len(rows)} modules. A manifest has at most {MOST_MODULES}.")
            return ()
        taken: set[str] = set()
        return tuple(self.module(row, f"modules[{place}]", taken) for place, row in enumerate(rows))

    def module(self, value: Json, path: str, taken: set[str]) -> ManifestModule:
        if not isinstance(value, dict):
            self.refuse(path, "shape", "A module is a JSON object with a member “type”.")
            return ManifestModule(type="")
        known, extra = split(value, {*MODULE_TEXTS, "parameters", "key"})
        if isinstance(known.get("group"), list):
            # Nested modules in place of a label: kept as they came, under the name they came with.
            del known["group"]
            extra |= {name: member for name, member in value.items() if name.lower() == "group"}
        texts = {field: self.text(known.get(name), f"{path}.{field}") for name, field in MODULE_TEXTS.items()}
        if not texts["type"] and not self.has_error_at(f"{path}.type"):
            self.refuse(f"{path}.type", "missing", "The module's type is missing.")
        recognised = known_type(texts["type"])
        texts["type"] = recognised.name if recognised else texts["type"]
        parameters = self.parameters(known.get("parameters"), f"{path}.parameters")
        return ManifestModule(key=fresh_key(known.get("key"), taken), parameters=parameters, extra=extra, **texts)

    def parameters(self, value: Json, path: str) -> tuple[ManifestParameter, ...]:
        return tuple(self.parameter(row, f"{path}[{place}]") for place, row in enumerate(self.listed(value, path)))

    def parameter(self, value: Json, path: str) -> ManifestParameter:
        if not isinstance(value, dict):
            self.refuse(path, "shape", "A parameter is a JSON object with “name” and “value”.")
            return ManifestParameter("")
        known, extra = split(value, {"name", "value"})
        return ManifestParameter(self.text(known.get("name"), f"{path}.name"), known.get("value"), extra)

    def permissions(self, value: Json) -> tuple[str, ...]:
        rows = self.listed(value, "LinnworksPermissions")
        return tuple(self.text(row, f"LinnworksPermissions[{place}]") for place, row in enumerate(rows))

    def listed(self, value: Json, path: str) -> list[Json]:
        if value is None or isinstance(value, list):
            return value or []
        self.refuse(path, "shape", "This must be a list: [ … ].")
        return []

    def text(self, value: Json, path: str) -> str:
        if value is None or isinstance(value, str):
            return value or ""
        self.refuse(path, "shape", "This must be a text in quotation marks.")
        return ""


def split(value: dict[str, Json], names: set[str]) -> tuple[dict[str, Json], dict[str, Json]]:
    """The members named, by their lower-case names; and the others as they are."""
    known = {name.lower(): member for name, member in value.items() if name.lower() in names}
    return known, {name: member for name, member in value.items() if name.lower() not in names}


def children(value: Json, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from ((joined(path, str(name)), child) for name, child in value.items())
    elif isinstance(value, list):
        yield from ((f"{path}[{place}]", child) for place, child in enumerate(value))


def joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def fresh_key(value: Json, taken: set[str]) -> str:
    """The module's own key where it is one and no module before has it; else a new one."""
    own = credentials.canonical(value) if isinstance(value, str) else None
    key = own if own and own not in taken else new_key()
    taken.add(key)
    return key
