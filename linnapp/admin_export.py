"""Export of what a list of the admin shows, filtered or ticked, as CSV or JSON.

Read by keyset of the primary key, a few rows at a time, while the file is sent: no transaction, cursor or list of all
rows is held for somebody slow. Who may see the list is asked when it begins. Each export is on record.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from io import StringIO
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IS_POPUP_VAR, IncorrectLookupParameters
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_http_methods

from linnapp import credentials, kinds, pages, timeline
from linnapp.actors import Actor, Side
from linnapp.admin_columns import Column, as_json, cell, columns_of, plain, read_at_once
from linnapp.models.access import WORK_PERMISSION
from linnapp.timeline import Party
from linnapp.words import counted

TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
WORDS = {"csv": "CSV", "json": "JSON"}
# Spreadsheets take a file without it for one in an old encoding.
BOM = "\ufeff"
PRIVATE = "export_private"
# Of the address of a list, what does not narrow it.
NOT_FILTERS = {PAGE_VAR, ALL_VAR, ERROR_FLAG, ORDER_VAR}
MOST_TOLD = 500
ENTRIES_AT_ONCE = 500
# Of what was ticked in a list, for the page that asks why.
KEPT = ("action", "select_across", ACTION_CHECKBOX_NAME)


def by_pages(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """One statement a page, which begins after the key that the last one ended with."""
    rows = rows.order_by("pk")
    page = list(rows[: pages.ROWS_AT_ONCE])
    while page:
        yield page
        if len(page) < pages.ROWS_AT_ONCE:
            return
        page = list(rows.filter(pk__gt=page[-1].pk)[: pages.ROWS_AT_ONCE])


def csv_of(columns: Sequence[Column], found: Iterable[list[Any]]) -> Iterator[str]:
    # Without quotes: who takes no notice of the mark has it in one name, and not a quote as well.
    yield f"{BOM}{','.join(column.name for column in columns)}\r\n"
    for page in found:
        yield _lines([cell(column.value(row)) for column in columns] for row in page)


def _lines(rows: Iterable[Sequence[str]]) -> str:
    """All quoted: some readers take a semicolon for the end of a cell too."""
    text = StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue()


def json_of(columns: Sequence[Column], found: Iterable[list[Any]]) -> Iterator[str]:
    before = "[\n"
    for page in found:
        rows = [as_json({column.name: plain(column.value(row)) for column in columns}) for row in page]
        yield before + ",\n".join(rows)
        before = ",\n"
    yield "\n]\n" if before == ",\n" else "[]\n"


WRITERS = {"csv": csv_of, "json": json_of}


class WhyExportForm(forms.Form):
    reason = forms.CharField(max_length=2000, widget=forms.Textarea(attrs={"rows": 3, "cols": 60}))
    way = forms.ChoiceField(choices=list(WORDS.items()))


class Exporting(admin.ModelAdmin):
    """A list that can be taken along as a file where it has a `room`, the heading of the first page under which people
    who work with it find it. `private` are fields that only the application's own team reads. `also_exported` are
    columns beside the fields that the page of a row shows, `export_related` what these and names of relations read.
    `export_private` are columns for whoever may work in accounts, with a reason that the accounts at the end of the
    path `private_of` read."""

    change_list_template = "admin/list.html"
    room: ClassVar[str] = ""
    private: ClassVar[frozenset[str]] = frozenset()
    also_exported: ClassVar[Mapping[str, str]] = {}
    export_related: ClassVar[Sequence[str]] = ()
    export_private: ClassVar[Mapping[str, str]] = {}
    private_of: ClassVar[str] = ""

    def get_urls(self) -> list[Any]:
        if not self.room:
            return super().get_urls()
        base, view = f"{self.opts.app_label}_{self.opts.model_name}", self.admin_site.admin_view
        private = path("export/private/", view(self.export_private_view), name=f"{base}_{PRIVATE}")
        return [private, path("export/<slug:way>/", view(self.export_view), name=f"{base}_export"), *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> Any:
        found: dict[str, Any] = super().get_actions(request)
        if not self.room or IS_POPUP_VAR in request.GET:
            return found
        for way, words in WORDS.items():
            found[f"export_{way}"] = (partial(_export_ticked, way), f"export_{way}", f"Export as {words}")
        if self.may_export_private(request):
            found[PRIVATE] = (_ask_about_ticked, PRIVATE, self.private_label)
        return found

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {"exports": self.export_links(request)} | (extra_context or {}))

    def may_export_private(self, request: HttpRequest) -> bool:
        return bool(self.export_private) and request.user.has_perm(WORK_PERMISSION)

    @property
    def export_list(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    @property
    def private_label(self) -> str:
        return f"Export with {' and '.join(self.export_private)}"

    def export_links(self, request: HttpRequest) -> list[tuple[str, str]]:
        """Label and address, which keeps what the list is narrowed by."""
        if not self.room or IS_POPUP_VAR in request.GET:
            return []
        base, kept = f"admin:{self.opts.app_label}_{self.opts.model_name}", urlencode(_narrowed_by(request))
        links = [(f"Export {words}", reverse(f"{base}_export", args=[way])) for way, words in WORDS.items()]
        if self.may_export_private(request):
            links.append((self.private_label, reverse(f"{base}_{PRIVATE}")))
        return [(label, f"{address}?{kept}" if kept else address) for label, address in links]

    @method_decorator(require_GET)
    def export_view(self, request: HttpRequest, way: str) -> HttpResponseBase:
        if way not in WORDS:
            raise Http404
        return self._of_filtered(request, lambda rows: _file(self, request, rows, way))

    @method_decorator(require_http_methods(["GET", "POST"]))
    def export_private_view(self, request: HttpRequest) -> HttpResponseBase:
        return self._of_filtered(request, lambda rows: _with_private(self, request, rows))

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


def _narrowed_by(request: HttpRequest) -> list[tuple[str, str]]:
    asked = [(name, value) for name, values in request.GET.lists() for value in values]
    return [(name, value) for name, value in asked if value and name not in NOT_FILTERS]


def _export_ticked(way: str, page: Exporting, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponseBase:
    return _file(page, request, rows, way)


def _ask_about_ticked(page: Exporting, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponseBase:
    return _with_private(page, request, rows)


def _with_private(page: Exporting, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponseBase:
    """The page that asks for the reason; once it was given, the file."""
    if not page.may_export_private(request):
        raise PermissionDenied
    form = WhyExportForm(request.POST if "way" in request.POST else None)
    if form.is_valid():
        return _file(page, request, rows, form.cleaned_data["way"], form.cleaned_data["reason"])
    context = page.admin_site.each_context(request) | {
        "title": f"{page.private_label}?",
        "opts": page.opts,
        "number": _number(page, rows.order_by().count()),
        "private": " and ".join(page.export_private),
        "narrowed": _narrowed_by(request),
        "form": form,
        "ways": WORDS.items(),
        "kept": [(name, value) for name in KEPT for value in request.POST.getlist(name)],
        "back": f"{page.export_list}?{urlencode(_narrowed_by(request))}",
    }
    return TemplateResponse(request, "admin/export.html", context, status=422 if form.is_bound else 200)


def _file(page: Exporting, request: HttpRequest, rows: QuerySet[Any], way: str, reason: str = "") -> HttpResponseBase:
    """With a reason also what only the teams read."""
    _put_on_record(page, request, rows, way, reason)
    also = {**page.also_exported, **(page.export_private if reason else {})}
    read = read_at_once(page, request, rows, page.export_related)
    if page.export_private and not reason:
        read = read.defer(*page.private)
    parts = WRITERS[way](columns_of(page, request, also, page.private), by_pages(read))
    answer = StreamingHttpResponse(parts, content_type=TYPES[way])
    name = f"linnapp-{slugify(str(page.opts.verbose_name_plural))}-{timezone.now():%Y-%m-%d}.{way}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _put_on_record(page: Exporting, request: HttpRequest, rows: QuerySet[Any], way: str, reason: str) -> None:
    """Once for staff, without an account; of what only teams read also for each account that it is of."""
    by, listed = pages.acting(request, Side.STAFF, reason), str(page.opts.verbose_name_plural)
    told = ", ".join(_told(name, value) for name, value in _narrowed_by(request))[:MOST_TOLD]
    ticked = ACTION_CHECKBOX_NAME in request.POST and request.POST.get("select_across") != "1"
    facts: dict[str, Any] = {
        "list": listed,
        "number": _number(page, rows.order_by().count()),
        "way": WORDS[way],
        "filters": told,
        "narrowed": (f", filtered by {told}" if told else "") + (", ticked by hand" if ticked else ""),
        "with": f" with {' and '.join(page.export_private)}" if reason else "",
    }
    with transaction.atomic():
        timeline.record(kinds.STAFF_EXPORTED, by=by, **facts)
        if reason:
            _tell_accounts(page, rows, by)


def _told(name: str, value: str) -> str:
    """A token that somebody pasted into the search does not stay: an id may be one, and is told by its tail."""
    return f"{name}={credentials.without_values(value) if name == SEARCH_VAR else value}"


def _tell_accounts(page: Exporting, rows: QuerySet[Any], by: Actor) -> None:
    account = page.private_of
    chosen = page.model._base_manager.filter(pk__in=rows.order_by().values("pk"))
    found = list(chosen.order_by().values_list(account, f"{account}__name").annotate(number=Count("pk")))
    private = " and ".join(page.export_private)
    for begin in range(0, len(found), ENTRIES_AT_ONCE):
        timeline.record_all(
            timeline.entry(
                kinds.STAFF_COPIED, by=by, account=Party(pk, name), private=private, number=_number(page, number)
            )
            for pk, name, number in found[begin : begin + ENTRIES_AT_ONCE]
        )


def _number(page: Exporting, number: int) -> str:
    return counted(number, str(page.opts.verbose_name), str(page.opts.verbose_name_plural))
