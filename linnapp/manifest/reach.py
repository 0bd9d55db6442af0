"""What an application can do on an account, in the words an installer reads."""

import re
from dataclasses import dataclass

from linnapp.manifest.permission_words import only_sees, sentence_of
from linnapp.manifest.values import Manifest, ManifestModule, every_module
from linnapp.module_types import EXTERNAL_APPLICATION, known_type

NOTHING = "Do nothing on this account yet: it only gets its key"


@dataclass(frozen=True)
class ConsentLine:
    """A sentence, and the names behind it for whoever wants to know exactly."""

    text: str
    names: tuple[str, ...] = ()


def consent_lines(manifest: Manifest) -> list[ConsentLine]:
    """One sentence or more: what each type of module does, then each permission. The whole API comes first, and what
    changes something before what only sees it: a page that folds the rest hides the least of it. Modules nested in
    another's group count like all."""
    return _module_lines(manifest) + _permission_lines(manifest.permissions) or [ConsentLine(NOTHING)]


def newly_reached(before: Manifest, after: Manifest) -> list[ConsentLine]:
    """What `after` reaches and `before` does not."""
    had = set(_module_lines(before))
    lines = [line for line in _module_lines(after) if line not in had]
    whole = any(_is_whole_api(module, before) for _, module in every_module(before))
    permitted = set(before.permissions)
    new = () if whole else tuple(name for name in after.permissions if name not in permitted)
    return lines + _permission_lines(new)


def _module_lines(manifest: Manifest) -> list[ConsentLine]:
    modules = [module for _, module in every_module(manifest) if _counts(module, manifest)]
    modules.sort(key=lambda module: not _is_external(module))
    return list(dict.fromkeys(_module_line(module) for module in modules))


def _is_whole_api(module: ManifestModule, manifest: Manifest) -> bool:
    return _is_external(module) and _counts(module, manifest)


def _counts(module: ManifestModule, manifest: Manifest) -> bool:
    """An External Application with permissions reaches those; without any, the whole API. A host reaches what the
    modules in its group reach, which count themselves."""
    return not module.is_host and (not _is_external(module) or not manifest.permissions)


def _is_external(module: ManifestModule) -> bool:
    return known_type(module.type) is EXTERNAL_APPLICATION


def _module_line(module: ManifestModule) -> ConsentLine:
    known = known_type(module.type)
    reaches = known.reaches if known else "Do something that this portal does not know"
    text = re.sub(r" named \{(\w+)\}", lambda match: _named(module, match[1]), reaches)
    return ConsentLine(text, (known.label if known else module.type,) if known or module.type else ())


def _named(module: ManifestModule, parameter: str) -> str:
    value = module.value_of(parameter)
    return f" named {value}" if value else ""


def _permission_lines(permissions: tuple[str, ...]) -> list[ConsentLine]:
    """A sentence that several permissions share is said once, with the names of all of them."""
    said: dict[str, list[str]] = {}
    for permission in dict.fromkeys(permissions):
        said.setdefault(sentence_of(permission), []).append(permission)
    return [ConsentLine(sentence, tuple(names)) for sentence, names in sorted(said.items(), key=_changes_first)]


def _changes_first(said: tuple[str, list[str]]) -> bool:
    return only_sees(said[0])
