"""Modules and parameters of a draft as the editor draws them, and beside each field what is wrong with it or worth a
word."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from django.utils.safestring import SafeString

from linnapp.drafts import DraftModule
from linnapp.forms.modules import as_json, carried, kept_beside, typed
from linnapp.forms.parameter_pages import Page
from linnapp.manifest import (
    HOST,
    TOKEN,
    TRACKING,
    ManifestParameter,
    of_token_in_query,
)
from linnapp.manifest.meaning import POSTBACK_URL
from linnapp.module_types import ModuleType, ParameterType, ValueKind

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
class FoldedParameters:
    """Neighbours among the parameters that are not drawn, as the form holds them."""

    folded: str


@dataclass(frozen=True)
class ModuleRow:
    """`handle` is the module's name in the form: its place in the draft. A line has no fields and no `parameters`;
    `is_saved` where it stands as it is saved, so that the form need not hold it. `pages` of its parameters where they
    are not all drawn. `moved_from` is the folder it was saved in, where that is another one, "" for none. `is_hidden`
    where something else is looked for."""

    handle: int
    draft: DraftModule
    known: ModuleType | None
    parameters: Sequence[ParameterRow | FoldedParameters]
    errors: Words
    warnings: Words = field(default_factory=dict)
    mark: str = ""
    error_count: int = 0
    is_line: bool = False
    is_saved: bool = False
    is_first: bool = False
    is_last: bool = False
    pages: Sequence[Page] = ()
    moved_from: str | None = None
    is_hidden: bool = False

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
    def sought(self) -> str:
        """What the module is found by, of its line, beside what the line says: its own name."""
        value = self.draft.value
        return value.name if value.name != self.title else ""

    def has(self, words: Sequence[str]) -> bool:
        """All of them, in what it is found by."""
        value = self.draft.value
        said = f"{self.title} {self.type_label} {value.name} {value.group}".casefold()
        return all(word in said for word in words)

    @property
    def was_moved(self) -> bool:
        return self.moved_from is not None

    @property
    def extra(self) -> str:
        return as_json(self.draft.value.extra)

    @property
    def nested(self) -> int | None:
        return self.draft.nested

    @property
    def shows_path(self) -> bool:
        return bool(self.draft.value.path or "path" in self.errors or (self.known and self.known.uses_path))

    @property
    def carried(self) -> str:
        return carried(self.draft.value)

    @property
    def gone(self) -> str:
        return ",".join(map(str, sorted(self.draft.gone)))

    @property
    def parameter_count(self) -> int:
        return sum(1 for _ in self.draft.kept())

    @property
    def is_open(self) -> bool:
        return self.draft.unfolded or self.error_count > 0

    @property
    def offered(self) -> list[ParameterType]:
        """Known parameters that the module has not got yet."""
        has = {parameter.name.lower() for _, parameter in self.draft.kept()}
        return [known for known in self.known.parameters if known.name.lower() not in has] if self.known else []
