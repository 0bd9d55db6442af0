"""Notes of support on an installation, an application or an account."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from installs.models import Installation, StaffNote
from installs.support import notes
from installs.support.forms import NoFilter, NoteForm
from installs.support.notes import Subject
from linnapp import pages
from linnapp.actors import Side
from linnapp.models import Account, Application, User

Kind = StaffNote.Kind
NEWEST_FIRST = {"newest": pages.Sort("Newest first", ("-at",))}


@dataclass(frozen=True)
class NotesOn:
    """What `installs/support/_notes.html` shows of one installation, application or account."""

    subject: Subject
    kind: str
    rows: list[StaffNote]
    are_more: bool
    form: NoteForm


def notes_on(subject: Subject, reader: User) -> NotesOn:
    rows, are_more = notes.notes_on(subject, reader)
    return NotesOn(subject, StaffNote.kind_of(subject), rows, are_more, NoteForm())


ROWS: dict[str, Callable[[], Any]] = {
    Kind.INSTALLATION: Installation.objects.with_its_facts,
    Kind.APPLICATION: lambda: Application.objects.select_related("account"),
    Kind.ACCOUNT: Account.objects.all,
}


def _subject(person: User, kind: str, key: UUID) -> Subject:
    """For support; everybody else gets 404."""
    if kind not in ROWS or not person.is_support:
        raise Http404
    row: Subject = get_object_or_404(ROWS[kind](), pk=key)
    return row


@require_safe
def support_notes(request: HttpRequest, kind: str, subject: UUID) -> HttpResponse:
    """All of them; the page of what they are on has the newest."""
    person = pages.signed_in(request)
    row = _subject(person, kind, subject)
    rows = StaffNote.objects.for_support(person).on(row).select_related("by")
    found = pages.ListPage(request, rows, filters=NoFilter, sorts=NEWEST_FIRST)
    context = {"subject": row, "list": found, "page": _page_of(row)}
    return pages.page_or_part(request, "installs/support/support_notes.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def support_note_add(request: HttpRequest, kind: str, subject: UUID) -> HttpResponse:
    row = _subject(pages.signed_in(request), kind, subject)
    form = NoteForm(request.POST if request.method == "POST" else None)
    back = _back(request, row)
    if form.is_valid():
        with pages.refusal_in(form, "text"):
            notes.add(row, text=form.cleaned_data["text"], by=pages.acting(request, Side.STAFF))
            messages.success(request, "Noted.")
            return redirect(f"{back}#notes")
    context = {"subject": row, "form": form, "back": back}
    return render(request, "installs/support/support_note.html", context, status=422 if form.is_bound else 200)


@require_POST
def support_note_remove(request: HttpRequest, note: UUID) -> HttpResponse:
    person = pages.signed_in(request)
    row = get_object_or_404(StaffNote.objects.for_support(person).filter(by=person), pk=note)
    subject = row.subject
    with pages.refusal_told(request):
        notes.remove(row, by=pages.acting(request, Side.STAFF))
        messages.success(request, "Note removed.")
    return redirect(f"{_back(request, subject)}#notes" if subject else "support_search")


def _back(request: HttpRequest, subject: Subject) -> str:
    """The page that it was sent from, where that is one of the console; else that of what it is about."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    is_here = wanted.startswith(reverse("support_search")) and ".." not in wanted
    if is_here and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return wanted
    return _page_of(subject)


def _page_of(subject: Subject) -> str:
    return reverse(f"support_{StaffNote.kind_of(subject)}", args=[subject.pk])
