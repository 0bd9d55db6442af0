"""A snapshot of the manifest as a person reads it: its modules, and what it changes."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from linnapp.manifest import HOST, Difference, How, Manifest, ManifestModule, Part, differences
from linnapp.manifest.differences import shown
from linnapp.models import Application, Version
from linnapp.module_types import known_type
from linnapp.services.manifests import manifest_of
from linnapp.words import counted

WORDS = {How.ADDED: "New", How.REMOVED: "Removed", How.CHANGED: "Changed"}
WHOLE = "The whole manifest"
# Of a manifest that says more, a page draws one line a module, and asks for the rest where one is opened.
MOST_LINES = 60
PERMISSIONS = {Part.PERMISSION, Part.PERMISSION_ORDER}
# What takes something away stands first, then what belongs to no module, as permissions do.
ORDER = (How.REMOVED, None, How.CHANGED, How.ADDED)


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

    @property
    def key_in_address(self) -> str:
        return quote(self.module.key, safe="")

    @property
    def lines(self) -> int:
        return 1 + len(self.parameters) + len(self.extra)


@dataclass(frozen=True)
class Change:
    word: str
    what: str
    old: str
    new: str
    is_permission: bool = False


@dataclass(frozen=True)
class ChangedPart:
    """What changed in one module, or in the manifest as a whole. `key` tells it from the others of one page. `kind` is
    whether a module came, went or changed, None for the manifest as a whole."""

    title: str
    changes: list[Change]
    key: str = ""
    kind: How | None = How.CHANGED

    @property
    def key_in_address(self) -> str:
        return quote(self.key, safe="")

    @property
    def lines(self) -> int:
        return len(self.changes)

    @property
    def place(self) -> int:
        return ORDER.index(self.kind)

    @property
    def said(self) -> str:
        """What stands beside the title where the changes are folded."""
        if self.kind in (How.ADDED, How.REMOVED):
            return WORDS[self.kind]
        permissions = sum(change.is_permission for change in self.changes)
        return counted(self.lines, "change") + (f", {permissions} of permissions" if permissions else "")


def modules_of(manifest: Manifest) -> list[ReadModule]:
    return [_read(module) for module in manifest.modules]


def type_label(module: ManifestModule) -> str:
    """What the module is, in the portal's words; its type as it stands where that is unknown."""
    known = known_type(module.type)
    return known.label if known else module.type or (HOST if module.is_host else "No type")


def _read(module: ManifestModule) -> ReadModule:
    known = known_type(module.type)
    hints = {parameter.name.lower(): parameter.hint for parameter in known.parameters} if known else {}
    return ReadModule(
        module,
        type_label(module),
        [ReadParameter(p.name, shown(p.value), hints.get(p.name.lower(), "")) for p in module.parameters],
        [ReadParameter(name, shown(value), "") for name, value in module.extra.items()],
    )


def changes_to_release(application: Application) -> list[ChangedPart]:
    """What the saved manifest changes to the latest version; everything is new where there is none."""
    return changes(application.versions.the_latest(), manifest_of(application))


def changes_of(version: Version) -> tuple[Version | None, list[ChangedPart]]:
    """The version before, by number (of the Development Version: the latest), and what this one changes to it."""
    siblings = Version.objects.of_application(version.application)
    earlier = siblings.installable() if version.is_development else siblings.below(version.numbers)
    before = earlier.newest_first().first()
    return before, changes(before, version.manifest())


def changes(before: Version | None, after: Manifest) -> list[ChangedPart]:
    old = before.manifest() if before else Manifest()
    modules = {module.key: module for module in (*old.modules, *after.modules)}
    parts: dict[str | None, ChangedPart] = {}
    for difference in differences(old if before else None, after):
        key = difference.module_key
        module = modules.get(key or "")
        part = ChangedPart(module.label if module else WHOLE, [], key or "", kind_of_part(difference))
        parts.setdefault(key, part).changes.extend(_changes(difference, module))
    return sorted(parts.values(), key=lambda part: part.place)


def kind_of_part(difference: Difference) -> How | None:
    """What became of that which the difference stands in."""
    if difference.module_key is None:
        return None
    return difference.kind if difference.is_module else How.CHANGED


def summed(parts: list[ChangedPart], *, verbs: bool = False) -> str:
    """“26 modules new, 1 removed, 3 changed”, `verbs`: “26 modules are new, 1 is removed, 3 are changed”; "" where no
    module differs."""
    totals = Counter(part.kind for part in parts)
    told: list[str] = []
    for kind in (How.ADDED, How.REMOVED, How.CHANGED):
        if number := totals[kind]:
            what = str(number) if told else counted(number, "module")
            verb = "" if not verbs else " is" if number == 1 else " are"
            told.append(f"{what}{verb} {WORDS[kind].lower()}")
    return ", ".join(told)


def are_long(parts: list[ChangedPart] | list[ReadModule]) -> bool:
    return sum(part.lines for part in parts) > MOST_LINES


def _changes(difference: Difference, module: ManifestModule | None) -> Iterator[Change]:
    """One line, or for a module that came or went a line for it and for each parameter that says something."""
    word = WORDS[difference.kind]
    if module is None or not difference.is_module:
        is_permission = difference.part in PERMISSIONS
        yield Change(word, difference.what, difference.old, difference.new, is_permission)
        return
    read = _read(module)
    came = difference.kind == How.ADDED
    for what, value in (("this module, of type", read.type_label), *((p.name, p.value) for p in read.parameters)):
        if value:
            yield Change(word, what, "" if came else value, value if came else "")
