"""What an application can do on an account, in the words an installer reads."""

import re
from dataclasses import dataclass

from linnapp.manifest.values import Manifest, ManifestModule, every_module
from linnapp.module_types import EXTERNAL_APPLICATION, known_type

MOST_LINES = 6


@dataclass(frozen=True)
class ConsentLine:
    """A sentence, and the names behind it for whoever wants to know exactly."""

    text: str
    details: str = ""


def consent_lines(manifest: Manifest) -> list[ConsentLine]:
    """One to six sentences: what each type of module does, then permissions by area. The whole API stands first, so
    that it is never in the rest that the sixth sums up; modules nested in another's group count like all."""
    lines = _module_lines(manifest) + _permission_lines(manifest.permissions)
    if not lines:
        return [ConsentLine("Nothing on this account yet: it holds a permanent token only")]
    if len(lines) > MOST_LINES:
        rest = lines[MOST_LINES - 1 :]
        details = "; ".join(f"{line.text} ({line.details})" if line.details else line.text for line in rest)
        lines = [*lines[: MOST_LINES - 1], ConsentLine(f"Do {len(rest)} more things", details)]
    return lines


def newly_reached(before: Manifest, after: Manifest) -> list[ConsentLine]:
    """What `after` reaches and `before` does not, none of it summed up; of an area that was used already, the
    permissions that are new."""
    had = set(_module_lines(before))
    lines = [line for line in _module_lines(after) if line not in had]
    whole = any(_is_whole_api(module, before) for _, module in every_module(before))
    new = () if whole else tuple(name for name in after.permissions if name not in before.permissions)
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
    reaches = known.reaches if known else "Do what this portal does not know"
    return ConsentLine(re.sub(r" named \{(\w+)\}", lambda match: _named(module, match[1]), reaches))


def _named(module: ManifestModule, parameter: str) -> str:
    value = module.value_of(parameter)
    return f" named {value}" if value else ""


def _permission_lines(permissions: tuple[str, ...]) -> list[ConsentLine]:
    areas: dict[str, list[str]] = {}
    for permission in dict.fromkeys(permissions):
        parts = permission.split(".")
        area, node = (parts[1], ".".join(parts[2:])) if len(parts) > 2 else ("", permission)
        areas.setdefault(area, []).append(node)
    return [
        ConsentLine(f"Use {in_words(area)}" if area else "Use other parts of the API", ", ".join(nodes))
        for area, nodes in areas.items()
    ]


def in_words(area: str) -> str:
    """ "OrderBook" is "order book"."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", area).lower()
