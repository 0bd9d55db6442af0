"""Create New Version: review, number and notes, release. Three addresses; the draft waits in the browser's session."""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from installs.application.forms.versions import NotesForm, ReleaseForm
from installs.application.views.folded import changed_part
from installs.models import Installation
from linnapp import snapshots, tab
from linnapp.actors import Side
from linnapp.errors import Moved, NotPossible
from linnapp.models import Application, Version
from linnapp.pages import acting
from linnapp.services import versions
from linnapp.signing_in.fresh_sign_ins import shows_or_moves_secret

MOVED = "The manifest was saved after you reviewed it. Review the changes again; your notes are kept."


@dataclass(frozen=True)
class Draft:
    """What was typed in step 2, and the revision of the manifest that was reviewed in step 1."""

    number: str
    notes: str
    revision: int


def draft_of(request: HttpRequest, application: Application) -> Draft | None:
    kept = request.session.get(_key(application))
    return Draft(**kept) if kept else None


def keep_draft(request: HttpRequest, application: Application, draft: Draft | None) -> None:
    """Keeps the draft so that Back, a reload or a saved manifest loses nothing; None drops it."""
    if draft:
        request.session[_key(application)] = asdict(draft)
    else:
        request.session.pop(_key(application), None)


def _key(application: Application) -> str:
    return f"version_draft:{application.pk}"


@require_safe
def version_review(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    row = tab.editable(request, account, application)
    newest, latest = versions.newest(row), row.versions.the_latest()
    changes = snapshots.changes_to_release(row)
    if "changes" in request.GET:
        return changed_part(request, row, changes, "Changes to release")
    may_go_on = not row.retired_at and (bool(changes) or latest is None)
    context = tab.context(
        row,
        "versions",
        newest=newest,
        latest=latest,
        changes=changes,
        changes_summed=snapshots.summed(changes),
        folded=snapshots.are_long(changes),
        may_go_on=may_go_on,
    )
    return render(request, "installs/application/version_review.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def version_notes(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    row = tab.editable(request, account, application)
    if request.method == "POST":
        return _take_notes(request, row, _notes_form(row, request.POST))
    reviewed = request.GET.get("revision", "")
    if not reviewed:
        return redirect("version_review", account, application)
    if reviewed != str(row.manifest_revision):
        return _review_again(request, row)
    form = _notes_form(row)
    if draft := draft_of(request, row):
        form.initial.update(number=draft.number, notes=draft.notes)
    return _notes_page(request, row, form)


def _notes_form(application: Application, sent: QueryDict | None = None) -> NotesForm:
    suggested = label_of(versions.suggested_number(application))
    initial = {"number": suggested, "revision": application.manifest_revision}
    return NotesForm(sent, initial=initial, newest=versions.newest(application), suggested=suggested)


def _take_notes(request: HttpRequest, application: Application, form: NotesForm) -> HttpResponse:
    if not form.is_valid():
        return _notes_page(request, application, form, status=422)
    keep_draft(request, application, _draft(form.cleaned_data))
    if form.cleaned_data["revision"] != application.manifest_revision:
        return _review_again(request, application)
    return redirect("version_release", application.account.slug, application.pk)


def _draft(cleaned: dict[str, Any]) -> Draft:
    return Draft(label_of(cleaned["number"]), cleaned["notes"], cleaned["revision"])


def label_of(number: versions.Number) -> str:
    return "{}.{}.{}".format(*number)


def _notes_page(request: HttpRequest, application: Application, form: NotesForm, status: int = 200) -> HttpResponse:
    context = tab.context(application, "versions", form=form)
    return render(request, "installs/application/version_notes.html", context, status=status)


def _review_again(request: HttpRequest, application: Application) -> HttpResponse:
    messages.warning(request, MOVED)
    return redirect("version_review", application.account.slug, application.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@shows_or_moves_secret("Releases a version whose PostbackUrl is not that of the newest")
def version_release(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    row = tab.editable(request, account, application)
    if request.method == "POST":
        return _release(request, row)
    draft = draft_of(request, row)
    if draft is None:
        return redirect("version_review", account, application)
    if draft.revision != row.manifest_revision:
        return _review_again(request, row)
    installed = Installation.objects.of_application(row).live().on_released_versions().count()
    context = tab.context(row, "versions", draft=draft, form=ReleaseForm(initial=asdict(draft)), installed=installed)
    return render(request, "installs/application/version_release.html", context)


def _release(request: HttpRequest, application: Application) -> HttpResponse:
    form = ReleaseForm(request.POST)
    if not form.is_valid():
        return _notes_page(request, application, _notes_form(application, request.POST), status=422)
    draft = _draft(form.cleaned_data)
    try:
        version = versions.create_version(
            application,
            number=form.cleaned_data["number"],
            notes=draft.notes,
            expected_revision=draft.revision,
            by=acting(request, Side.DEVELOPER),
        )
    except Moved:
        keep_draft(request, application, draft)
        return _review_again(request, application)
    except NotPossible as refusal:
        return _already_released(request, application, form) or _refused(request, application, draft, refusal)
    keep_draft(request, application, None)
    messages.success(request, f"Version {version.label} is released. New installations get it from now on.")
    return _to_version(application, version)


def _already_released(request: HttpRequest, application: Application, form: ReleaseForm) -> HttpResponse | None:
    """The form was sent twice, and the first time did it: the same person, number and notes."""
    same = Version.objects.of_application(application).numbered(form.cleaned_data["number"])
    version = same.filter(created_by_id=request.user.pk, notes=form.cleaned_data["notes"]).first()
    return _to_version(application, version) if version else None


def _refused(request: HttpRequest, application: Application, draft: Draft, refusal: NotPossible) -> HttpResponse:
    keep_draft(request, application, draft)
    messages.error(request, str(refusal))
    address = reverse("version_notes", args=(application.account.slug, application.pk))
    return redirect(f"{address}?revision={application.manifest_revision}")


def _to_version(application: Application, version: Version) -> HttpResponse:
    return redirect("version_detail", application.account.slug, application.pk, version.pk)
