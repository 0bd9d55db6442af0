"""The posted manifest editor, read once into a draft; and the manifest as pasted or uploaded JSON."""

import json
from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import BadRequest
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict

from linnapp.byte_marks import text_of
from linnapp.drafts import Draft, DraftModule, keeping_keys
from linnapp.manifest import (
    MOST_MODULES,
    Manifest,
    ManifestError,
    ManifestModule,
    ManifestParameter,
    Parsed,
    new_key,
    parse_text,
)
from linnapp.manifest.differences import shown
from linnapp.manifest.json_values import MOST_SOURCE, TOO_LARGE, load, respelled, storable
from linnapp.manifest.meaning import is_key

DAMAGED = "This form was changed on its way. Open the page again."
WIDEST = 2_000_000_000
# Deleted ones travel along until they are saved. Drawing thousands of rows takes half a minute.
MOST_ROWS = 2 * MOST_MODULES
PARAMETER_PARTS = ("name", "value", "kept", "gone")


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


def read_draft(posted: QueryDict) -> Draft:
    """The draft in a posted editor; raises BadRequest for a form that no editor of ours sends."""
    taken: set[str] = set()
    return Draft(
        modules=tuple(_module(posted, handle, taken) for handle in _handles(posted)),
        permissions=tuple(filter(None, map(clean, posted.get("permissions", "").splitlines()))),
        script_url=clean(posted.get("script_url", "")),
        extra=_members(posted.get("extra", "")),
        revision=_revision(posted),
        checked=bool(posted.get("checked")),
    )


def _handles(posted: QueryDict) -> list[str]:
    """The modules' names in the form, in the manifest's order: the page sorts them by folder, the manifest does not."""
    handles = posted.getlist("module")
    if not all(handle.isascii() and handle.isdigit() and len(handle) < 6 for handle in handles):
        raise BadRequest(DAMAGED)
    if len(set(handles)) > MOST_ROWS:
        raise BadRequest(f"A form holds at most {MOST_ROWS} modules, deleted ones counted.")
    return sorted(set(handles), key=int)


def _revision(posted: QueryDict) -> int:
    """The revision to save upon: the one that a conflict was resolved against comes first."""
    text = posted.get("on_top") or posted.get("revision", "")
    if text.isascii() and text.isdigit() and int(text[:12]) < WIDEST:
        return int(text[:12])
    raise BadRequest(DAMAGED)


def _module(posted: QueryDict, handle: str, taken: set[str]) -> DraftModule:
    def part(name: str) -> str:
        return clean(posted.get(f"{handle}-{name}", ""))

    parameters, gone = _parameters(posted, handle)
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
    return DraftModule(value, bool(part("deleted")), bool(part("unfolded")), gone)


def _key(given: str, taken: set[str]) -> str:
    """The module's own key, or a new one where it is none or another module of the form has it."""
    key = given if is_key(given) and given not in taken else new_key()
    taken.add(key)
    return key


def _parameters(posted: QueryDict, handle: str) -> tuple[tuple[ManifestParameter, ...], frozenset[int]]:
    columns = [posted.getlist(f"{handle}-p-{part}") for part in PARAMETER_PARTS]
    if len({len(column) for column in columns}) > 1:
        raise BadRequest(DAMAGED)
    rows = list(zip(*columns, strict=True))
    gone = frozenset(place for place, (_, _, _, deleted) in enumerate(rows) if deleted)
    return tuple(_parameter(name, value, kept) for name, value, kept, _ in rows), gone


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


def _members(text: str) -> dict[str, Any]:
    """A hidden field of JSON members. Only a form that was tampered with holds anything else."""
    try:
        members = _load(text) if text else {}
    except ValueError as error:
        raise BadRequest(DAMAGED) from error
    if not isinstance(members, dict):
        raise BadRequest(DAMAGED)
    return members


def _load(text: str) -> Any:
    """JSON that can be kept; raises ValueError for any other text."""
    errors: list[ManifestError] = []
    try:
        value = storable(load(text), "", errors)
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
        help_text="JSON, at most 256 kB. It is shown here with what it would change, and saved when you say so.",
        widget=forms.FileInput(attrs={"accept": ".json,application/json"}),
        error_messages={"required": "Choose a file first."},
    )

    def clean_file(self) -> str:
        """The text of the file."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if file.size and file.size > MOST_SOURCE:
            raise forms.ValidationError(f"This file is {file.size // 1024} kB. {TOO_LARGE}")
        try:
            return text_of(bytes(file.read()))
        except UnicodeDecodeError as error:
            raise forms.ValidationError(
                "This file is not text in UTF-8 or UTF-16. Choose the manifest's JSON file."
            ) from error
