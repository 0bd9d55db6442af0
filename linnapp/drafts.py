"""The manifest while somebody edits it: a value that travels in the form, and what each button does to it.

Nothing of a draft is stored. What was deleted stays in it, marked, so that it can be put back until it is saved.
"""

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from linnapp.manifest import Manifest, ManifestModule, ManifestParameter, new_key, preset, size_errors
from linnapp.manifest.differences import matched
from linnapp.module_types import EXTERNAL_APPLICATION


class NoSuchPart(LookupError):
    """The draft has no such module or parameter: the form was not made by the portal."""


@dataclass(frozen=True)
class DraftModule:
    """`gone` are the places of deleted parameters; `unfolded` whether its row stands open; `at` the place among its
    parameters that was turned to, where they are more than a page; `stood` whether it was saved when the draft was
    begun: where it is not saved any more, somebody deleted it meanwhile."""

    value: ManifestModule
    deleted: bool = False
    unfolded: bool = False
    gone: frozenset[int] = frozenset()
    at: int | None = None
    stood: bool = False

    @property
    def key(self) -> str:
        return self.value.key

    @property
    def nested(self) -> int | None:
        """How many modules the group holds in place of a name; None where the group is a name, or nothing."""
        groups = (value for name, value in self.value.extra.items() if name.lower() == "group")
        return next((len(value) for value in groups if isinstance(value, list)), None)

    def kept(self) -> Iterator[tuple[int, ManifestParameter]]:
        """Parameters that would be saved, each with its place in the form: a row left empty is not one."""
        for place, parameter in enumerate(self.value.parameters):
            empty = not parameter.name and parameter.value in ("", None) and not parameter.extra
            if place not in self.gone and not empty:
                yield place, parameter


@dataclass(frozen=True)
class Draft:
    """`revision` is the saved one it began from. `checked`: its author asked to save it, and wants to see errors.
    `focus` is the id of the element that the last button changed. `only` is the key of the one module that its page
    holds, "" on the page of all of them. `moving` is the key of the module whose folder is being chosen. `find` is what
    modules are looked for by: the others are in the form, and not shown."""

    modules: tuple[DraftModule, ...] = ()
    permissions: tuple[str, ...] = ()
    script_url: str = ""
    extra: dict[str, object] = field(default_factory=dict)
    revision: int = 0
    checked: bool = False
    focus: str = ""
    only: str = ""
    moving: str = ""
    find: str = ""

    def live(self) -> list[DraftModule]:
        return [module for module in self.modules if not module.deleted]

    def manifest(self) -> Manifest:
        """What saving this draft would save."""
        modules = tuple(
            replace(module.value, parameters=tuple(parameter for _, parameter in module.kept()))
            for module in self.live()
        )
        return Manifest(modules, self.permissions, self.script_url, self.extra)


def draft_of(manifest: Manifest, revision: int, unfolded: Container[str] = ()) -> Draft:
    """A manifest opened for editing; its one module stands open, and those with the keys in `unfolded`."""
    alone = len(manifest.modules) == 1
    modules = tuple(DraftModule(m, unfolded=alone or m.key in unfolded, stood=True) for m in manifest.modules)
    return Draft(modules, manifest.permissions, manifest.script_url, manifest.extra, revision)


def draft_of_one(manifest: Manifest, revision: int, key: str) -> Draft:
    """A manifest of which one module is edited, on a page of its own."""
    return replace(unfold(draft_of(manifest, revision), key), focus="", only=key)


def keeping_keys(saved: Manifest, imported: Manifest) -> Manifest:
    """The imported manifest; a module that came without its key gets that of the saved one of its type and name."""
    pairs = matched(saved, imported)
    modules = tuple(
        replace(module, key=pairs[module.key].key) if module.key in pairs else module for module in imported.modules
    )
    return replace(imported, modules=modules)


def add_module(draft: Draft) -> Draft:
    """An empty module at the end: its author chooses the type first."""
    return _with_new(draft, len(draft.modules), ManifestModule(type=""))


def put_back(draft: Draft, name: str) -> Draft:
    """External Application again: the one just deleted, as it was, else the one new applications begin with."""
    for module in draft.modules:
        if module.deleted and module.value.type == EXTERNAL_APPLICATION.name:
            return undo_delete(draft, module.key)
    (begun,) = preset("SYSTEM", name).modules
    return _with_new(draft, len(draft.modules), begun)


def duplicate(draft: Draft, key: str) -> Draft:
    """A copy right below, without the parameters deleted and under a key of its own."""
    place = _place(draft, key)
    original = draft.modules[place]
    parameters = tuple(parameter for _, parameter in original.kept())
    return _with_new(draft, place + 1, replace(original.value, key=new_key(), parameters=parameters))


def unfold(draft: Draft, key: str) -> Draft:
    return _changed(draft, key, lambda module: replace(module, unfolded=True), focus="row")


def turn_to(draft: Draft, key: str, place: int) -> Draft:
    """The page of its parameters that holds this place."""
    if place >= len(draft.modules[_place(draft, key)].value.parameters):
        raise NoSuchPart(f"{key} {place}")
    turned = partial(replace, unfolded=True, at=place)
    return _changed(draft, key, turned, focus=f"p{place}-name")


def delete(draft: Draft, key: str) -> Draft:
    return _changed(draft, key, lambda module: replace(module, deleted=True), focus="undo")


def undo_delete(draft: Draft, key: str) -> Draft:
    return _changed(draft, key, lambda module: replace(module, deleted=False), focus="row")


def move(draft: Draft, key: str, step: int) -> Draft:
    """One place up (-1) or down (1) among the modules of its folder; at the end of it, nothing moves."""
    folder = folder_of(draft, draft.modules[_place(draft, key)])
    place = [module.key for module in folder].index(key)
    if not 0 <= place + step < len(folder):
        return replace(draft, focus=f"m-{key}-row")
    moved, other = folder[place], folder[place + step]
    swapped = {moved.key: other, other.key: moved}
    at_end = not 0 <= place + 2 * step < len(folder)
    button = "up" if (step < 0) != at_end else "down"
    modules = tuple(swapped.get(module.key, module) for module in draft.modules)
    return replace(draft, modules=modules, focus=f"m-{key}-{button}")


def choose_folder(draft: Draft, key: str) -> Draft:
    """Asks which folder a module is to go to."""
    return replace(_changed(draft, key, replace, focus="folder"), moving=key)


def in_folder(draft: Draft, key: str, group: str) -> Draft:
    """The module in that folder, at the place it has among all modules. One that holds modules in its group stays."""

    def moved(module: DraftModule) -> DraftModule:
        same = module.nested is not None or module.value.group.strip() == group
        return module if same else replace(module, value=replace(module.value, group=group))

    return _changed(draft, key, moved, focus="row")


def in_saved_folder(draft: Draft, key: str, saved: Manifest) -> Draft:
    """The module back where it was saved."""
    groups = {module.key: module.group for module in saved.modules}
    if key not in groups:
        raise NoSuchPart(key)
    return in_folder(draft, key, groups[key])


def at_row(draft: Draft, key: str) -> Draft:
    """The draft as it is, seen from this module."""
    return _changed(draft, key, replace, focus="row")


def folder_of(draft: Draft, module: DraftModule) -> list[DraftModule]:
    """The modules a module is sorted among: those of its group, itself too where it is deleted."""
    return [m for m in draft.modules if m.value.group == module.value.group and (m is module or not m.deleted)]


def add_parameter(draft: Draft, key: str, name: str) -> Draft:
    """A parameter with no value yet; without a name, one whose name its author writes."""
    place = len(draft.modules[_place(draft, key)].value.parameters)

    def added(module: DraftModule) -> DraftModule:
        parameters = (*module.value.parameters, ManifestParameter(name))
        return replace(module, value=replace(module.value, parameters=parameters), unfolded=True, at=place)

    return _told_if_too_much(_changed(draft, key, added, focus=f"p{place}-{'value' if name else 'name'}"))


def delete_parameter(draft: Draft, key: str, place: int) -> Draft:
    return _with_gone(draft, key, place, lambda gone: gone | {place}, focus=f"p{place}-undo")


def undo_delete_parameter(draft: Draft, key: str, place: int) -> Draft:
    return _with_gone(draft, key, place, lambda gone: gone - {place}, focus=f"p{place}-value")


def _place(draft: Draft, key: str) -> int:
    for place, module in enumerate(draft.modules):
        if module.key == key:
            return place
    raise NoSuchPart(key)


def _changed(draft: Draft, key: str, change: Callable[[DraftModule], DraftModule], *, focus: str) -> Draft:
    place = _place(draft, key)
    modules = (*draft.modules[:place], change(draft.modules[place]), *draft.modules[place + 1 :])
    return replace(draft, modules=modules, focus=f"m-{key}-{focus}")


def _with_new(draft: Draft, place: int, value: ManifestModule) -> Draft:
    added = DraftModule(value, unfolded=True)
    modules = (*draft.modules[:place], added, *draft.modules[place:])
    focus = f"m-{value.key}-{'formatted_name' if value.type else 'type'}"
    return _told_if_too_much(replace(draft, modules=modules, focus=focus))


def _told_if_too_much(draft: Draft) -> Draft:
    """What no manifest can hold is said when it is added, not only when it is saved."""
    return replace(draft, checked=True) if any(size_errors(draft.manifest())) else draft


def _with_gone(
    draft: Draft, key: str, place: int, change: Callable[[frozenset[int]], Iterable[int]], *, focus: str
) -> Draft:
    if place >= len(draft.modules[_place(draft, key)].value.parameters):
        raise NoSuchPart(f"{key} {place}")
    return _changed(draft, key, lambda module: replace(module, gone=frozenset(change(module.gone))), focus=focus)
