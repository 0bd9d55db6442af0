"""App Modules: the manifest as a form. The draft travels in it; only Save Manifest writes."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_http_methods, require_POST

from linnapp import drafts, tab
from linnapp.actors import Side
from linnapp.drafts import Draft, NoSuchPart
from linnapp.errors import Moved
from linnapp.forms.module_rows import Editor
from linnapp.forms.modules import read_draft
from linnapp.manifest import ManifestError, ManifestInvalid, validate
from linnapp.models import Application
from linnapp.pages import acting, page_or_part, refusal_told
from linnapp.services.manifests import manifest_of, save_manifest

PAGE = "linnapp/manifest/manifest_edit.html"
PART = "linnapp/manifest/_manifest_editor.html"
Action = Callable[[Draft], Draft]


@require_http_methods(["GET", "HEAD", "POST"])
def manifest_edit(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    """GET shows what is saved, POST saves."""
    row = tab.editable(request, account, application, "manifest_saved_by")
    if request.method == "POST":
        return _save(request, row)
    return show_draft(request, row, drafts.draft_of(manifest_of(row), row.manifest_revision))


def _save(request: HttpRequest, row: Application) -> HttpResponse:
    draft = read_draft(request.POST)
    with refusal_told(request):
        try:
            saved = save_manifest(
                row, draft.manifest(), expected_revision=draft.revision, by=acting(request, Side.DEVELOPER)
            )
        except ManifestInvalid as refusal:
            return show_draft(request, row, replace(draft, checked=True), errors=refusal.errors, status=422)
        except Moved:
            # What stands now was read before the save was refused: read it again to compare with.
            return show_draft(
                request,
                tab.editable(request, row.account.slug, row.pk, "manifest_saved_by"),
                draft,
                moved=True,
                status=409,
            )
        tell_saved(request, saved, before=row)
    return redirect("manifest_edit", row.account.slug, row.pk)


def tell_saved(request: HttpRequest, saved: Application, *, before: Application) -> None:
    """Says what saving moved; the sentence counts installations, which only templates may ask for."""
    if saved.manifest_revision == before.manifest_revision:
        messages.info(request, "Nothing was changed, so nothing was saved.")
        return
    messages.success(request, render_to_string("linnapp/manifest/_manifest_saved.html", {"application": saved}).strip())


def show_draft(
    request: HttpRequest,
    row: Application,
    draft: Draft,
    *,
    errors: list[ManifestError] | None = None,
    moved: bool = False,
    status: int = 200,
) -> HttpResponse:
    """The editor with a draft in it. A draft its author tried to save is checked again each time it is shown."""
    if errors is None and draft.checked:
        errors = validate(draft.manifest())
    editor = Editor(row, draft, saved=manifest_of(row), newest=row.versions.the_latest(), errors=errors or ())
    context = {"application": row, "tab": "modules", "editor": editor, "draft": draft, "moved": moved}
    return page_or_part(request, PAGE, context, part=PART, status=status)


# Each button of the draft: one address, one change, nothing saved.


def _redrawn(request: HttpRequest, account: str, application: UUID, action: Action) -> HttpResponse:
    row = tab.editable(request, account, application, "manifest_saved_by")
    try:
        draft = action(read_draft(request.POST))
    except NoSuchPart as error:
        raise Http404("The form holds no such module") from error
    return show_draft(request, row, draft)


@require_POST
def draft_show(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    """The draft as it is: for a changed type, and on the way back from JSON."""
    return _redrawn(request, account, application, lambda draft: draft)


@require_POST
def draft_unsaved(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    """Only the list of unsaved changes, which the foot of the editor asks for while its reader types."""
    row = tab.editable(request, account, application, "manifest_saved_by")
    editor = Editor(row, read_draft(request.POST), saved=manifest_of(row), newest=None)
    return render(request, "linnapp/manifest/_manifest_unsaved.html", {"application": row, "editor": editor})


@require_POST
def module_add(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    return _redrawn(request, account, application, drafts.add_module)


@require_POST
def module_put_back(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    """External Application, which a System Integration needs."""
    name = tab.editable(request, account, application, "manifest_saved_by").name
    return _redrawn(request, account, application, lambda draft: drafts.put_back(draft, name))


@require_POST
def module_up(request: HttpRequest, account: str, application: UUID, module: str) -> HttpResponse:
    return _redrawn(request, account, application, lambda draft: drafts.move(draft, module, -1))


@require_POST
def module_down(request: HttpRequest, account: str, application: UUID, module: str) -> HttpResponse:
    return _redrawn(request, account, application, lambda draft: drafts.move(draft, module, 1))


@require_POST
def module_duplicate(request: HttpRequest, account: str, application: UUID, module: str) -> HttpResponse:
    return _redrawn(request, account, application, lambda draft: drafts.duplicate(draft, module))


@require_POST
def module_delete(request: HttpRequest, account: str, application: UUID, module: str) -> HttpResponse:
    return _redrawn(request, account, application, lambda draft: drafts.delete(draft, module))


@require_POST
def module_undo_delete(request: HttpRequest, account: str, application: UUID, module: str) -> HttpResponse:
    return _redrawn(request, account, application, lambda draft: drafts.undo_delete(draft, module))


@require_POST
def parameter_add(request: HttpRequest, account: str, application: UUID, module: str) -> HttpResponse:
    """The name chosen beside the button; none chosen, the developer writes it in the new row."""
    name = request.POST.get(f"add-to-{module}", "")
    return _redrawn(request, account, application, lambda draft: drafts.add_parameter(draft, module, name))


@require_POST
def parameter_delete(
    request: HttpRequest, account: str, application: UUID, module: str, parameter: int
) -> HttpResponse:
    return _redrawn(request, account, application, lambda draft: drafts.delete_parameter(draft, module, parameter))


@require_POST
def parameter_undo_delete(
    request: HttpRequest, account: str, application: UUID, module: str, parameter: int
) -> HttpResponse:
    return _redrawn(request, account, application, lambda draft: drafts.undo_delete_parameter(draft, module, parameter))
