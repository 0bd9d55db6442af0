"""Export of what a list of the admin shows, filtered or ticked: CSV and JSON sent at once, workbooks made by a job.

Who may see the list is asked when it begins. Each export is on record.
"""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IS_POPUP_VAR, IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_GET, require_http_methods

from linnapp import export_files, jobs, pages
from linnapp.actors import Side
from linnapp.admin_lookups import Wary
from linnapp.admin_scripts import Light
from linnapp.errors import NotPossible
from linnapp.exports import (
    TYPES,
    WORDS,
    WRITERS,
    Asked,
    Closed,
    Listed,
    columns_and_pages,
    file_name,
    named,
    narrowed_by,
    put_on_record,
)
from linnapp.form_fields import ReasonField

# Of every list; a closed export has its own.
WAYS = ("csv", "json", "xlsx")
# Of what was ticked in a list, for the page that asks before the export.
KEPT = ("action", "select_across", ACTION_CHECKBOX_NAME)


class ExportForm(forms.Form):
    """The way; for what only teams read also the reason."""

    reason = ReasonField(widget=forms.Textarea(attrs={"rows": 3, "cols": 60}))
    way = forms.ChoiceField()

    def __init__(self, sent: Any, ways: tuple[str, ...], *, with_reason: bool) -> None:
        super().__init__(sent)
        self.fields["way"] = forms.ChoiceField(choices=[(way, WORDS[way]) for way in ways])
        if not with_reason:
            del self.fields["reason"]


class Exporting(Light, Wary, Listed):
    """The pages and actions by which a list is taken along."""

    change_list_template = "admin/list.html"

    def get_urls(self) -> list[Any]:
        if not self.room:
            return super().get_urls()
        base, view = f"{self.opts.app_label}_{self.opts.model_name}_export", self.admin_site.admin_view
        closed = [
            path(f"export/{one.name}/", view(self.export_closed_view), {"closed": one}, name=f"{base}_{one.name}")
            for one in self.closed_exports
        ]
        workbook = path("export/xlsx/", view(self.export_workbook_view), name=f"{base}_xlsx")
        at_once = path("export/<slug:way>/", view(self.export_view), name=base)
        return [*closed, workbook, at_once, *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> Any:
        found: dict[str, Any] = super().get_actions(request)
        if not self.room or IS_POPUP_VAR in request.GET:
            return found
        for way in WAYS:
            found[f"export_{way}"] = (partial(_export_ticked, way), f"export_{way}", f"Export as {WORDS[way]}")
        for closed in self.closed_exports if self.may_export_closed(request) else ():
            name = f"export_{closed.name}"
            found[name] = (partial(_ask_about_ticked, closed), name, closed.label)
        return found

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {"exports": self.export_links(request)} | (extra_context or {}))

    @property
    def export_list(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def export_links(self, request: HttpRequest) -> list[tuple[str, str]]:
        """Label and address, which keeps what the list is narrowed by."""
        if not self.room or IS_POPUP_VAR in request.GET:
            return []
        base, kept = self.export_list, urlencode(narrowed_by(request))
        links = [(f"Export {WORDS[way]}", f"{base}export/{way}/") for way in WAYS]
        if self.may_export_closed(request):
            links += [(closed.label, f"{base}export/{closed.name}/") for closed in self.closed_exports]
        return [(label, f"{address}?{kept}" if kept else address) for label, address in links]

    @method_decorator(require_GET)
    def export_view(self, request: HttpRequest, way: str) -> HttpResponseBase:
        if way not in WAYS:
            raise Http404
        return self._of_filtered(request, lambda rows: _sent(Asked(self, request, rows), way))

    @method_decorator(require_http_methods(["GET", "POST"]))
    def export_workbook_view(self, request: HttpRequest) -> HttpResponseBase:
        """A file is made of a list by a POST alone: a link does not fill the place that one person has for them."""
        return self._of_filtered(request, lambda rows: _ask(Asked(self, request, rows), (export_files.WAY,)))

    @method_decorator(require_http_methods(["GET", "POST"]))
    def export_closed_view(self, request: HttpRequest, closed: Closed) -> HttpResponseBase:
        return self._of_filtered(request, lambda rows: _ask(Asked(self, request, rows, closed), closed.ways))

    def _of_filtered(
        self, request: HttpRequest, answer: Callable[[QuerySet[Any]], HttpResponseBase]
    ) -> HttpResponseBase:
        """What the list shows of the same address; an address that the list does not understand leads back to it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            rows = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return redirect(self.export_list)
        return answer(rows)


def _ticked(request: HttpRequest) -> list[str] | None:
    """None where all that match were chosen."""
    across = request.POST.get("select_across") == "1"
    return None if across else request.POST.getlist(ACTION_CHECKBOX_NAME)


def _export_ticked(way: str, page: Exporting, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponseBase:
    asked = Asked(page, request, rows, ticked=_ticked(request))
    return _ask(asked, (way,)) if way == export_files.WAY else _sent(asked, way)


def _ask_about_ticked(closed: Closed, page: Exporting, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponseBase:
    return _ask(Asked(page, request, rows, closed, ticked=_ticked(request)), closed.ways)


def _ask(asked: Asked, ways: tuple[str, ...]) -> HttpResponseBase:
    """The page that says what the file will hold, and asks for the reason where teams read it; then the file."""
    page, request, closed = asked.page, asked.request, asked.closed
    if closed and not page.may_export_closed(request):
        raise PermissionDenied
    form = ExportForm(request.POST if "way" in request.POST else None, ways, with_reason=closed is not None)
    refused = ""
    if form.is_valid():
        reason, way = form.cleaned_data.get("reason", ""), form.cleaned_data["way"]
        asked = Asked(page, request, asked.rows, closed, reason, asked.ticked)
        try:
            return _begun(asked) if way == export_files.WAY else _sent(asked, way)
        except NotPossible as fault:
            refused = str(fault)
    number, back = asked.number, reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist")
    kept = urlencode(narrowed_by(request))
    context = page.admin_site.each_context(request) | {
        "title": f"{closed.label if closed else 'Export XLSX'}?",
        "opts": page.opts,
        "number": named(page, number),
        "closed": closed,
        "narrowed": narrowed_by(request),
        "form": form,
        "refused": refused,
        "ways": [(way, WORDS[way]) for way in ways],
        "workbook": export_files.WAY in ways,
        "most": export_files.MOST_ROWS,
        "too_many": number > export_files.MOST_ROWS,
        "csv": f"{back}export/csv/?{kept}",
        "kept": [(name, value) for name in KEPT for value in request.POST.getlist(name)],
        "back": f"{back}?{kept}",
    }
    failed = form.is_bound and not (form.is_valid() and not refused)
    return TemplateResponse(request, "admin/export.html", context, status=422 if failed else 200)


def _begun(asked: Asked) -> HttpResponseBase:
    file = export_files.begin(asked, person=pages.signed_in(asked.request))
    jobs.ask(export_files.work, file.pk)
    return redirect("admin:linnapp_exportfile_change", file.pk)


def _sent(asked: Asked, way: str) -> HttpResponseBase:
    put_on_record(asked, way, by=pages.acting(asked.request, Side.STAFF, asked.reason))
    answer = StreamingHttpResponse(WRITERS[way](*columns_and_pages(asked)), content_type=TYPES[way])
    answer.headers["Content-Disposition"] = f'attachment; filename="{file_name(asked.page, way)}"'
    return answer
