"""App Modules: the manifest as a form. The draft travels in it; only Save Manifest writes."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from linnapp import drafts, tab
from linnapp.actors import Side
from linnapp.drafts import Draft, NoSuchPart
from linnapp.errors import Moved
from linnapp.forms.module_editor import Editor
from linnapp.forms.module_lines import MOST_OPEN
from linnapp.forms.modules import DAMAGED, key_of, read_draft
from linnapp.manifest import Manifest, ManifestError, ManifestInvalid, validate
from linnapp.models import Application
from linnapp.page_requests import htmx_of, wants_part
from linnapp.pages import acting, page_or_part, refusal_told
from linnapp.services.manifests import manifest_of, save_manifest
from linnapp.signing_in.fresh_sign_ins import shows_or_moves_secret
from linnapp.words import NOTHING_CHANGED

PAGE = "linnapp/manifest/manifest_edit.html"
PAGE_OF_ONE = "linnapp/manifest/manifest_module.html"
PART = "linnapp/manifest/_manifest_editor.html"
OPENED = "linnapp/manifest/_module.html"
Action = Callable[[Draft], Draft]
# Letters of what is looked for.
MOST_SOUGHT = 100


@require_http_methods(["GET", "HEAD", "POST"])
@shows_or_moves_secret("Saves a different PostbackUrl for the Development Version")
def manifest_edit(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    """GET shows what is saved, POST saves; pressed on a line of a module or a page of its parameters, it changes the
    draft."""
    row = tab.editable(request, account, application, "manifest_saved_by")
    saved = manifest_of(row)
    if request.method != "POST":
        unfolded = request.GET.get("open", "").split(",")
        draft = drafts.draft_of(saved, row.manifest_revision, unfolded)
        return show_draft(request, row, replace(draft, find=request.GET.get("find", "")[:MOST_SOUGHT]), saved=saved)
    return _pressed(request, row, saved)


@require_http_methods(["GET", "HEAD", "POST"])
@shows_or_moves_secret("Saves a different PostbackUrl for the Development Version")
def manifest_module(request: HttpRequest, account: str, application: UUID, module: str) -> HttpResponse:
    """One saved module: a page that saves it alone, and for htmx its fields in place of its line in the editor."""
    row = tab.editable(request, account, application, "manifest_saved_by")
    saved = manifest_of(row)
    if request.method == "POST":
        return _pressed(request, row, saved)
    try:
        draft = drafts.draft_of_one(saved, row.manifest_revision, module)
    except NoSuchPart as error:
        raise Http404("The saved manifest has no such module") from error
    if not wants_part(request):
        return show_draft(request, row, draft, saved=saved)
    return _opened_in_place(request, row, draft, saved)


def _opened_in_place(request: HttpRequest, row: Application, draft: Draft, saved: Manifest) -> HttpResponse:
    """`handle` is what the module is called in the form it is opened in; what else it asks is how it stands there."""
    handle, asked = request.GET.get("handle", ""), request.GET
    if not (handle.isascii() and handle.isdigit() and len(handle) < 6):
        raise BadRequest(DAMAGED)
    errors = validate(saved) if "checked" in asked else []
    editor = Editor(row, draft, saved=saved, newest=row.versions.the_latest(), errors=errors)
    (module,) = (module for module in draft.modules if module.key == draft.only)
    opened = replace(editor.row(module, int(handle)), is_first="first" in asked, is_last="last" in asked)
    context = {"application": row, "editor": editor, "draft": replace(draft, only=""), "row": opened}
    return render(request, OPENED, context)


def _pressed(request: HttpRequest, row: Application, saved: Manifest) -> HttpResponse:
    if pressed := request.POST.get("line"):
        return _changed(request, row, saved, _line_action(request, pressed, saved))
    return _save(request, row, saved)


def _save(request: HttpRequest, row: Application, standing: Manifest) -> HttpResponse:
    draft = read_draft(request.POST, standing)
    with refusal_told(request):
        try:
            saved = save_manifest(
                row, draft.manifest(), expected_revision=draft.revision, by=acting(request, Side.DEVELOPER)
            )
        except ManifestInvalid as refusal:
            return show_draft(request, row, replace(draft, checked=True), errors=refusal.errors, status=422)
        except Moved:
            # What stands now was read before the save was refused: read it again, to compare with it, and for the
            # modules that were not opened.
            row = tab.editable(request, row.account.slug, row.pk, "manifest_saved_by")
            standing = manifest_of(row)
            draft = read_draft(request.POST, standing)
            return show_draft(request, row, draft, saved=standing, moved=True, status=409)
        tell_saved(request, saved, before=row)
    return redirect(_back(row, draft))


def _back(row: Application, draft: Draft) -> str:
    """The editor as it was left: at the one module of its page, or with the same modules open."""
    page = reverse("manifest_edit", args=[row.account.slug, row.pk])
    if draft.only:
        return f"{page}#m-{draft.only}-row"
    live = draft.live()
    unfolded = [module.key for module in live if module.unfolded][:MOST_OPEN]
    return f"{page}?open={','.join(unfolded)}" if unfolded and len(live) > 1 else page


def tell_saved(request: HttpRequest, saved: Application, *, before: Application) -> None:
    """Says what saving moved; the sentence counts installations, which only templates may ask for."""
    if saved.manifest_revision == before.manifest_revision:
        messages.info(request, NOTHING_CHANGED)
        return
    messages.success(request, render_to_string("linnapp/manifest/_manifest_saved.html", {"application": saved}).strip())


def show_draft(
    request: HttpRequest,
    row: Application,
    draft: Draft,
    *,
    errors: list[ManifestError] | None = None,
    saved: Manifest | None = None,
    moved: bool = False,
    status: int = 200,
) -> HttpResponse:
    """The editor with a draft in it. A draft its author tried to save is checked again each time it is shown. `saved`
    where the caller has it at hand."""
    if errors is None and draft.checked:
        errors = validate(draft.manifest())
    saved = saved or manifest_of(row)
    editor = Editor(row, draft, saved=saved, newest=row.versions.the_latest(), errors=errors or ())
    context = {"application": row, "tab": "modules", "editor": editor, "draft": draft, "moved": moved}
    return page_or_part(request, PAGE_OF_ONE if draft.only else PAGE, context, part=PART, status=status)


# Each button of the draft: one address, one change, nothing saved.


def _redrawn(request: HttpRequest, account: str, application: UUID, action: Action) -> HttpResponse:
    row = tab.editable(request, account, application, "manifest_saved_by")
    return _changed(request, row, manifest_of(row), action)


def _changed(request: HttpRequest, row: Application, saved: Manifest, action: Action) -> HttpResponse:
    draft = read_draft(request.POST, saved)
    try:
        draft = action(draft)
    except NoSuchPart as error:
        if draft.revision != row.manifest_revision:
            # Somebody deleted the module meanwhile; the conflict is told now instead of when this is saved.
            return show_draft(request, row, draft, saved=saved, moved=True)
        raise Http404("The form has no such module") from error
    return show_draft(request, row, draft, saved=saved)


# What the buttons of a line do. They are short, since a page may hold two hundred lines: one address, that of the form.
# Those of a page of parameters are told likewise, with a place.
LINE_ACTIONS: dict[str, Callable[[Draft, str], Draft]] = {
    "open": drafts.unfold,
    "up": lambda draft, key: drafts.move(draft, key, -1),
    "down": lambda draft, key: drafts.move(draft, key, 1),
    "copy": drafts.duplicate,
    "delete": drafts.delete,
    "undo": drafts.undo_delete,
    "to": drafts.choose_folder,
    # The folder chosen is read with the form, whichever button is pressed.
    "into": drafts.at_row,
    "stay": drafts.at_row,
}


def _line_action(request: HttpRequest, pressed: str, saved: Manifest) -> Action:
    name, _, rest = pressed.partition("-")
    handle, _, place = rest.partition("-")
    action, key = LINE_ACTIONS.get(name), key_of(request.POST, handle)
    if name == "turn" and place.isascii() and place.isdigit() and len(place) < 6:
        return lambda draft: drafts.turn_to(draft, key, int(place))
    if name == "back" and not place:
        return lambda draft: drafts.in_saved_folder(draft, key, saved)
    if action is None or place:
        raise BadRequest(DAMAGED)
    return lambda draft: action(draft, key)


@require_POST
def draft_show(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    """The draft as it is: for a changed type, whose module stays open, and on the way back from JSON."""
    htmx = htmx_of(request)
    focus = (htmx and htmx.trigger) or ""
    return _redrawn(request, account, application, lambda draft: replace(draft, focus=focus))


@require_POST
def draft_unsaved(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    """Only the list of unsaved changes, which the foot of the editor asks for while its reader types."""
    row = tab.editable(request, account, application, "manifest_saved_by")
    saved = manifest_of(row)
    editor = Editor(row, read_draft(request.POST, saved), saved=saved, newest=None)
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
