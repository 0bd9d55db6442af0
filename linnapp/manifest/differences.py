"""What one manifest has that another has not, in words and by field."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from linnapp.manifest.values import Json, Manifest, ManifestModule

FIELDS = {
    "type": ("type", "Type"),
    "group": ("group", "Group"),
    "name": ("moduleName", "Module Name"),
    "formatted_name": ("formattedName", "Formatted Name"),
    "path": ("path", "Path"),
}


@dataclass(frozen=True)
class Difference:
    """One difference: `label` names it for a person, `kind` is "added", "removed" or "changed", old and new are as
    shown, "" where there is none. `module_key` is None for what belongs to the manifest as a whole."""

    path: str
    label: str
    kind: str
    old: str = ""
    new: str = ""
    module_key: str | None = None


def differences(old: Manifest | None, new: Manifest) -> list[Difference]:
    """From `old` (None: there was none) to `new`; an empty list where both say the same."""
    before = old or Manifest()
    pairs = matched(before, new)
    found = list(_modules(before, new, pairs))
    found += _permissions(before, new)
    found += _changed("ScriptUrl", "Script URL", before.script_url, new.script_url, None)
    found += _members(before.extra, new.extra, "", "", None)
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
        path = f"modules[{place}]"
        if module.key in pairs:
            yield from _module(pairs[module.key], module, path)
        else:
            yield Difference(path, f"Module “{module.label}” added", "added", new=module.type, module_key=module.key)
    kept = {module.key for module in pairs.values()}
    for place, module in enumerate(old.modules):
        if module.key not in kept:
            label = f"Module “{module.label}” removed"
            yield Difference(f"modules[{place}]", label, "removed", old=module.type, module_key=module.key)
    order = [pairs[module.key].key for module in new.modules if module.key in pairs]
    if order != [module.key for module in old.modules if module.key in kept]:
        labels = [", ".join(module.label for module in manifest.modules) for manifest in (old, new)]
        yield Difference("modules", "Order of modules", "changed", *labels)


def _module(old: ManifestModule, new: ManifestModule, path: str) -> Iterator[Difference]:
    for field, (name, label) in FIELDS.items():
        where = f"{path}.{name}"
        yield from _changed(where, f"{new.label} · {label}", getattr(old, field), getattr(new, field), new.key)
    yield from _parameters(old, new, path)
    yield from _members(old.extra, new.extra, f"{path}.", f"{new.label} · ", new.key)


def _parameters(old: ManifestModule, new: ManifestModule, path: str) -> Iterator[Difference]:
    """By name, and by place among those of one name; the order of the names is a difference of its own."""
    before, now = _numbered(old), _numbered(new)
    for number, (name, value) in enumerate(now.items()):
        label = f"{new.label} · {name[0]}"
        where = f"{path}.parameters[{number}]"
        if name not in before:
            yield Difference(where, label, "added", new=shown(value[0]), module_key=new.key)
        else:
            yield from _changed(where, label, before[name][0], value[0], new.key)
            yield from _members(before[name][1], value[1], f"{where}.", f"{label} · ", new.key)
    for number, (name, value) in enumerate(before.items()):
        if name not in now:
            where = f"{path}.parameters[{number}]"
            yield Difference(where, f"{new.label} · {name[0]}", "removed", old=shown(value[0]), module_key=new.key)
    orders = [[name for name in one if name in other] for one, other in ((before, now), (now, before))]
    if orders[0] != orders[1]:
        was, is_now = (", ".join(name for name, _ in order) for order in orders)
        yield Difference(f"{path}.parameters", f"{new.label} · Order of parameters", "changed", was, is_now, new.key)


def _numbered(module: ManifestModule) -> dict[tuple[str, int], tuple[Json, Json]]:
    found: dict[tuple[str, int], tuple[Json, Json]] = {}
    times: Counter[str] = Counter()
    for parameter in module.parameters:
        found[parameter.name, times[parameter.name]] = (parameter.value, parameter.extra)
        times[parameter.name] += 1
    return found


def _permissions(old: Manifest, new: Manifest) -> Iterator[Difference]:
    before, now = Counter(old.permissions), Counter(new.permissions)
    for permission in now - before:
        yield Difference(_place(permission, new), f"Permission {permission}", "added", new=permission)
    for permission in before - now:
        yield Difference(_place(permission, old), f"Permission {permission}", "removed", old=permission)
    orders = [_only(manifest.permissions, before & now) for manifest in (old, new)]
    if orders[0] != orders[1]:
        texts = [", ".join(order) for order in orders]
        yield Difference("LinnworksPermissions", "Order of permissions", "changed", texts[0], texts[1])


def _place(permission: str, manifest: Manifest) -> str:
    return f"LinnworksPermissions[{manifest.permissions.index(permission)}]"


def _only(permissions: tuple[str, ...], common: Counter[str]) -> list[str]:
    """Those that are in both manifests, in the order of this one."""
    left, kept = common.copy(), []
    for permission in permissions:
        if left[permission] > 0:
            left[permission] -= 1
            kept.append(permission)
    return kept


def _members(
    old: dict[str, Json], new: dict[str, Json], path: str, label: str, key: str | None
) -> Iterator[Difference]:
    """Members that have no field here: icon, files, isHidden and whatever else came with an import."""
    for name in [*new, *(name for name in old if name not in new)]:
        where, what = f"{path}{name}", f"{label}{name}"
        if name not in old:
            yield Difference(where, what, "added", new=shown(new[name]), module_key=key)
        elif name not in new:
            yield Difference(where, what, "removed", old=shown(old[name]), module_key=key)
        else:
            yield from _changed(where, what, old[name], new[name], key)


def _changed(path: str, label: str, old: Json, new: Json, key: str | None) -> Iterator[Difference]:
    if not same(old, new):
        yield Difference(path, label, "changed", shown(old), shown(new), key)


def same(old: Json, new: Json) -> bool:
    """Python takes 1, 1.0 and True for equal; in a manifest they are not."""
    return json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)


def shown(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
