"""A snapshot of the manifest as a person reads it: its modules, and what it changes."""

from collections.abc import Iterable
from dataclasses import dataclass

from linnapp.manifest import Difference, Manifest, ManifestModule, differences, parse
from linnapp.manifest.differences import shown
from linnapp.models import Application, Version
from linnapp.module_types import known_type
from linnapp.services import versions
from linnapp.services.manifests import manifest_of

WORDS = {"added": "New", "removed": "Removed", "changed": "Changed"}
WHOLE = "The whole manifest"


@dataclass(frozen=True)
class ReadParameter:
    name: str
    value: str
    hint: str


@dataclass(frozen=True)
class ReadModule:
    """One module with the labels of its type and the hints of its parameters, where they are known."""

    module: ManifestModule
    type_label: str
    parameters: list[ReadParameter]
    extra: list[ReadParameter]


@dataclass(frozen=True)
class Change:
    word: str
    what: str
    old: str
    new: str


@dataclass(frozen=True)
class ChangedPart:
    """What changed in one module, or in the manifest as a whole."""

    title: str
    changes: list[Change]


def modules_of(manifest: Manifest) -> list[ReadModule]:
    return [_read(module) for module in manifest.modules]


def _read(module: ManifestModule) -> ReadModule:
    known = known_type(module.type)
    hints = {parameter.name.lower(): parameter.hint for parameter in known.parameters} if known else {}
    return ReadModule(
        module,
        known.label if known else module.type,
        [ReadParameter(p.name, shown(p.value), hints.get(p.name.lower(), "")) for p in module.parameters],
        [ReadParameter(name, shown(value), "") for name, value in module.extra.items()],
    )


def changes_to_release(application: Application) -> list[ChangedPart]:
    """What the saved manifest changes to the newest version; everything is new where there is none."""
    return changes(versions.newest(application), manifest_of(application))


def changes_of(version: Version) -> tuple[Version | None, list[ChangedPart]]:
    """The version before, by number (of the Development Version: the newest), and what this one changes to it."""
    siblings = Version.objects.of_application(version.application).released()
    earlier = siblings if version.is_development else siblings.below(version.numbers)
    before = earlier.newest_first().first()
    return before, changes(before, parse(version.snapshot))


def changes(before: Version | None, after: Manifest) -> list[ChangedPart]:
    old = parse(before.snapshot) if before else Manifest()
    titles: dict[str | None, str] = {module.key: module.label for module in (*old.modules, *after.modules)}
    return list(_by_part(differences(old if before else None, after), titles))


def _by_part(found: Iterable[Difference], titles: dict[str | None, str]) -> Iterable[ChangedPart]:
    parts: dict[str | None, list[Change]] = {}
    for difference in found:
        title = titles.get(difference.module_key, WHOLE)
        what = difference.label.removeprefix(f"{title} · ")
        change = Change(WORDS[difference.kind], what, difference.old, difference.new)
        parts.setdefault(difference.module_key, []).append(change)
    for key, listed in parts.items():
        yield ChangedPart(titles.get(key, WHOLE), listed)
