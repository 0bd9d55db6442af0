"""What moving from one version to another means to whoever has the first, in the words of the consent page, and field
by field. An installer is no member of the developer's team: names and folders of modules are left out, and a value is
shown only where it is known to be harmless. What stands behind the host of an address may be a key."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from linnapp.manifest import (
    ConsentLine,
    Difference,
    Field,
    How,
    ManifestModule,
    Part,
    consent_lines,
    differences,
    newly_reached,
)
from linnapp.manifest.differences import shown
from linnapp.manifest.permission_words import sentence_of
from linnapp.models import Version
from linnapp.module_types import ValueKind, known_type
from linnapp.snapshots import PERMISSIONS, WORDS, Change, ChangedPart, are_long, kind_of_part, summed, type_label

# What an installer calls what is of no module: a manifest is the developer's word.
WHOLE = "The application as a whole"
SET, SET_ANEW = "set", "set to something else"
ELSEWHERE = "(another address there)"
LONGEST_SHOWN = 300
# For the developer's own order, and what orders them.
PRIVATE_PARTS = {Part.MODULE_ORDER, Part.PARAMETER_ORDER, Part.PERMISSION_ORDER}
# More modules than these stand under one line, so that what is below them is seen.
FEW_MODULES = 5
PRIVATE_FIELDS = {Field.GROUP, Field.NAME, Field.FORMATTED_NAME}
# What stands in addresses, also in such as no pattern of addresses finds.
ADDRESSED = re.compile(r"[/\\?@=&%]")
HOST = re.compile(r"[\w.:-]{1,253}")
PLAIN = {ValueKind.TEXT, ValueKind.INTEGER, ValueKind.BOOLEAN, ValueKind.UPPER_NAME}


@dataclass(frozen=True)
class Comparison:
    """`reaches` is all that it can after, told where it can less than before."""

    reaches: list[ConsentLine]
    gains: list[ConsentLine]
    loses: list[ConsentLine]
    parts: list[ChangedPart]

    @property
    def is_long(self) -> bool:
        return are_long(self.parts)

    @property
    def whole(self) -> list[ChangedPart]:
        """What belongs to no module: one part, or none."""
        return [part for part in self.parts if part.kind is None]

    @property
    def modules(self) -> list[ChangedPart]:
        return [part for part in self.parts if part.kind is not None]

    @property
    def are_many(self) -> bool:
        return self.is_long and len(self.modules) > FEW_MODULES

    @property
    def sums(self) -> str:
        return summed(self.parts, verbs=True)


def compared(before: Version, after: Version) -> Comparison:
    old, new = before.manifest(), after.manifest()
    modules = {module.key: module for module in (*old.modules, *new.modules)}
    listed: dict[str | None, ChangedPart] = {}
    for difference in differences(old, new):
        part = ChangedPart("", [], difference.module_key or "", kind_of_part(difference))
        part = listed.setdefault(difference.module_key, part)
        part.changes.extend(_told(difference, modules.get(part.key)))
    found = sorted((part for part in listed.values() if part.changes), key=lambda part: part.place)
    titles = _titles([modules.get(part.key) for part in found])
    return Comparison(
        reaches=consent_lines(new),
        gains=newly_reached(old, new),
        loses=newly_reached(new, old),
        parts=[
            replace(part, title=title, key=str(place))
            for place, (title, part) in enumerate(zip(titles, found, strict=True))
        ],
    )


def _titles(modules: list[ManifestModule | None]) -> list[str]:
    """Their types, with a number where there are several of one."""
    labels = [type_label(module) if module else WHOLE for module in modules]
    totals, before, titles = Counter(labels), Counter[str](), []
    for label in labels:
        before[label] += 1
        titles.append(label if totals[label] == 1 else f"{label} {before[label]}")
    return titles


def _label(type_name: str) -> str:
    known = known_type(type_name)
    return known.label if known else type_name


def _told(difference: Difference, module: ManifestModule | None) -> Iterator[Change]:
    part, is_field = difference.part, difference.part == Part.FIELD
    if part in PRIVATE_PARTS or (is_field and difference.name in PRIVATE_FIELDS):
        return
    if module and difference.is_module:
        yield from _whole(difference, module)
        return
    old, new, what = difference.old, difference.new, difference.what
    if part == Part.PERMISSION:
        # Its name is said where all names are folded.
        old, new, what = (sentence_of(old) if old else ""), (sentence_of(new) if new else ""), "Permission"
    elif is_field and difference.name == Field.TYPE:
        old, new = _label(old), _label(new)
    else:
        old, new = _values(old, new, plain=part == Part.PARAMETER and _is_plain(difference.name, module))
    yield Change(WORDS[difference.kind], what, old, new, part in PERMISSIONS)


def _whole(difference: Difference, module: ManifestModule) -> Iterator[Change]:
    """A module that came or went: a line for it, and one for each parameter that says something."""
    yield _line(difference.kind, "this module, of type", type_label(module))
    for parameter in module.parameters:
        if value := shown(parameter.value):
            yield _line(difference.kind, parameter.name, _value(value, plain=_is_plain(parameter.name, module)))


def _line(kind: How, what: str, value: str) -> Change:
    return Change(WORDS[kind], what, *(("", value) if kind == How.ADDED else (value, "")))


def _is_plain(parameter: str, module: ManifestModule | None) -> bool:
    """Whether its value is a number, a name, a yes or no; what the developer named or wrote freely may hold a key."""
    known = known_type(module.type) if module else None
    found = known.parameter(parameter) if known else None
    return found is not None and found.kind in PLAIN


def _values(old: str, new: str, *, plain: bool) -> tuple[str, str]:
    was, is_now = (_value(value, plain=plain) if value else "" for value in (old, new))
    if was != is_now:
        return was, is_now
    return was, SET_ANEW if is_now == SET else f"{is_now} {ELSEWHERE}"


def _value(value: str, *, plain: bool) -> str:
    if "://" in value:
        return _host_only(value)
    return value if plain and len(value) <= LONGEST_SHOWN and not ADDRESSED.search(value) else SET


def _host_only(address: str) -> str:
    try:
        parts = urlsplit(address)
        host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
    except ValueError:
        return SET
    if parts.scheme not in ("http", "https") or not host or not HOST.fullmatch(host):
        return SET
    return f"{parts.scheme}://{host}{'' if parts.path in {'', '/'} and not parts.query else '/…'}"
