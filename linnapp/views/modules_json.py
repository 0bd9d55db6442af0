"""App Modules as JSON: pasted, imported from a file, looked at, saved; and back and forth to the form."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linnapp import json_places, tab
from linnapp.actors import Side
from linnapp.drafts import draft_of
from linnapp.errors import Moved
from linnapp.forms.modules import FileForm, JsonForm, read_draft
from linnapp.manifest import Manifest, ManifestError, ManifestInvalid, Parsed, differences, mended, to_json, warnings
from linnapp.models import Application
from linnapp.pages import acting, refusal_told
from linnapp.services.manifests import manifest_of, save_manifest
from linnapp.signing_in.fresh_sign_ins import shows_or_moves_secret
from linnapp.views.modules import show_draft, tell_saved

# Of numbers that are kept otherwise than they were written.
MOST_TOLD = 5


@dataclass(frozen=True)
class Place:
    """An error or a hint of a JSON text, and the line and column it stands at where that is known."""

    path: str
    message: str
    line: int | None
    column: int | None

    @property
    def says_where(self) -> bool:
        """Whether the message names the line itself."""
        return f" at line {self.line}, column" in self.message


def as_text(manifest: Manifest) -> str:
    return json.dumps(to_json(manifest), indent=2, ensure_ascii=False)


@require_http_methods(["GET", "HEAD", "POST"])
@shows_or_moves_secret("Saves a different PostbackUrl for the Development Version")
def manifest_json(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    """GET shows what is saved, POST saves."""
    row = tab.editable(request, account, application, "manifest_saved_by")
    if request.method == "POST":
        return _save(request, row)
    saved = manifest_of(row)
    form = JsonForm(initial={"text": as_text(saved), "revision": row.manifest_revision})
    return _page(request, row, form, read=Parsed(saved, []))


def _save(request: HttpRequest, row: Application) -> HttpResponse:
    form = JsonForm(request.POST)
    if not form.is_valid():
        return _page(request, row, form, status=422)
    with refusal_told(request):
        try:
            read = form.read(manifest_of(row))
            saved = save_manifest(
                row, read.manifest, expected_revision=form.expected_revision, by=acting(request, Side.DEVELOPER)
            )
        except ManifestInvalid as refusal:
            return _page(request, row, form, errors=refusal.errors, status=422)
        except Moved:
            row = tab.editable(request, row.account.slug, row.pk, "manifest_saved_by")
            return _page(request, row, form, read=read, changes=_changes(row, read.manifest), moved=True, status=409)
        tell_saved(request, saved, before=row)
        _tell_respelled(request, read)
    return redirect("manifest_json", row.account.slug, row.pk)


@require_POST
def json_preview(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    """What saving this text would change, or where `mend` is pressed the JSON that was meant; nothing is saved."""
    row = tab.editable(request, account, application, "manifest_saved_by")
    posted = request.POST.copy()
    if "mend" in posted:
        posted["text"] = mended(posted.get("text", "")).text or posted.get("text", "")
    return _previewed(request, row, JsonForm(posted))


@require_POST
def json_import(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    """A file, shown as text with what it would change; nothing is saved."""
    row = tab.editable(request, account, application, "manifest_saved_by")
    upload = FileForm(request.POST, request.FILES)
    if upload.is_valid():
        form = JsonForm({"text": upload.cleaned_data["file"], "revision": row.manifest_revision})
        return _previewed(request, row, form)
    text = request.POST.get("text") or as_text(manifest_of(row))
    form = JsonForm(initial={"text": text, "revision": row.manifest_revision})
    return _page(request, row, form, upload=upload, status=422)


@require_POST
def json_as_form(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    """From the text to the form, with what is not saved yet."""
    row = tab.editable(request, account, application, "manifest_saved_by")
    form = JsonForm(request.POST)
    if not form.is_valid():
        return _page(request, row, form, status=422)
    try:
        read = form.read(manifest_of(row))
    except ManifestInvalid as refusal:
        return _page(request, row, form, errors=refusal.errors, status=422)
    if not _changes(row, read.manifest):
        return redirect("manifest_edit", account, application)
    _tell_respelled(request, read)
    return show_draft(request, row, draft_of(read.manifest, form.cleaned_data["revision"]))


@require_POST
def draft_as_json(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    """From the form to the text, with what is not saved yet."""
    row = tab.editable(request, account, application, "manifest_saved_by")
    saved = manifest_of(row)
    draft = read_draft(request.POST, saved)
    manifest = draft.manifest()
    changes = differences(saved, manifest)
    if not changes:
        return redirect("manifest_json", account, application)
    form = JsonForm(initial={"text": as_text(manifest), "revision": draft.revision})
    return _page(request, row, form, read=Parsed(manifest, []), changes=changes)


@require_safe
def manifest_export(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    """The saved manifest as a file."""
    row = tab.editable(request, account, application, "manifest_saved_by")
    response = HttpResponse(as_text(manifest_of(row)), content_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="manifest-{row.pk}.json"'
    return response


def _previewed(request: HttpRequest, row: Application, form: JsonForm) -> HttpResponse:
    if not form.is_valid():
        return _page(request, row, form, status=422)
    try:
        read = form.read(manifest_of(row))
    except ManifestInvalid as refusal:
        return _page(request, row, form, errors=refusal.errors, status=422)
    return _page(request, row, form, read=read, changes=_changes(row, read.manifest))


def _tell_respelled(request: HttpRequest, read: Parsed) -> None:
    """Said once: in what is saved nothing is left of how a number was written."""
    for note in read.respelled[:MOST_TOLD]:
        messages.info(request, f"{note.path}: {note.message}")
    if len(read.respelled) > MOST_TOLD:
        messages.info(request, f"So are {len(read.respelled) - MOST_TOLD} more numbers.")


def _changes(row: Application, manifest: Manifest) -> list[Any]:
    return differences(manifest_of(row), manifest)


def _page(
    request: HttpRequest,
    row: Application,
    form: JsonForm,
    *,
    errors: Iterable[ManifestError] = (),
    read: Parsed | None = None,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """`read` is what the text says, where it can be read: what is worth a word of it is told. `changes` in the context
    is what saving would change, where it was asked for."""
    version = row.versions.the_latest()
    text = str(form["text"].value() or "")
    errors = list(errors)
    context |= {
        "application": row,
        "tab": "modules",
        "form": form,
        "errors": _placed(errors, text),
        "offer": mended(text) if any(error.code == "syntax" for error in errors) else None,
        "notes": _in_order(_placed([*read.respelled, *warnings(read.manifest)], text)) if read else [],
        "newest": version,
        "since_newest": differences(version.manifest(), manifest_of(row)) if version else [],
    }
    context.setdefault("upload", FileForm())
    return render(request, "linnapp/manifest/manifest_json.html", context, status=status)


def _placed(errors: Iterable[ManifestError], text: str) -> list[Place]:
    errors = list(errors)
    known = json_places.places(text, (error.path for error in errors)) if errors else {}
    found = []
    for error in errors:
        line, column = known.get(json_places.plain(error.path), (error.line, error.column))
        found.append(Place(error.path, error.message, error.line or line, error.column or column))
    return found


def _in_order(places: list[Place]) -> list[Place]:
    return sorted(places, key=lambda place: (place.line or 0, place.column or 0))
