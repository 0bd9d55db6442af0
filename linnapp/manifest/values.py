"""A manifest as a value, and its JSON: the spelling that the editor exports. No ORM."""

import uuid
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from linnapp.module_types import PRESETS

Json = Any

# The members of each level, in the spelling of the export; they are read in any letter case.
MANIFEST_MEMBERS = ("Modules", "LinnworksPermissions", "ScriptUrl")
MODULE_MEMBERS = ("key", "moduleName", "formattedName", "type", "path", "group", "parameters")
PARAMETER_MEMBERS = ("name", "value")
_MODULE_FIELDS = frozenset(name.casefold() for name in MODULE_MEMBERS)
LONGEST_NAME = 200
# What stands where others show the label of their type.
HOST = "Host of modules"


def new_key() -> str:
    return uuid.uuid4().hex


@dataclass(frozen=True)
class ManifestParameter:
    """`value` is any JSON, kept as it came: a number in quotation marks stays one."""

    name: str
    value: Json = ""
    extra: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class ManifestModule:
    """`key` names the module through all snapshots, 32 hexadecimal digits; `extra` holds members not known here.

    Where the group came as a list of nested modules, `group` is "" and the list stands in `extra` as it came.
    """

    type: str
    key: str = field(default_factory=new_key)
    group: str = ""
    name: str = ""
    formatted_name: str = ""
    path: str = ""
    parameters: tuple[ManifestParameter, ...] = ()
    extra: dict[str, Json] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return self.formatted_name or self.name or self.type or (HOST if self.is_host else "Module without a type")

    @property
    def is_host(self) -> bool:
        """Whether it is there to hold others in its group: such a one needs no type."""
        return not self.type and bool(nested_group(self))

    def value_of(self, parameter: str) -> Json:
        """Value of the parameter of that name in any letter case, or None."""
        folded = parameter.casefold()
        return next((p.value for p in self.parameters if p.name.casefold() == folded), None)


@dataclass(frozen=True)
class Manifest:
    modules: tuple[ManifestModule, ...] = ()
    permissions: tuple[str, ...] = ()
    script_url: str = ""
    extra: dict[str, Json] = field(default_factory=dict)


def to_json(manifest: Manifest) -> dict[str, Json]:
    """The export, and the snapshot of a version: `parse` and `from_snapshot` of it give the same manifest again."""
    return {
        "Modules": [_module_json(module) for module in manifest.modules],
        "LinnworksPermissions": list(manifest.permissions),
        "ScriptUrl": manifest.script_url,
        **deepcopy(without_fields(manifest.extra, MANIFEST_MEMBERS)),
    }


def _module_json(module: ManifestModule) -> dict[str, Json]:
    others = {name: deepcopy(value) for name, value in module.extra.items() if is_extra(name, value)}
    members = {
        "key": module.key,
        "moduleName": module.name,
        "formattedName": module.formatted_name,
        "type": module.type,
        "path": module.path,
        "group": module.group,
        "parameters": [
            {"name": p.name, "value": deepcopy(p.value), **deepcopy(without_fields(p.extra, PARAMETER_MEMBERS))}
            for p in module.parameters
        ],
    }
    # A group may be an array of nested modules: it is kept as it came, in place of a label.
    if member(others, "group") is not None:
        del members["group"]
    return members | others


def without_fields(members: dict[str, Json], fields: tuple[str, ...]) -> dict[str, Json]:
    """The members without a field of their own, in whatever letter case: a field is never written twice."""
    taken = {name.casefold() for name in fields}
    return {name: value for name, value in members.items() if name.casefold() not in taken}


def is_extra(name: str, value: Json) -> bool:
    """Whether a module's member has no field of its own. A group has one only while it is a label."""
    folded = name.casefold()
    return folded not in _MODULE_FIELDS or (folded == "group" and isinstance(value, list))


def member(members: dict[str, Json], name: str, default: Json = None) -> Json:
    """The member of that name in any letter case."""
    if name in members:
        return members[name]
    folded = name.casefold()
    return next((value for key, value in members.items() if key.casefold() == folded), default)


def every_module(manifest: Manifest) -> Iterator[tuple[str, ManifestModule]]:
    """Every module with its path, those nested in another's group included: what they reach counts as well."""
    for place, module in enumerate(manifest.modules):
        yield from _with_nested(f"modules[{place}]", module)


def nested_group(module: ManifestModule) -> list[Json]:
    """The JSON of the modules nested in this one; empty where its group is a label."""
    return list_member(module.extra, "group")


def _with_nested(path: str, module: ManifestModule) -> Iterator[tuple[str, ManifestModule]]:
    yield path, module
    for place, members in enumerate(nested_group(module)):
        if isinstance(members, dict):
            yield from _with_nested(f"{path}.group[{place}]", module_by_shape(members, key=""))


def module_by_shape(members: dict[str, Json], *, key: str) -> ManifestModule:
    """By its shape alone, whatever the rules say: a member of a wrong JSON type reads as one that is missing."""
    return ManifestModule(
        type=text_member(members, "type"),
        key=key,
        group=text_member(members, "group"),
        name=text_member(members, "moduleName"),
        formatted_name=text_member(members, "formattedName"),
        path=text_member(members, "path"),
        parameters=tuple(
            ManifestParameter(
                text_member(each, "name"), member(each, "value", ""), without_fields(each, PARAMETER_MEMBERS)
            )
            for each in list_member(members, "parameters")
            if isinstance(each, dict)
        ),
        extra={name: value for name, value in members.items() if is_extra(name, value)},
    )


def text_member(members: dict[str, Json], name: str) -> str:
    """ "" for what is missing, and for what is no text."""
    value = member(members, name)
    return value if isinstance(value, str) else ""


def list_member(members: dict[str, Json], name: str) -> list[Json]:
    """Empty for what is missing, and for what is no list."""
    value = member(members, name)
    return value if isinstance(value, list) else []


def preset(application_type: str, application_name: str) -> Manifest:
    """The manifest a new application of a type begins with. Its empty parameters may be saved as they are."""
    begun = PRESETS[application_type]
    return Manifest(
        (
            ManifestModule(
                type=begun.name,
                name="".join(part for part in application_name.title() if part.isalnum())[:LONGEST_NAME] or begun.name,
                formatted_name=application_name[:LONGEST_NAME],
                parameters=tuple(
                    ManifestParameter(known.name) for known in begun.parameters if begun is not PRESETS["SYSTEM"]
                ),
            ),
        )
    )


def postback_urls(manifest: Manifest) -> Iterator[tuple[str, ManifestModule, Json]]:
    """Path, module and value of each PostbackUrl, in whatever module it stands. A sound manifest has one at most."""
    for path, module in every_module(manifest):
        for number, parameter in enumerate(module.parameters):
            if parameter.name.casefold() == "postbackurl":
                yield f"{path}.parameters[{number}]", module, parameter.value


def postback_url(manifest: Manifest) -> str | None:
    """The manifest's one PostbackUrl, placeholders unfilled, or None where there is none, it is empty or no text."""
    return next((value for _, _, value in postback_urls(manifest) if value and isinstance(value, str)), None)
