"""The documentation. It is open to everybody: people read it before they sign up, and it says nothing of anybody."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from installs.documentation.documents import BY_SLUG, DOCUMENTS, Readers
from installs.documentation.readers import filled, reader_of


@login_not_required
@require_safe
def documentation(request: HttpRequest) -> HttpResponse:
    groups = [(readers.label, [each for each in DOCUMENTS if each.readers == readers]) for readers in Readers]
    reader = reader_of(request)
    if reader.account and not reader.application:
        # Somebody who installs reads what is theirs first.
        groups.reverse()
    return render(request, "installs/documentation/documentation.html", {"groups": groups})


@login_not_required
@require_safe
def document(request: HttpRequest, document: str) -> HttpResponse:
    shown = BY_SLUG.get(document)
    if shown is None:
        raise Http404
    reader = reader_of(request)
    context = {"document": shown, "reader": reader, "text": filled(shown.rendered.html, reader)}
    return render(request, "installs/documentation/document.html", context)
