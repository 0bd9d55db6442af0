"""Rows of a saved manifest: what of them saving another one changes, worked out before anything is locked."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any
from uuid import UUID

from linnapp.manifest import Manifest, ManifestModule, ManifestParameter
from linnapp.manifest.differences import same
from linnapp.models import Application, Module, Parameter

# Deleted by their keys: SQLite takes so many of them in one statement.
AT_ONCE = 500
FIELDS = ("position", "group", "name", "formatted_name", "type", "path", "extra")


@dataclass(frozen=True)
class KeptParameter:
    """A row, without making an object of it: a thousand cost most of what a page of a manifest does."""

    pk: int
    position: int
    value: ManifestParameter


@dataclass(frozen=True)
class Kept:
    """The rows of one application, as they stand."""

    modules: Sequence[Module]
    parameters: dict[int, list[KeptParameter]]

    @classmethod
    def of(cls, application: Application) -> "Kept":
        rows = Parameter.objects.filter(module__application=application).order_by("position")
        parameters: dict[int, list[KeptParameter]] = defaultdict(list)
        for module, *row in rows.values_list("module_id", "pk", "position", "name", "value", "extra"):
            parameters[module].append(KeptParameter(row[0], row[1], ManifestParameter(*row[2:])))
        return cls(list(application.modules.all()), parameters)

    def values(self) -> Iterable[ManifestModule]:
        for row in self.modules:
            yield module_value(row, [each.value for each in self.parameters.get(row.pk, ())])


def module_value(row: Module, parameters: Iterable[ManifestParameter]) -> ManifestModule:
    return ManifestModule(
        key=row.key.hex,
        group=row.group,
        name=row.name,
        formatted_name=row.formatted_name,
        type=row.type,
        path=row.path,
        parameters=tuple(parameters),
        extra=row.extra,
    )


@dataclass
class Change:
    """What is to be written; the rest stands. A parameter that differs is another row: writing a thousand over by one
    statement costs more than deleting them and adding others."""

    gone_modules: list[int] = field(default_factory=list)
    gone_parameters: list[int] = field(default_factory=list)
    new_modules: list[Module] = field(default_factory=list)
    new_parameters: list[Parameter] = field(default_factory=list)
    moved: list[Module] = field(default_factory=list)
    rewritten: list[Module] = field(default_factory=list)

    def write(self) -> None:
        """Inside a transaction that holds the application."""
        for keys in parts(self.gone_parameters):
            Parameter.objects.filter(pk__in=keys).delete()
        for keys in parts(self.gone_modules):
            Module.objects.filter(pk__in=keys).delete()
        Module.objects.bulk_create(self.new_modules)
        if self.moved:
            Module.objects.bulk_update(self.moved, ["position"])
        for row in self.rewritten:
            row.save(update_fields=FIELDS)
        # Made before their modules had keys.
        for parameter in self.new_parameters:
            parameter.module_id = parameter.module.pk
        Parameter.objects.bulk_create(self.new_parameters)


def parts(keys: Sequence[int]) -> Iterable[Sequence[int]]:
    return (keys[at : at + AT_ONCE] for at in range(0, len(keys), AT_ONCE))


def change_of(application: Application, kept: Kept, manifest: Manifest) -> Change:
    """What makes the rows say this manifest, whose keys are valid; none stands twice."""
    change = Change()
    by_key = {row.key.hex: row for row in kept.modules}
    for position, value in enumerate(manifest.modules):
        fields = {name: getattr(value, name) for name in FIELDS[1:]} | {"position": position}
        row = by_key.pop(value.key, None)
        if row is None:
            row = Module(application=application, key=UUID(value.key), **fields)
            change.new_modules.append(row)
        else:
            _changed(change, row, fields)
        _parameters(change, row, kept.parameters.get(row.pk, ()), value.parameters)
    for row in by_key.values():
        change.gone_modules.append(row.pk)
        _parameters(change, row, kept.parameters.get(row.pk, ()), ())
    return change


def _changed(change: Change, row: Module, fields: dict[str, Any]) -> None:
    differing = {name for name, value in fields.items() if not same(getattr(row, name), value)}
    for name in differing:
        setattr(row, name, fields[name])
    if differing == {"position"}:
        change.moved.append(row)
    elif differing:
        change.rewritten.append(row)


def _parameters(
    change: Change, row: Module, kept: Sequence[KeptParameter], wanted: Sequence[ManifestParameter]
) -> None:
    for position, (old, new) in enumerate(zip_longest(kept, wanted)):
        if old and new and old.position == position and _say_the_same(old.value, new):
            continue
        if old:
            change.gone_parameters.append(old.pk)
        if new:
            values = {"name": new.name, "value": new.value, "extra": new.extra}
            change.new_parameters.append(Parameter(module=row, position=position, **values))


def _say_the_same(old: ManifestParameter, new: ManifestParameter) -> bool:
    return old.name == new.name and same(old.value, new.value) and same(old.extra, new.extra)
