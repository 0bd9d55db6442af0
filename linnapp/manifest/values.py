"""A manifest as a value, and its JSON: the spelling that the editor exports. No ORM."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from linnapp.module_types import PRESETS

Json = Any


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
    """`key` names the module through all snapshots, 32 hexadecimal digits; `extra` holds members not known here."""

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
        return self.formatted_name or self.name or self.type

    def value_of(self, parameter: str) -> Json:
        """Value of the parameter of that name in any letter case, or None."""
        return next((p.value for p in self.parameters if p.name.lower() == parameter.lower()), None)


@dataclass(frozen=True)
class Manifest:
    modules: tuple[ManifestModule, ...] = ()
    permissions: tuple[str, ...] = ()
    script_url: str = ""
    extra: dict[str, Json] = field(default_factory=dict)


def to_json(manifest: Manifest) -> dict[str, Json]:
    """The export, and the snapshot of a version: `parse` of it gives the same manifest again."""
    return {
        "Modules": [_module_json(module) for module in manifest.modules],
        "LinnworksPermissions": list(manifest.permissions),
        "ScriptUrl": manifest.script_url,
        **manifest.extra,
    }


def _module_json(module: ManifestModule) -> dict[str, Json]:
    members = {
        "key": module.key,
        "moduleName": module.name,
        "formattedName": module.formatted_name,
        "type": module.type,
        "path": module.path,
        "group": module.group,
        "parameters": [{"name": p.name, "value": p.value, **p.extra} for p in module.parameters],
    }
    # A group may be an array of nested modules: it is kept as it came, in place of a label.
    if any(name.lower() == "group" for name in module.extra):
        del members["group"]
    return members | module.extra


def preset(application_type: str, application_name: str) -> Manifest:
    """The manifest a new application of a type begins with. Its empty parameters may be saved as they are."""
    begun = PRESETS[application_type]
    return Manifest(
        (
            ManifestModule(
                type=begun.name,
                name="".join(part for part in application_name.title() if part.isalnum()) or begun.name,
                formatted_name=application_name,
                parameters=tuple(
                    ManifestParameter(known.name) for known in begun.parameters if begun is not PRESETS["SYSTEM"]
                ),
            ),
        )
    )


def postback_url(manifest: Manifest) -> str | None:
    """The manifest's one PostbackUrl, or None where there is none or it is empty."""
    values = (module.value_of("PostbackUrl") for module in manifest.modules)
    return next((str(value) for value in values if value), None)
