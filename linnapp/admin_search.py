"""Search over the lists of the admin that people work with: what each list's own search finds, the first few."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django import forms
from django.contrib.admin.utils import quote
from django.http import HttpRequest
from django.urls import reverse

from linnapp.admin_pages import ReadOnlyAdmin
from linnapp.admin_rooms import working_pages

MOST_SHOWN = 5
SHORTEST = 2
TOO_SHORT = f"Type at least {SHORTEST} characters."


class SearchForm(forms.Form):
    q = forms.CharField(
        label="Search everything",
        max_length=200,
        min_length=SHORTEST,
        error_messages={
            "required": "Type what you are looking for.",
            "min_length": TOO_SHORT,
            "max_length": "Too long: use 200 characters at most.",
        },
    )


@dataclass(frozen=True)
class Found:
    """Rows of one list, each with its address; `more` leads to the list where it holds others."""

    name: str
    rows: list[tuple[str, str]]
    more: str


def searched(request: HttpRequest) -> list[ReadOnlyAdmin]:
    """The lists that whoever asks may see, and that can be searched."""
    pages = [page for page in working_pages() if isinstance(page, ReadOnlyAdmin)]
    return [page for page in pages if _is_open(page, request) and (page.search_fields or page.search_ids)]


def _is_open(page: ReadOnlyAdmin, request: HttpRequest) -> bool:
    return page.has_module_permission(request) and page.has_view_permission(request)


def find(request: HttpRequest, text: str) -> list[Found]:
    """One statement a list, of a few rows."""
    return list(_found(request, text))


def _found(request: HttpRequest, text: str) -> Iterator[Found]:
    for page in searched(request):
        rows, may_repeat = page.get_search_results(request, page.get_queryset(request), text)
        rows = rows.distinct() if may_repeat else rows
        if isinstance(page.list_select_related, tuple):
            rows = rows.select_related(*page.list_select_related)
        few = list(rows.order_by(*page.get_ordering(request), "pk")[: MOST_SHOWN + 1])
        if few:
            where = f"admin:{page.opts.app_label}_{page.opts.model_name}"
            shown = [(page.named(row), reverse(f"{where}_change", args=[quote(row.pk)])) for row in few[:MOST_SHOWN]]
            more = f"{reverse(f'{where}_changelist')}?{urlencode({'q': text})}" if len(few) > MOST_SHOWN else ""
            yield Found(str(page.opts.verbose_name_plural), shown, more)
