"""What may stand in a manifest, and what its author should know: rules apart from shape, for form and import alike."""

import difflib
import json
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from linnapp.manifest.errors import ManifestError
from linnapp.manifest.values import Json, Manifest, ManifestModule, ManifestParameter, to_json
from linnapp.module_types import TYPES, Kind, ParameterType, known_type

MOST_BYTES = 256 * 1024
MOST_MODULES = 200
MOST_DEPTH = 32
LONGEST_NAME = 200
TOKEN = "[{TOKEN}]"
TRACKING = "[{TRACKING}]"
BOOLEANS = {"true", "false"}
# Characters that break a line of a form or a header, and hide in a name.
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def validate(manifest: Manifest) -> list[ManifestError]:
    """Everything that keeps this manifest from being saved. A parameter may be empty: it can be filled in later."""
    errors = [*_sizes(manifest), *_permissions(manifest)]
    postback = ""
    for place, module in enumerate(manifest.modules):
        path = f"modules[{place}]"
        errors += [*_module(module, path)]
        for number, parameter in enumerate(module.parameters):
            where = f"{path}.parameters[{number}]"
            errors += [*_parameter(module, parameter, where)]
            if parameter.name.lower() == "postbackurl":
                if postback:
                    message = f"A manifest has at most one PostbackUrl, and {postback} has it already."
                    errors.append(ManifestError(f"{where}.name", "second_postback", message))
                postback = postback or f"{path} ({module.label})"
    return errors


def warnings(manifest: Manifest) -> list[ManifestError]:
    """What may be saved, and is worth a word beside the field."""
    found = []
    for place, module in enumerate(manifest.modules):
        for number, parameter in enumerate(module.parameters):
            if parameter.name.lower() == "postbackurl" and isinstance(parameter.value, str) and parameter.value:
                where = f"modules[{place}].parameters[{number}].value"
                found += [ManifestError(where, code, message) for code, message in _postback_words(parameter.value)]
    return found


def _postback_words(url: str) -> Iterator[tuple[str, str]]:
    if TOKEN not in url:
        yield "no_token", f"{TOKEN} does not stand in this address: the permanent token comes in the body, as Token."
    elif TOKEN in url.partition("?")[2]:
        yield (
            "token_in_query",
            "The permanent token will stand in the query, where your server's access log keeps it. It comes in the "
            f"body too, as Token: {TOKEN} may be left out.",
        )


def _sizes(manifest: Manifest) -> Iterator[ManifestError]:
    if len(manifest.modules) > MOST_MODULES:
        message = f"There are {len(manifest.modules)} modules. A manifest has at most {MOST_MODULES}."
        yield ManifestError("modules", "too_many", message)
    size = len(json.dumps(to_json(manifest), ensure_ascii=False).encode(errors="replace"))
    if size > MOST_BYTES:
        yield ManifestError("", "too_large", f"This manifest is {size // 1024} kB. A manifest has at most 256.")


def _permissions(manifest: Manifest) -> Iterator[ManifestError]:
    for place, permission in enumerate(manifest.permissions):
        path = f"LinnworksPermissions[{place}]"
        if not permission.strip() or CONTROL.search(permission):
            yield ManifestError(path, "permission", "A permission is one line of text.")
        elif len(permission) > LONGEST_NAME:
            yield ManifestError(path, "too_long", f"A permission has at most {LONGEST_NAME} characters.")


def _module(module: ManifestModule, path: str) -> Iterator[ManifestError]:
    if known_type(module.type) is None:
        yield ManifestError(f"{path}.type", "unknown_type", unknown_type(module.type))
    texts = {"group": module.group, "name": module.name, "formatted_name": module.formatted_name}
    for field, text in texts.items():
        if len(text) > LONGEST_NAME:
            yield ManifestError(
                f"{path}.{field}", "too_long", f"At most {LONGEST_NAME} characters; this has {len(text)}."
            )
        if CONTROL.search(text):
            yield ManifestError(f"{path}.{field}", "characters", "Write this on one line, without control characters.")
    if "\0" in module.path:
        yield ManifestError(f"{path}.path", "characters", "This text holds a NUL character, which cannot be kept.")


def unknown_type(name: str) -> str:
    close = difflib.get_close_matches(name.lower(), [known.lower() for known in TYPES], n=1)
    suggested = known_type(close[0]) if close else None
    mend = f"Did you mean {suggested.name}?" if suggested else f"Known are {', '.join(TYPES)}."
    return f"“{name[:80]}” is not a module type. {mend}" if name else f"Choose a type: {', '.join(TYPES)}."


def _parameter(module: ManifestModule, parameter: ManifestParameter, path: str) -> Iterator[ManifestError]:
    if not parameter.name.strip() or CONTROL.search(parameter.name):
        yield ManifestError(f"{path}.name", "missing", "A parameter needs a name, on one line.")
    elif len(parameter.name) > LONGEST_NAME:
        yield ManifestError(f"{path}.name", "too_long", f"A name has at most {LONGEST_NAME} characters.")
    if isinstance(parameter.value, str) and "\0" in parameter.value:
        yield ManifestError(f"{path}.value", "characters", "This text holds a NUL character, which cannot be kept.")
        return
    module_type = known_type(module.type)
    known = module_type.parameter(parameter.name) if module_type else None
    if known and parameter.value not in ("", None) and (message := wrong_value(known, parameter.value)):
        yield ManifestError(f"{path}.value", "value", message)


def wrong_value(known: ParameterType, value: Json) -> str:
    """What is wrong with a value that is not empty; "" when nothing is."""
    if known.kind == Kind.JSON:
        return ""
    if isinstance(value, dict | list):
        return f"{known.name} is a single value, not a list or an object."
    if known.kind == Kind.INTEGER:
        return _wrong_integer(known, value)
    if known.kind == Kind.BOOLEAN:
        right = isinstance(value, bool) or str(value).strip().lower() in BOOLEANS
        return "" if right else f"{known.name} is true or false."
    if not isinstance(value, str):
        return f"{known.name} is a text in quotation marks."
    if known.kind == Kind.URL:
        return _wrong_url(known, value)
    return _wrong_upper_name(known, value) if known.kind == Kind.UPPER_NAME else ""


def _wrong_integer(known: ParameterType, value: Json) -> str:
    right = not isinstance(value, bool) and re.fullmatch(r"\d{1,9}", str(value).strip(), re.ASCII)
    return "" if right else f"{known.name} is a whole number, such as 100."


def _wrong_upper_name(known: ParameterType, value: str) -> str:
    limit = known.longest or LONGEST_NAME
    if re.fullmatch(r"[^\s\x00-\x1f]+", value) and value == value.upper() and len(value) <= limit:
        return ""
    mended = re.sub(r"[\s\x00-\x1f]+", "", value).upper()[:limit]
    length = f", at most {known.longest} characters" if known.longest else ""
    return f"{known.name} is upper case without spaces{length}. Try {mended or 'NAME'}."


def _wrong_url(known: ParameterType, value: str) -> str:
    filled = value.replace(TOKEN, "x").replace(TRACKING, "x")
    example = f"{known.name} is a whole address, such as https://hooks.example.com/linnapp."
    if re.search(r"[\s\x00-\x1f\x7f]", filled):
        return f"{example} It holds no spaces."
    try:
        parts = urlsplit(filled)
        host, port = parts.hostname, parts.port
    except ValueError:
        return example
    if parts.scheme not in ("http", "https") or not host or port == 0:
        return example
    if parts.username is not None or parts.password is not None:
        return f"{known.name} holds a user name or password, which logs would keep. Take it out."
    return ""
