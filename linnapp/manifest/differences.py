"""What one manifest has that another has not: each difference in its parts, and in words."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from linnapp.manifest.values import Json, Manifest, ManifestModule


class Part(StrEnum):
    """What it is that differs."""

    MODULE = "MODULE"
    MODULE_ORDER = "MODULE_ORDER"
    FIELD = "FIELD"
    MODULE_MEMBER = "MODULE_MEMBER"
    PARAMETER = "PARAMETER"
    PARAMETER_MEMBER = "PARAMETER_MEMBER"
    PARAMETER_ORDER = "PARAMETER_ORDER"
    PERMISSION = "PERMISSION"
    PERMISSION_ORDER = "PERMISSION_ORDER"
    SCRIPT_URL = "SCRIPT_URL"
    MANIFEST_MEMBER = "MANIFEST_MEMBER"


class How(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Field(StrEnum):
    """The fields of a module, by their names in the export."""

    TYPE = "type"
    GROUP = "group"
    NAME = "moduleName"
    FORMATTED_NAME = "formattedName"
    PATH = "path"


FIELDS = {
    Field.TYPE: "Type",
    Field.GROUP: "Group",
    Field.NAME: "Module Name",
    Field.FORMATTED_NAME: "Formatted Name",
    Field.PATH: "Path",
}
ATTRIBUTES = {
    Field.TYPE: "type",
    Field.GROUP: "group",
    Field.NAME: "name",
    Field.FORMATTED_NAME: "formatted_name",
    Field.PATH: "path",
}
ORDERS = {
    Part.MODULE_ORDER: "Order of modules",
    Part.PARAMETER_ORDER: "Order of parameters",
    Part.PERMISSION_ORDER: "Order of permissions",
}


@dataclass(frozen=True)
class Difference:
    """One difference. `name` is that of the field, parameter, permission or member, "" for what has none; `parameter`
    the one that a member stands in. `old` and `new` are as shown, "" where there is none. `module_key` is None, and
    `module_label` "", for what belongs to the manifest as a whole.

    Readers go by these: `path` is where it stands, and `label` and `what` are for people, never to be taken apart.
    """

    part: Part
    kind: How
    path: str
    name: str = ""
    parameter: str = ""
    old: str = ""
    new: str = ""
    module_key: str | None = None
    module_label: str = ""

    @property
    def label(self) -> str:
        """What differs, and in which module."""
        return f"{self.module_label} · {self.what}" if self.module_key is not None and not self.is_module else self.what

    @property
    def what(self) -> str:
        """The same for whoever reads the module's name above it."""
        if self.is_module:
            return f"Module “{self.module_label}” {self.kind}"
        if self.part == Part.FIELD:
            return FIELDS[Field(self.name)]
        if self.part == Part.PARAMETER_MEMBER:
            return f"{self.parameter} · {self.name}"
        if self.part == Part.PERMISSION:
            return f"Permission {self.name}"
        return ORDERS.get(self.part) or ("Script URL" if self.part == Part.SCRIPT_URL else self.name)

    @property
    def is_module(self) -> bool:
        """Whether a whole module came or went."""
        return self.part == Part.MODULE

    @property
    def says_more(self) -> bool:
        """Whether the values tell what the label does not."""
        return self.part not in (Part.MODULE, Part.PERMISSION)


# Most of what is compared is the same: a difference is made once there is one.
Making = Callable[..., Difference]


def differences(old: Manifest | None, new: Manifest) -> list[Difference]:
    """From `old` (None: there was none) to `new`; an empty list where both say the same."""
    before = old or Manifest()
    pairs = matched(before, new)
    found = list(_modules(before, new, pairs))
    found += _permissions(before, new)
    script = partial(Difference, Part.SCRIPT_URL, path="ScriptUrl")
    found += _changed(script, before.script_url, new.script_url)
    found += _members(before.extra, new.extra, Difference(Part.MANIFEST_MEMBER, How.CHANGED, ""))
    return found


def matched(old: Manifest, new: Manifest) -> dict[str, ManifestModule]:
    """The module before for each key of a module now: by key, else by type and name among those left over."""
    by_key = {module.key: module for module in old.modules}
    pairs = {module.key: by_key[module.key] for module in new.modules if module.key in by_key}
    left = [module for module in old.modules if module.key not in pairs]
    for module in new.modules:
        if module.key not in pairs:
            same = next((o for o in left if (o.type, o.name) == (module.type, module.name)), None)
            if same:
                left.remove(same)
                pairs[module.key] = same
    return pairs


def _modules(old: Manifest, new: Manifest, pairs: dict[str, ManifestModule]) -> Iterator[Difference]:
    for place, module in enumerate(new.modules):
        whole = _of(module, Part.MODULE, How.ADDED, f"modules[{place}]")
        if module.key in pairs:
            yield from _module(pairs[module.key], module, whole)
        else:
            yield replace(whole, new=module.type)
    kept = {module.key for module in pairs.values()}
    for place, module in enumerate(old.modules):
        if module.key not in kept:
            yield replace(_of(module, Part.MODULE, How.REMOVED, f"modules[{place}]"), old=module.type)
    order = [pairs[module.key].key for module in new.modules if module.key in pairs]
    if order != [module.key for module in old.modules if module.key in kept]:
        was, is_now = (", ".join(module.label for module in manifest.modules) for manifest in (old, new))
        yield Difference(Part.MODULE_ORDER, How.CHANGED, "modules", old=was, new=is_now)


def _of(module: ManifestModule, part: Part, kind: How, path: str) -> Difference:
    return Difference(part, kind, path, module_key=module.key, module_label=module.label)


def _module(old: ManifestModule, new: ManifestModule, whole: Difference) -> Iterator[Difference]:
    for name, attribute in ATTRIBUTES.items():
        found = partial(replace, whole, part=Part.FIELD, path=f"{whole.path}.{name}", name=name)
        yield from _changed(found, getattr(old, attribute), getattr(new, attribute))
    yield from _parameters(old, new, replace(whole, path=f"{whole.path}.parameters"))
    yield from _members(old.extra, new.extra, replace(whole, part=Part.MODULE_MEMBER))


def _parameters(old: ManifestModule, new: ManifestModule, all_of_them: Difference) -> Iterator[Difference]:
    """By name, and by place among those of one name; the order of the names is a difference of its own."""
    before, now = _numbered(old), _numbered(new)
    for number, (name, value) in enumerate(now.items()):
        found = _parameter(all_of_them, number, name[0])
        if name not in before:
            yield found(kind=How.ADDED, new=shown(value[0]))
            continue
        yield from _changed(found, before[name][0], value[0])
        if before[name][1] or value[1]:
            member = found(part=Part.PARAMETER_MEMBER, parameter=name[0])
            yield from _members(before[name][1], value[1], member)
    for number, (name, value) in enumerate(before.items()):
        if name not in now:
            yield _parameter(all_of_them, number, name[0])(kind=How.REMOVED, old=shown(value[0]))
    orders = [[name for name in one if name in other] for one, other in ((before, now), (now, before))]
    if orders[0] != orders[1]:
        was, is_now = (", ".join(name for name, _ in order) for order in orders)
        yield replace(all_of_them, part=Part.PARAMETER_ORDER, kind=How.CHANGED, old=was, new=is_now)


def _parameter(all_of_them: Difference, number: int, name: str) -> Making:
    return partial(replace, all_of_them, part=Part.PARAMETER, path=f"{all_of_them.path}[{number}]", name=name)


def _numbered(module: ManifestModule) -> dict[tuple[str, int], tuple[Json, Json]]:
    found: dict[tuple[str, int], tuple[Json, Json]] = {}
    times: Counter[str] = Counter()
    for parameter in module.parameters:
        found[parameter.name, times[parameter.name]] = (parameter.value, parameter.extra)
        times[parameter.name] += 1
    return found


def _permissions(old: Manifest, new: Manifest) -> Iterator[Difference]:
    before, now = Counter(old.permissions), Counter(new.permissions)
    for place, permission in _each_at(new, now - before):
        yield Difference(Part.PERMISSION, How.ADDED, place, permission, new=permission)
    for place, permission in _each_at(old, before - now):
        yield Difference(Part.PERMISSION, How.REMOVED, place, permission, old=permission)
    orders = [_only(manifest.permissions, before & now) for manifest in (old, new)]
    if orders[0] != orders[1]:
        was, is_now = (", ".join(order) for order in orders)
        yield Difference(Part.PERMISSION_ORDER, How.CHANGED, "LinnworksPermissions", old=was, new=is_now)


def _each_at(manifest: Manifest, wanted: Counter[str]) -> Iterator[tuple[str, str]]:
    """Each of these once, at its first place. All places are read at once: there may be as many as fit into a form."""
    places: dict[str, int] = {}
    for place, permission in enumerate(manifest.permissions):
        places.setdefault(permission, place)
    for permission in wanted:
        yield f"LinnworksPermissions[{places[permission]}]", permission


def _only(permissions: tuple[str, ...], common: Counter[str]) -> list[str]:
    """Those that are in both manifests, in the order of this one."""
    left, kept = common.copy(), []
    for permission in permissions:
        if left[permission] > 0:
            left[permission] -= 1
            kept.append(permission)
    return kept


def _members(old: dict[str, Json], new: dict[str, Json], of: Difference) -> Iterator[Difference]:
    """Members that have no field here: icon, files, isHidden and whatever else came with an import."""
    for name in [*new, *(name for name in old if name not in new)]:
        found = partial(replace, of, path=f"{of.path}.{name}" if of.path else name, name=name)
        if name not in old:
            yield found(kind=How.ADDED, new=shown(new[name]))
        elif name not in new:
            yield found(kind=How.REMOVED, old=shown(old[name]))
        else:
            yield from _changed(found, old[name], new[name])


def _changed(found: Making, old: Json, new: Json) -> Iterator[Difference]:
    if not same(old, new):
        yield found(kind=How.CHANGED, old=shown(old), new=shown(new))


def same(old: Json, new: Json) -> bool:
    """Python takes 1, 1.0 and True for equal; in a manifest they are not. Most of what is compared is text."""
    if isinstance(old, str) and isinstance(new, str):
        return old == new
    return json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)


def shown(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
