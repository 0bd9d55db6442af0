"""A draft as the editor draws it: folders, rows, and beside each field what is wrong with it or worth a word."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape

from django.utils.safestring import SafeString

from linnapp.drafts import Draft, DraftModule
from linnapp.forms.modules import as_json, kept_beside, typed
from linnapp.manifest import (
    HOST,
    MOST_MODULES,
    TOKEN,
    TRACKING,
    Difference,
    How,
    Manifest,
    ManifestError,
    ManifestParameter,
    differences,
    of_token_in_query,
    warnings,
)
from linnapp.manifest.meaning import POSTBACK_URL
from linnapp.models import Application, Version
from linnapp.module_types import EXTERNAL_APPLICATION, TYPES, ModuleType, ParameterType, ValueKind, known_type

EXAMPLE_TOKEN = "8f2c4a1e-7b3d-4c6f-a5e8-2d9b0c1791d4"
EXAMPLE_TRACKING = "customer-42"
PATH = re.compile(r"modules\[(\d+)\](?:\.parameters\[(\d+)\])?(?:\.(\w+))?")
# What paths call the fields of a module and of a parameter, and what the form does.
MODULE_FIELDS = {
    "type": "type",
    "moduleName": "name",
    "formattedName": "formatted_name",
    "group": "group",
    "path": "path",
    "parameters": "parameters",
}
PARAMETER_FIELDS = {"name": "name", "value": "value"}
REST = "rest"
INPUT_MODES = {ValueKind.URL: "url", ValueKind.INTEGER: "numeric"}
Words = dict[str, list[str]]


@dataclass(frozen=True)
class Spot:
    """Where in the form a path leads: module and parameter by their numbers in the manifest, None where it has none;
    `field` is REST for what has no field of its own."""

    module: int | None = None
    parameter: int | None = None
    field: str = REST

    @classmethod
    def of(cls, path: str) -> "Spot":
        found = PATH.match(path)
        if not found:
            return cls(field=path.partition("[")[0])
        module, name = int(found[1]), found[3] if found.end() == len(path) else None
        if found[2] is None:
            return cls(module, None, MODULE_FIELDS.get(name or "", REST))
        return cls(module, int(found[2]), PARAMETER_FIELDS.get(name or "", "value"))


@dataclass(frozen=True)
class Problem:
    """A line of the summary: where, in words, and the id of the field to go to, "" where there is none."""

    path: str
    message: str
    target: str


@dataclass(frozen=True)
class ParameterRow:
    """`handle` is the module's name in the form, `focus` the id of the element that the last button changed.

    Attributes of the inputs are written here and not in the template: a manifest may hold thousands of parameters,
    and a page of them must not take seconds.
    """

    id: str
    handle: int
    place: int
    value: ManifestParameter
    module_type: ModuleType | None
    known: ParameterType | None
    gone: bool = False
    focus: str = ""
    errors: Words = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return typed(self.value.value)

    @property
    def kept(self) -> str:
        return kept_beside(self.value)

    @property
    def is_postback_url(self) -> bool:
        """Used as one in whatever module it stands."""
        return self.value.name.casefold() == POSTBACK_URL.name.casefold()

    @property
    def is_long(self) -> bool:
        """One line is not enough, or would lose the line ends."""
        return "\n" in self.text or "\r" in self.text or bool(self.known and self.known.kind == ValueKind.JSON)

    @property
    def name_attributes(self) -> SafeString:
        own = self.module_type.name if self.module_type and self.module_type.parameters else ""
        about = f"{self.id}-name-error" if "name" in self.errors else ""
        return self._attributes("name", about, value=self.value.name, list=f"known-{own}" if own else "")

    @property
    def value_attributes(self) -> SafeString:
        about = f"{self.id}-about"
        if self.is_long or self.known is None:
            return self._attributes("value", about, value="" if self.is_long else self.text)
        kind = self.known.kind
        offered = "booleans" if kind == ValueKind.BOOLEAN else ""
        return self._attributes("value", about, value=self.text, inputmode=INPUT_MODES.get(kind, ""), list=offered)

    def _attributes(self, part: str, about: str, **given: str) -> SafeString:
        given |= {"id": f"{self.id}-{part}", "name": f"{self.handle}-p-{part}", "aria-describedby": about}
        written = [f'{name}="{escape(value)}"' for name, value in given.items() if value]
        written += ['aria-invalid="true"'] * (part in self.errors) + ["autofocus"] * (self.focus == given["id"])
        # The values are escaped above; Django's own flatatt does the same at five times the cost.
        return SafeString(" " + " ".join(written))

    @property
    def example(self) -> str:
        """The address as it will be called, with example values; "" where nothing would be filled in."""
        filled = self.text.replace(TOKEN, EXAMPLE_TOKEN).replace(TRACKING, EXAMPLE_TRACKING)
        return "" if filled == self.text else filled

    @property
    def of_token_in_query(self) -> str:
        """Said while it is typed, too; "" where nothing is filled in."""
        return of_token_in_query(self.known) if self.known and self.known.placeholders else ""


@dataclass(frozen=True)
class ModuleRow:
    """`handle` is the module's name in the form: its place in the draft."""

    handle: int
    draft: DraftModule
    known: ModuleType | None
    parameters: Sequence[ParameterRow]
    errors: Words
    warnings: Words = field(default_factory=dict)
    mark: str = ""
    is_first: bool = False
    is_last: bool = False

    @property
    def value(self) -> object:
        return self.draft.value

    @property
    def id(self) -> str:
        return f"m-{self.draft.key}"

    @property
    def title(self) -> str:
        value = self.draft.value
        return value.formatted_name or value.name or (self.type_label if value.type or value.is_host else "New module")

    @property
    def type_label(self) -> str:
        value = self.draft.value
        return self.known.label if self.known else value.type or (HOST if value.is_host else "no type yet")

    @property
    def extra(self) -> str:
        return as_json(self.draft.value.extra)

    @property
    def nested(self) -> int | None:
        """How many modules stand in place of a group's name; None where the group is a name, or nothing."""
        groups = (value for name, value in self.draft.value.extra.items() if name.lower() == "group")
        return next((len(value) for value in groups if isinstance(value, list)), None)

    @property
    def shows_path(self) -> bool:
        return bool(self.draft.value.path or "path" in self.errors or (self.known and self.known.uses_path))

    @property
    def error_count(self) -> int:
        return sum(map(len, self.errors.values())) + sum(
            len(messages) for row in self.parameters for messages in row.errors.values()
        )

    @property
    def is_open(self) -> bool:
        return self.draft.unfolded or self.error_count > 0

    @property
    def offered(self) -> list[ParameterType]:
        """Known parameters that the module has not got yet."""
        has = {row.value.name.lower() for row in self.parameters if not row.gone}
        return [known for known in self.known.parameters if known.name.lower() not in has] if self.known else []


@dataclass(frozen=True)
class Folder:
    label: str
    rows: Sequence[ModuleRow]


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
        self._words = _by_spot(self.errors)
        self._hints = _by_spot(warnings(self.manifest))

    types = tuple(TYPES.values())
    most_modules = MOST_MODULES
    example_token = EXAMPLE_TOKEN
    example_tracking = EXAMPLE_TRACKING

    @cached_property
    def folders(self) -> list[Folder]:
        """Folders in the order of their first module; their modules in the order of the manifest."""
        groups: dict[str, list[ModuleRow]] = {}
        for row in self._rows():
            groups.setdefault(row.draft.value.group, []).append(row)
        return [Folder(label, list(_with_ends(rows))) for label, rows in groups.items()]

    @cached_property
    def groups(self) -> list[str]:
        """Folders to choose from."""
        return sorted({module.value.group for module in self.draft.modules if module.value.group})

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
        module = self.draft.live()[spot.module]
        if spot.parameter is not None:
            place = [place for place, _ in module.kept()][spot.parameter]
            return f"m-{module.key}-p{place}-{spot.field}"
        return f"m-{module.key}-{spot.field if spot.field in ('type', 'name', 'formatted_name', 'path') else 'row'}"

    def _rows(self) -> Iterator[ModuleRow]:
        numbers = {module.key: number for number, module in enumerate(self.draft.live())}
        marks = self._marks()
        for handle, module in enumerate(self.draft.modules):
            number = numbers.get(module.key, -1)
            known = known_type(module.value.type)
            yield ModuleRow(
                handle,
                module,
                known,
                list(self._parameter_rows(handle, module, known, number)),
                self._words.get((number, None), {}),
                self._hints.get((number, None), {}),
                marks.get(module.key, ""),
            )

    def _parameter_rows(
        self, handle: int, module: DraftModule, known: ModuleType | None, number: int
    ) -> Iterator[ParameterRow]:
        kept = {place: at for at, (place, _) in enumerate(module.kept())}
        for place, parameter in enumerate(module.value.parameters):
            spot = (number, kept.get(place, -1))
            yield ParameterRow(
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
