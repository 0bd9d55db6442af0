"""What an address or a form asks of a list of the admin may be nothing that a database can answer: a year 0, thirty
digits, a look-up that only another engine has. The list says so, as it does of fields that it does not know."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG, ORDER_VAR, SEARCH_VAR, ChangeList
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import DataError, NotSupportedError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from linnapp import credentials
from linnapp.admin_filters import SinceFilter
from linnapp.admin_finding import in_its_order
from linnapp.models.capped import MOST_COUNTED, count_found, count_up_to
from linnapp.pages import MOST_OF_TEXT, in_words

# What Django and its databases raise for a value that fits no column. Not OperationalError: a database that is away is
# no fault of the address.
UNANSWERABLE = (OverflowError, ValueError, NotSupportedError, DataError)
# An expression takes as long as whoever wrote it likes, and may be none.
EXPRESSIONS = ("regex", "iregex")
KEYS = range(-(2**63), 2**63)
# Django's own class takes no type between brackets at run time.
if TYPE_CHECKING:
    Pages = Paginator[Any]
else:
    Pages = Paginator


class AtLeast(int):
    """A number that was counted no further."""

    def __str__(self) -> str:
        return in_words(self + 1, int(self))


class CappedPaginator(Pages):
    """Counts no further than a list's pages go: whoever wants a row beyond them narrows the list. `is_dear`: each row
    costs more to find than where all are listed."""

    is_dear = False

    @cached_property
    def count(self) -> int:
        # The keys alone: what a list tells of each row beside it is not worked out to count them.
        rows = cast("QuerySet[Any]", self.object_list).values("pk")
        most = MOST_OF_TEXT if self.is_dear else MOST_COUNTED
        found = count_found(rows, most) if self.is_dear else count_up_to(rows, most)
        return AtLeast(most) if found > most else found


class WaryList(ChangeList):
    def get_filters(self, request: HttpRequest) -> Any:
        try:
            return super().get_filters(request)
        except UNANSWERABLE as fault:
            # The year after 9999, for one, where a list is narrowed by years.
            raise IncorrectLookupParameters from fault

    def get_ordering_field(self, field_name: Any) -> Any:
        """None for a column whose heading sorts nothing, though an address asks for it."""
        return super().get_ordering_field(field_name) if field_name in (self.sortable_by or ()) else None

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """A list that is turned round is turned round whole, so that the index that it goes by serves both ways."""
        found = list(super().get_ordering(request, queryset))
        turned = [_turned(name) for name in self.model_admin.get_ordering(request) if isinstance(name, str)]
        key = "-pk" if turned and turned[-1].startswith("-") else "pk"
        by_one = "." not in request.GET.get(ORDER_VAR, "")
        if by_one and turned and turned[0] == found[0]:
            return turned if turned[-1] in ("pk", "-pk") else [*turned, key]
        # Django adds the key, the other way round for one that goes up.
        goes_up = len(found) == 2 and found[1] == "-pk" and isinstance(found[0], str) and found[0][0] != "-"
        return [found[0], "pk"] if goes_up and request.GET.get(ORDER_VAR) else found

    def get_queryset(self, request: HttpRequest, *given: Any) -> QuerySet[Any]:
        self.asked = request
        rows = super().get_queryset(request, *given)
        try:
            return in_its_order(rows, self.search_fields) if self.query else rows
        except UNANSWERABLE as fault:
            raise IncorrectLookupParameters from fault

    def _get_default_ordering(self) -> Any:
        """That in force, so that the heading tells it."""
        return self.model_admin.get_ordering(self.asked)

    def get_results(self, request: HttpRequest) -> None:
        try:
            super().get_results(request)
            # First the keys, then their rows: no join, column or sum is read of rows that are passed over. With an end
            # where the page has none: SQLite reads all in their order, for few of many, where nothing says how many.
            keys = list(
                self.result_list.values_list("pk", flat=True)[: max(self.list_per_page, self.list_max_show_all)]
            )
        except UNANSWERABLE as fault:
            raise IncorrectLookupParameters from fault
        self.result_list = self._rows_of(request, keys)

    def _rows_of(self, request: HttpRequest, keys: Iterable[Any]) -> QuerySet[Any]:
        """By their keys alone: what they were found by, an account's name among all names, is not asked again."""
        rows = self.root_queryset.filter(pk__in=keys).order_by(*self.get_ordering(request, self.root_queryset))
        return rows if rows.query.select_related else self.apply_select_related(rows)


def _turned(name: str) -> str:
    return name.removeprefix("-") if name.startswith("-") else f"-{name}"


class Wary(admin.ModelAdmin):
    """Asks the database for nothing that it cannot answer. `sortable_by` of a table that grows names what an index
    sorts it by. `dear_filters` are those that ask of each row whether another table has something of it."""

    paginator = CappedPaginator
    dear_filters: ClassVar[Sequence[str]] = ()

    def get_paginator(self, request: HttpRequest, *of_what: Any, **options: Any) -> Pages:
        """What was found by a text, or by a dear filter, is counted less far. A key is found by its index."""
        pages = super().get_paginator(request, *of_what, **options)
        if isinstance(pages, CappedPaginator):
            text = request.GET.get(SEARCH_VAR, "").strip()
            by_text = bool(text) and credentials.canonical(text) is None
            pages.is_dear = by_text or any(request.GET.get(name) for name in self.dear_filters)
        return pages

    def get_ordering(self, request: HttpRequest) -> Any:
        usual = super().get_ordering(request)
        since = [one for one in self.list_filter if isinstance(one, type) and issubclass(one, SinceFilter)]
        return since[0].order(request, usual) if since else usual

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return WaryList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup.split("__")[-1] not in EXPRESSIONS and super().lookup_allowed(lookup, value, request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """What no text holds is in no address that a list made: PostgreSQL refuses it."""
        if any("\0" in text for name in request.GET for text in (name, *request.GET.getlist(name))):
            return redirect(f"{request.path}?{ERROR_FLAG}=1")
        return super().changelist_view(request, extra_context)

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *place: Any) -> HttpResponse | None:
        """Django asks the database for any key that is sent."""
        sent = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if len(keys_sent(self.model, sent)) < len(set(sent)):
            self.message_user(
                request, "Choose rows from this list again: what was sent is not one of them.", messages.WARNING
            )
            return None
        return super().response_action(request, queryset, *place)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """None for a key that no row can have."""
        return super().get_object(request, object_id, from_field) if keys_sent(self.model, [object_id]) else None


def keys_sent(model: type[Model], sent: Iterable[str]) -> list[Any]:
    """Those that are keys at all, each once."""
    found: dict[Any, None] = {}
    for key in sent:
        try:
            read = model._meta.pk.to_python(key)
        except ValidationError:
            continue
        if "\0" not in key and (not isinstance(read, int) or read in KEYS):
            found[read] = None
    return list(found)
