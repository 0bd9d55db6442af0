"""What may stand in a manifest: rules apart from shape, for form and import alike."""

import difflib
import re
from collections.abc import Callable, Iterator

from linnapp.manifest.errors import ManifestError
from linnapp.manifest.json_values import storable
from linnapp.manifest.sizes import size_errors
from linnapp.manifest.values import (
    LONGEST_NAME,
    Json,
    Manifest,
    ManifestModule,
    every_module,
    nested_group,
    postback_urls,
    to_json,
)
from linnapp.manifest.web_addresses import fault
from linnapp.module_types import EXTERNAL_APPLICATION, TYPES, ParameterType, ValueKind, known_type

LONGEST_URL = 2048
KEY = re.compile(r"[0-9a-f]{32}")
# Characters that break a line of a form or a header, and hide in a name.
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
POSTBACK_URL = EXTERNAL_APPLICATION.parameters[0]


def is_key(text: str) -> bool:
    return bool(KEY.fullmatch(text))


def validate(manifest: Manifest) -> list[ManifestError]:
    """Everything that keeps this manifest from being saved. A parameter may be empty: it can be filled in later; a
    type, a parameter's name and a permission may not."""
    if sizes := list(size_errors(manifest)):
        return sizes
    errors: list[ManifestError] = []
    storable(to_json(manifest), "", errors)
    return errors + _rules(manifest)


def rule_errors(manifest: Manifest) -> list[ManifestError]:
    """As `validate`, for a manifest that is known to hold nothing but JSON values that can be stored."""
    # What is too much to keep is not worth reading to the end: thousands of errors help nobody.
    return list(size_errors(manifest)) or _rules(manifest)


def _rules(manifest: Manifest) -> list[ManifestError]:
    return [
        *_keys(manifest),
        *(error for path, module in every_module(manifest) for error in _module(module, path)),
        *_second_postback_urls(manifest),
        *_permissions(manifest),
        *_script_url(manifest.script_url),
    ]


def _keys(manifest: Manifest) -> Iterator[ManifestError]:
    seen: set[str] = set()
    for place, module in enumerate(manifest.modules):
        if not is_key(module.key):
            yield ManifestError(f"modules[{place}].key", "key", "A module's key is 32 hexadecimal digits.")
        elif module.key in seen:
            yield ManifestError(f"modules[{place}].key", "repeated", "Another module has this key already.")
        seen.add(module.key)


def _module(module: ManifestModule, path: str) -> Iterator[ManifestError]:
    if known_type(module.type) is None and not module.is_host:
        code = "unknown_type" if module.type else "missing"
        yield ManifestError(f"{path}.type", code, unknown_type(module.type))
    texts = {"moduleName": module.name, "formattedName": module.formatted_name, "group": module.group}
    for name, text in texts.items():
        yield from _line(f"{path}.{name}", text)
    if len(module.path) > LONGEST_URL:
        yield _too_long(f"{path}.path", module.path, LONGEST_URL)
    if module.group and nested_group(module):
        message = "This module holds other modules in its group, so the group cannot have a name as well."
        yield ManifestError(f"{path}.group", "nested", message)
    yield from _parameters(module, path)


def unknown_type(name: str) -> str:
    if not name:
        return f"Choose a type: {', '.join(TYPES)}."
    close = difflib.get_close_matches(name[:80].lower(), [known.lower() for known in TYPES], n=1)
    suggested = known_type(close[0]) if close else None
    mend = f" Did you mean {suggested.name}?" if suggested else ""
    return f"“{name[:80]}” is not a module type.{mend} Known are {', '.join(TYPES)}."


def _line(path: str, text: str) -> Iterator[ManifestError]:
    if len(text) > LONGEST_NAME:
        yield _too_long(path, text, LONGEST_NAME)
    elif CONTROL.search(text):
        yield ManifestError(path, "characters", "Write this on one line, without control characters.")


def _too_long(path: str, text: str, limit: int) -> ManifestError:
    return ManifestError(path, "too_long", f"At most {limit} characters; this has {len(text)}.")


def _parameters(module: ManifestModule, path: str) -> Iterator[ManifestError]:
    firsts: dict[str, int] = {}
    for number, parameter in enumerate(module.parameters):
        where = f"{path}.parameters[{number}]"
        if not parameter.name.strip():
            yield ManifestError(f"{where}.name", "missing", "A parameter needs a name.")
        yield from _line(f"{where}.name", parameter.name)
        known = known_parameter(module, parameter.name)
        if known is None:
            continue
        first = firsts.setdefault(known.name, number)
        if first != number and known is not POSTBACK_URL:
            message = f"{known.name} is in this module twice, first as {path}.parameters[{first}]. Keep one."
            yield ManifestError(f"{where}.name", "repeated", message)
        if parameter.value not in ("", None) and (message := wrong_value(known, parameter.value)):
            yield ManifestError(f"{where}.value", "value", message)


def known_parameter(module: ManifestModule, name: str) -> ParameterType | None:
    """A PostbackUrl is used, and checked, wherever it stands."""
    if name.casefold() == POSTBACK_URL.name.casefold():
        return POSTBACK_URL
    module_type = known_type(module.type)
    return module_type.parameter(name) if module_type else None


def _second_postback_urls(manifest: Manifest) -> Iterator[ManifestError]:
    found = list(postback_urls(manifest))
    for path, _, _ in found[1:]:
        has = f"{found[0][0]} ({found[0][1].label})"
        message = f"A manifest has at most one PostbackUrl, and {has} has it already."
        yield ManifestError(f"{path}.name", "second_postback", message)


def _permissions(manifest: Manifest) -> Iterator[ManifestError]:
    for place, permission in enumerate(manifest.permissions):
        path = f"LinnworksPermissions[{place}]"
        # The form has them one a line, so that only what stays one there comes back as it was.
        if not permission or permission != permission.strip() or len(permission.splitlines()) > 1:
            yield ManifestError(path, "permission", "A permission is one line of text, without spaces around it.")
        else:
            yield from _line(path, permission)


def _script_url(script_url: str) -> Iterator[ManifestError]:
    if script_url and (message := _wrong_url("ScriptUrl", script_url)):
        yield ManifestError("ScriptUrl", "value", message)


def wrong_value(known: ParameterType, value: Json) -> str:
    """What is wrong with a value that is not empty; "" when nothing is."""
    if known.kind != ValueKind.JSON and isinstance(value, dict | list):
        return f"{known.name} is a single value, not a list or an object."
    return _RULES[known.kind](known, value)


def _wrong_integer(known: ParameterType, value: Json) -> str:
    right = not isinstance(value, bool | float) and re.fullmatch(r"[0-9]{1,9}", str(value).strip())
    return "" if right else f"{known.name} is a whole number, such as 100."


def _wrong_boolean(known: ParameterType, value: Json) -> str:
    right = str(value).strip().lower() in ("true", "false", "1", "0")
    return "" if right else f"{known.name} is true or false."


def _wrong_upper_name(known: ParameterType, value: Json) -> str:
    mended = upper_name(known, str(value))
    # Names in mixed case are in use: kept, with a word beside the field (`hints`).
    if isinstance(value, str) and mended == value.upper():
        return ""
    length = f", at most {known.longest} characters" if known.longest else ""
    advice = f" Try {mended}." if mended else ""
    return f"{known.name} is upper case without spaces{length}.{advice}"


def upper_name(known: ParameterType, value: str) -> str:
    """The nearest name that is allowed: the value itself where nothing is wrong with it."""
    kept = "".join(letter for letter in value.upper() if letter.isprintable() and not letter.isspace())
    return kept[: known.longest or LONGEST_NAME]


def _wrong_text(known: ParameterType, value: Json) -> str:
    longest = known.longest or len(str(value))
    return f"{known.name} has at most {longest} characters." if len(str(value)) > longest else ""


def _wrong_parameter_url(known: ParameterType, value: Json) -> str:
    return _wrong_url(known.name, value)


def _wrong_url(name: str, value: Json) -> str:
    if not isinstance(value, str):
        return f"{name} is a text in quotation marks."
    if len(value) > LONGEST_URL:
        return f"{name} has at most {LONGEST_URL} characters; this has {len(value)}."
    return fault(name, value)


def _anything(known: ParameterType, value: Json) -> str:
    return ""


_RULES: dict[ValueKind, Callable[[ParameterType, Json], str]] = {
    ValueKind.URL: _wrong_parameter_url,
    ValueKind.TEXT: _wrong_text,
    ValueKind.INTEGER: _wrong_integer,
    ValueKind.BOOLEAN: _wrong_boolean,
    ValueKind.UPPER_NAME: _wrong_upper_name,
    ValueKind.JSON: _anything,
}
