"""A draft as the editor draws it: folders of modules, of which some stand open and others are one line."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

from linnapp.drafts import Draft, DraftModule
from linnapp.forms.module_lines import drawn_open
from linnapp.forms.module_rows import (
    EXAMPLE_TOKEN,
    EXAMPLE_TRACKING,
    FoldedParameters,
    ModuleRow,
    ParameterRow,
    Problem,
    Spot,
    Words,
)
from linnapp.forms.modules import as_json
from linnapp.forms.parameter_pages import Folded, Page, drawn_page, drawn_places, pages_of
from linnapp.manifest import (
    MOST_MODULES,
    Difference,
    How,
    Manifest,
    ManifestError,
    differences,
    warnings,
)
from linnapp.models import Application, Version
from linnapp.module_types import EXTERNAL_APPLICATION, TYPES, ModuleType, known_type

# Folders offered where one is written: there may be two hundred.
MOST_OFFERED = 25


@dataclass(frozen=True)
class Folder:
    label: str
    rows: Sequence[ModuleRow]

    @property
    def module_count(self) -> int:
        return sum(not row.draft.deleted for row in self.rows)

    @property
    def is_hidden(self) -> bool:
        return all(row.is_hidden for row in self.rows)


class Editor:
    """One draft of one application, ready to be drawn. Reads nothing."""

    def __init__(
        self,
        application: Application,
        draft: Draft,
        *,
        saved: Manifest,
        newest: Version | None,
        errors: Iterable[ManifestError] = (),
    ) -> None:
        self.application = application
        self.draft = draft
        self.newest = newest
        self.errors = list(errors)
        self.manifest = draft.manifest()
        self.unsaved: list[Difference] = differences(saved, self.manifest)
        released = newest.manifest() if newest else None
        self.saved_since_newest = differences(released, saved) if released else []
        self._since_newest = differences(released, self.manifest) if released else []
        self._saved = {module.key: module for module in saved.modules}
        self._words = _by_spot(self.errors)
        self._live = draft.live()
        self._open = drawn_open(draft, (self._live[number].key for number in self._error_counts))
        self._hints = _by_spot(warnings(self.manifest))
        self._sought = draft.find.casefold().split() if self.is_folded else []
        self._drawn: dict[str, tuple[Sequence[Page], frozenset[int]]] = {}

    types = tuple(TYPES.values())
    most_modules = MOST_MODULES
    example_token = EXAMPLE_TOKEN
    example_tracking = EXAMPLE_TRACKING

    @property
    def is_folded(self) -> bool:
        """Whether modules that are not open are drawn as lines."""
        return self._open is not None

    @cached_property
    def alone(self) -> ModuleRow:
        """The one module of a page for one."""
        return next(row for folder in self.folders for row in folder.rows)

    @cached_property
    def _lost(self) -> dict[str, DraftModule]:
        """Modules that were saved when the draft was begun, and are not any more."""
        return {module.key: module for module in self._live if module.stood and module.key not in self._saved}

    @property
    def deleted_meanwhile(self) -> list[str]:
        return [module.value.label for module in self._lost.values()]

    @property
    def unsaved_beside_deleted(self) -> list[Difference]:
        """Without those of what somebody deleted, which a conflict tells first."""
        return [difference for difference in self.unsaved if difference.module_key not in self._lost]

    @property
    def was_saved_once_since(self) -> bool:
        """Whether who saved last is who saved all that was saved since the draft was begun."""
        return self.application.manifest_revision == self.draft.revision + 1

    @property
    def sums(self) -> tuple[int, int, int]:
        """Modules, parameters and folders."""
        modules = self.manifest.modules
        folders = {module.group for module in modules if module.group}
        return len(modules), sum(len(module.parameters) for module in modules), len(folders)

    @cached_property
    def _error_counts(self) -> Counter[int]:
        """By the module's number in the manifest."""
        counts: Counter[int] = Counter()
        for (module, _), words in self._words.items():
            if module is not None:
                counts[module] += sum(map(len, words.values()))
        return counts

    @cached_property
    def folders(self) -> list[Folder]:
        """Folders in the order of their first module; their modules in the order of the manifest."""
        groups: dict[str, list[ModuleRow]] = {}
        for row in self._rows():
            groups.setdefault(row.draft.value.group, []).append(row)
        return [Folder(label, list(_with_ends(rows))) for label, rows in groups.items()]

    @property
    def has_folders(self) -> bool:
        return bool(self.every_group) and not self.draft.only

    @property
    def found_nothing(self) -> bool:
        return bool(self._sought) and all(folder.is_hidden for folder in self.folders)

    @cached_property
    def every_group(self) -> list[str]:
        return sorted({module.value.group for module in self.draft.modules if module.value.group})

    @property
    def groups(self) -> list[str]:
        """Folders offered in the field of each module."""
        return self.every_group[:MOST_OFFERED]

    @property
    def lacks_external_application(self) -> bool:
        wanted = self.application.type == Application.Type.SYSTEM
        return wanted and all(module.type != EXTERNAL_APPLICATION.name for module in self.manifest.modules)

    @property
    def is_full(self) -> bool:
        return len(self.manifest.modules) >= MOST_MODULES

    @property
    def permissions_text(self) -> str:
        return "\n".join(self.draft.permissions)

    @property
    def extra(self) -> str:
        return as_json(self.draft.extra)

    @property
    def problems(self) -> list[Problem]:
        return [Problem(error.path, error.message, self._target(error.path)) for error in self.errors]

    @property
    def permission_errors(self) -> list[str]:
        return self._words.get((None, None), {}).get("LinnworksPermissions", [])

    @property
    def permission_warnings(self) -> list[str]:
        return list(dict.fromkeys(self._hints.get((None, None), {}).get("LinnworksPermissions", [])))

    @property
    def script_errors(self) -> list[str]:
        return self._words.get((None, None), {}).get("ScriptUrl", [])

    def _target(self, path: str) -> str:
        """The id of the field that a path of the manifest leads to, "" where there is none."""
        spot = Spot.of(path)
        if spot.module is None:
            return {"LinnworksPermissions": "permissions", "ScriptUrl": "script_url"}.get(spot.field, "")
        module = self._live[spot.module]
        if self.draft.only not in ("", module.key):
            return ""
        if not self._is_open(module):
            return f"m-{module.key}-row"
        if spot.parameter is not None:
            place = self._kept_places(module)[spot.parameter]
            is_drawn = place in self._pages(module)[1]
            return f"m-{module.key}-p{place}-{spot.field}" if is_drawn else f"m-{module.key}-row"
        return f"m-{module.key}-{spot.field if spot.field in ('type', 'name', 'formatted_name', 'path') else 'row'}"

    def _is_open(self, module: DraftModule) -> bool:
        return self._open is None or module.key in self._open

    def _rows(self) -> Iterator[ModuleRow]:
        for handle, module in enumerate(self.draft.modules):
            if self.draft.only in ("", module.key):
                yield self.row(module, handle)

    def row(self, module: DraftModule, handle: int) -> ModuleRow:
        number = self._numbers.get(module.key, -1)
        known = known_type(module.value.type)
        is_line = not self._is_open(module)
        pages, drawn = ((), frozenset()) if is_line else self._pages(module)
        row = ModuleRow(
            handle,
            module,
            known,
            [] if is_line else list(self._parameter_rows(handle, module, known, number, drawn)),
            self._words.get((number, None), {}),
            self._hints.get((number, None), {}),
            self._marks.get(module.key, ""),
            self._error_counts[number],
            is_line,
            is_line and not module.gone and self._saved.get(module.key) == module.value,
            pages=pages,
            moved_from=self._moved_from(module),
        )
        return replace(row, is_hidden=not row.has(self._sought)) if self._sought else row

    def _moved_from(self, module: DraftModule) -> str | None:
        saved = self._saved.get(module.key)
        is_moved = saved and saved.group != module.value.group and module.nested is None
        return saved.group if saved and is_moved else None

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {module.key: number for number, module in enumerate(self._live)}

    def _pages(self, module: DraftModule) -> tuple[Sequence[Page], frozenset[int]]:
        """Pages of its parameters, none where there is but one to be drawn; and the places that are drawn."""
        if module.key not in self._drawn:
            self._drawn[module.key] = self._paged(module)
        return self._drawn[module.key]

    def _paged(self, module: DraftModule) -> tuple[Sequence[Page], frozenset[int]]:
        pages = pages_of(module)
        if len(pages) == 1 and not pages[0].is_long:
            return (), frozenset(pages[0].places)
        if module.deleted:
            return (), frozenset()
        number, kept = self._numbers[module.key], self._kept_places(module)
        erring = {kept[at]: words for (of, at), words in self._words.items() if of == number and at is not None}
        page = drawn_page(module, pages)
        told = [
            replace(
                each,
                is_drawn=each is page,
                error_count=sum(len(words) for at, words in erring.items() if at in each.places),
            )
            for each in pages
        ]
        return told, drawn_places(page, erring)

    @staticmethod
    def _kept_places(module: DraftModule) -> list[int]:
        return [place for place, _ in module.kept()]

    def _parameter_rows(
        self, handle: int, module: DraftModule, known: ModuleType | None, number: int, drawn: frozenset[int]
    ) -> Iterator[ParameterRow | FoldedParameters]:
        kept = {place: at for at, place in enumerate(self._kept_places(module))}
        folded = Folded(self._saved.get(module.key)) if len(drawn) < len(module.value.parameters) else None
        for is_drawn, places in groupby(range(len(module.value.parameters)), drawn.__contains__):
            if folded and not is_drawn:
                run = ((module.value.parameters[place], place in module.gone) for place in places)
                yield FoldedParameters(folded.written(run))
                continue
            for place in places:
                yield self._parameter_row(handle, module, known, place, (number, kept.get(place, -1)))

    def _parameter_row(
        self, handle: int, module: DraftModule, known: ModuleType | None, place: int, spot: tuple[int, int]
    ) -> ParameterRow:
        parameter = module.value.parameters[place]
        return ParameterRow(
            f"m-{module.key}-p{place}",
            handle,
            place,
            parameter,
            known,
            known.parameter(parameter.name) if known else None,
            place in module.gone,
            self.draft.focus,
            self._words.get(spot, {}),
            self._hints.get(spot, {}).get("value", []),
        )

    @cached_property
    def _marks(self) -> dict[str, str]:
        """For each module that is not as in the newest version: "new" or "changed"."""
        marks: dict[str, str] = {}
        for difference in self._since_newest:
            if difference.module_key:
                came = difference.is_module and difference.kind == How.ADDED
                marks.setdefault(difference.module_key, "new" if came else "changed")
        return marks


def _by_spot(errors: Iterable[ManifestError]) -> dict[tuple[int | None, int | None], Words]:
    """Messages by module and parameter, and there by field."""
    found: dict[tuple[int | None, int | None], Words] = {}
    for error in errors:
        spot = Spot.of(error.path)
        found.setdefault((spot.module, spot.parameter), {}).setdefault(spot.field, []).append(error.message)
    return found


def _with_ends(rows: list[ModuleRow]) -> Iterator[ModuleRow]:
    """Which rows cannot move further up or down: a deleted one is no neighbour."""
    live = [row.handle for row in rows if not row.draft.deleted]
    for row in rows:
        yield replace(row, is_first=row.handle == live[0], is_last=row.handle == live[-1]) if live else row
