"""The posted manifest editor, read once into a draft; and the manifest as pasted or uploaded JSON."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import BadRequest
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict

from linnapp.byte_marks import text_of
from linnapp.drafts import Draft, DraftModule, in_folder, keeping_keys
from linnapp.forms.parameter_pages import Folded
from linnapp.manifest import (
    MOST_MODULES,
    Manifest,
    ManifestError,
    ManifestModule,
    ManifestParameter,
    Parsed,
    new_key,
    parse_text,
    to_json,
)
from linnapp.manifest.differences import shown
from linnapp.manifest.json_values import MOST_SOURCE, load, respelled, storable
from linnapp.manifest.meaning import is_key
from linnapp.manifest.values import module_by_shape

DAMAGED = "This form was changed on its way. Open the page again."
WIDEST = 2_000_000_000
# Deleted ones travel along until they are saved. Drawing thousands of rows takes half a minute.
MOST_ROWS = 2 * MOST_MODULES
PARAMETER_PARTS = ("name", "value", "kept", "gone")
FOLDED = '{"folded"'
# By how much a parameter's value stands deeper in a whole module than in a field of its own.
DEEPER = 2


def clean(text: str) -> str:
    """A text as it is kept: what browsers do to line ends undone, and spaces around it left out."""
    return text.replace("\r\n", "\n").replace("\0", "").strip()


def typed(value: Any) -> str:
    """A parameter's value as a form shows it."""
    return "" if value is None else shown(value)


def survives(value: Any) -> bool:
    """Whether a value comes back from a form as it was: anything but plain text needs its original beside it."""
    return isinstance(value, str) and clean(value) == value


def kept_beside(parameter: ManifestParameter) -> str:
    """JSON of what the inputs of a parameter cannot hold; "" for most."""
    kept: dict[str, Any] = {"extra": parameter.extra} if parameter.extra else {}
    if not survives(parameter.value):
        kept["value"] = parameter.value
    return as_json(kept) if kept else ""


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if value else ""


def carried(module: ManifestModule) -> str:
    """A module in one hidden field: it differs from the saved one, and its own fields are not drawn."""
    return json.dumps(to_json(Manifest((module,)))["Modules"][0], ensure_ascii=False)


def read_draft(posted: QueryDict, saved: Manifest) -> Draft:
    """The draft in a posted editor. A module that was not opened stands in it by its key alone, and is taken from what
    is saved; one that is not saved any more is left out. Saving upon another revision than the page's is refused, so
    no page saves what its reader did not see. Raises BadRequest for a form that no editor of ours sends."""
    if only := posted.get("only", ""):
        return _draft_of_one(posted, saved, only)
    by_key = {module.key: module for module in saved.modules}
    taken: set[str] = set()
    stood = set(posted.getlist("stood"))
    found = (
        _untouched(posted, handle, by_key.get(key), taken) if key else _module(posted, handle, taken, by_key, stood)
        for handle, key in _handles(posted).items()
    )
    draft = Draft(
        modules=tuple(module for module in found if module),
        permissions=tuple(filter(None, map(clean, posted.get("permissions", "").splitlines()))),
        script_url=clean(posted.get("script_url", "")),
        extra=_members(posted.get("extra", "")),
        revision=_revision(posted),
        checked=bool(posted.get("checked")),
    )
    return _with_folder_chosen(posted, draft)


def _with_folder_chosen(posted: QueryDict, draft: Draft) -> Draft:
    """What was chosen under Move to… counts whichever button was pressed, but for the one that takes it back."""
    handle = posted.get("moving", "")
    key = key_of(posted, handle) if handle else ""
    if posted.get("line") == f"stay-{handle}" or all(module.key != key for module in draft.modules):
        return draft
    group = clean(posted.get("new-folder", "")) or clean(posted.get("folder", ""))
    return replace(in_folder(draft, key, group), focus="")


def _draft_of_one(posted: QueryDict, saved: Manifest, key: str) -> Draft:
    """The one module in the form, in its place among the saved ones: nothing else is changed."""
    handles = list(_handles(posted))
    by_key = {module.key: module for module in saved.modules}
    own = _module(posted, handles[0], set(), by_key, {handles[0]}) if len(handles) == 1 else None
    if own is None or own.key != key:
        raise BadRequest(DAMAGED)
    modules = [own if module.key == key else DraftModule(module, stood=True) for module in saved.modules]
    if own not in modules:
        # Deleted by somebody else meanwhile: it comes back at the end, where this is saved on top.
        modules.append(own)
    return Draft(
        modules=tuple(modules),
        permissions=saved.permissions,
        script_url=saved.script_url,
        extra=saved.extra,
        revision=_revision(posted),
        checked=bool(posted.get("checked")),
        only=key,
    )


def key_of(posted: QueryDict, handle: str) -> str:
    """The key of the module that has this name in the form, "" where there is none."""
    return _handles(posted).get(handle) or posted.get(f"{handle}-key", "")


def _handles(posted: QueryDict) -> dict[str, str]:
    """The modules' names in the form, each with the key of one that was not opened, else "". In the manifest's order:
    the page sorts them by folder, the manifest does not."""
    names = [name.partition("=") for name in posted.getlist("module")]
    if not all(handle.isascii() and handle.isdigit() and len(handle) < 6 for handle, _, _ in names):
        raise BadRequest(DAMAGED)
    found = {handle: key for handle, _, key in sorted(names, key=lambda name: int(name[0]))}
    if len(found) > MOST_ROWS:
        raise BadRequest(f"A form holds at most {MOST_ROWS} modules, removed ones counted.")
    return found


def _revision(posted: QueryDict) -> int:
    """The revision to save upon: the one that a conflict was resolved against comes first."""
    text = posted.get("on_top") or posted.get("revision", "")
    if text.isascii() and text.isdigit() and int(text[:12]) < WIDEST:
        return int(text[:12])
    raise BadRequest(DAMAGED)


def _untouched(posted: QueryDict, handle: str, saved: ManifestModule | None, taken: set[str]) -> DraftModule | None:
    """A module that was not opened, as it is saved."""
    if saved is None or saved.key in taken:
        return None
    taken.add(saved.key)
    return DraftModule(saved, f"{handle}-deleted" in posted, f"{handle}-unfolded" in posted, stood=True)


def _module(
    posted: QueryDict, handle: str, taken: set[str], by_key: Mapping[str, ManifestModule], stood: set[str]
) -> DraftModule:
    def part(name: str) -> str:
        return clean(posted.get(f"{handle}-{name}", ""))

    deleted, unfolded = bool(part("deleted")), bool(part("unfolded"))
    if whole := posted.get(f"{handle}-carried", ""):
        value = module_by_shape(_members(whole, DEEPER), key=_key(part("key"), taken))
        gone = _places(part("gone"), len(value.parameters))
        return DraftModule(value, deleted, unfolded, gone, stood=handle in stood)
    parameters, gone = _parameters(posted, handle, by_key.get(part("key")))
    value = ManifestModule(
        key=_key(part("key"), taken),
        type=part("type"),
        group=part("group"),
        name=part("name"),
        formatted_name=part("formatted_name"),
        path=part("path"),
        parameters=parameters,
        extra=_members(part("extra")),
    )
    at = min(_places(part("at"), len(parameters)), default=None)
    return DraftModule(value, deleted, unfolded, gone, at, handle in stood)


def _places(text: str, among: int) -> frozenset[int]:
    """Places of parameters, as a list with commas."""
    places = frozenset(int(each) for each in text.split(",") if each.isascii() and each.isdigit() and len(each) < 6)
    return frozenset(place for place in places if place < among)


def _key(given: str, taken: set[str]) -> str:
    """The module's own key, or a new one where it is none or another module of the form has it."""
    key = given if is_key(given) and given not in taken else new_key()
    taken.add(key)
    return key


def _parameters(
    posted: QueryDict, handle: str, saved: ManifestModule | None
) -> tuple[tuple[ManifestParameter, ...], frozenset[int]]:
    columns = [posted.getlist(f"{handle}-p-{part}") for part in PARAMETER_PARTS]
    if len({len(column) for column in columns}) > 1:
        raise BadRequest(DAMAGED)
    found: list[tuple[ManifestParameter, bool]] = []
    for name, value, kept, gone in zip(*columns, strict=True):
        if kept.startswith(FOLDED):
            found += _folded(kept, saved)
        else:
            found.append((_parameter(name, value, kept), bool(gone)))
    return tuple(parameter for parameter, _ in found), frozenset(n for n, (_, gone) in enumerate(found) if gone)


def _folded(text: str, saved: ManifestModule | None) -> list[tuple[ManifestParameter, bool]]:
    """Parameters that were not drawn."""
    try:
        return list(Folded(saved).read(_members(text, DEEPER).get("folded")))
    except ValueError as error:
        raise BadRequest(DAMAGED) from error


def _parameter(name: str, value: str, beside: str) -> ManifestParameter:
    kept = _members(beside)
    extra = kept.get("extra", {})
    if not isinstance(extra, dict):
        raise BadRequest(DAMAGED)
    given = _value(clean(value), kept["value"]) if "value" in kept else clean(value)
    return ManifestParameter(clean(name), given, extra)


def _value(text: str, original: Any) -> Any:
    """The original where nothing was typed over it; else what was typed, as JSON where the original was no text."""
    if text == clean(typed(original)):
        return original
    if isinstance(original, str) or original is None:
        return text
    try:
        value = _load(text)
    except ValueError:
        return text
    # A number that would be kept in another spelling stays as it was typed.
    return text if any(respelled(load(text))) else value


def _members(text: str, deeper: int = 0) -> dict[str, Any]:
    """A hidden field of JSON members. Only a form that was tampered with holds anything else."""
    try:
        members = _load(text, deeper) if text else {}
    except ValueError as error:
        raise BadRequest(DAMAGED) from error
    if not isinstance(members, dict):
        raise BadRequest(DAMAGED)
    return members


def _load(text: str, deeper: int = 0) -> Any:
    """JSON that can be kept; raises ValueError for any other text."""
    errors: list[ManifestError] = []
    try:
        value = storable(load(text), "", errors, -deeper)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if errors:
        raise ValueError(errors[0].message)
    return value


class JsonForm(forms.Form):
    """The manifest as one text. `manifest` is set when it is valid; else `problems` says by path what is wrong."""

    text = forms.CharField(
        label="Manifest as JSON",
        strip=False,
        widget=forms.Textarea(attrs={"class": "code", "spellcheck": "false", "autocapitalize": "off"}),
        error_messages={"required": "Paste a manifest here: a JSON object with “modules”."},
    )
    revision = forms.IntegerField(min_value=0, max_value=WIDEST, widget=forms.HiddenInput)
    on_top = forms.IntegerField(min_value=0, max_value=WIDEST, required=False)

    def read(self, saved: Manifest) -> Parsed:
        """What was typed, under the keys of the saved manifest. Raises ManifestInvalid. For a valid form."""
        found = parse_text(self.cleaned_data["text"])
        return replace(found, manifest=keeping_keys(saved, found.manifest))

    @property
    def expected_revision(self) -> int:
        return int(self.cleaned_data["on_top"] or self.cleaned_data["revision"])


class FileForm(forms.Form):
    """A manifest from a file, to be looked at before it is saved."""

    file = forms.FileField(
        label="Import a file",
        help_text="JSON, at most 256 kB. You see what it would change before you save it.",
        widget=forms.FileInput(attrs={"accept": ".json,application/json"}),
        error_messages={"required": "Choose a file first."},
    )

    def clean_file(self) -> str:
        """The text of the file."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if file.size and file.size > MOST_SOURCE:
            raise forms.ValidationError(f"This file is {-(-file.size // 1024):,} kB. A manifest has at most 256 kB.")
        try:
            return text_of(bytes(file.read()))
        except UnicodeDecodeError as error:
            raise forms.ValidationError(
                "This file is not text in UTF-8 or UTF-16. Choose the manifest's JSON file."
            ) from error
