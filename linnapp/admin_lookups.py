"""What an address or a form asks of a list of the admin may be nothing that a database can answer: a year 0, thirty
digits, a look-up that only another engine has. The list says so, as it does of fields that it does not know."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG, ChangeList
from django.core.exceptions import ValidationError
from django.db import DataError, NotSupportedError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

# What Django and its databases raise for a value that fits no column. Not OperationalError: a database that is away is
# no fault of the address.
UNANSWERABLE = (OverflowError, ValueError, NotSupportedError, DataError)
# An expression takes as long as whoever wrote it likes, and may be none.
EXPRESSIONS = ("regex", "iregex")
KEYS = range(-(2**63), 2**63)


class WaryList(ChangeList):
    def get_filters(self, request: HttpRequest) -> Any:
        try:
            return super().get_filters(request)
        except UNANSWERABLE as fault:
            # The year after 9999, for one, where a list is narrowed by years.
            raise IncorrectLookupParameters from fault

    def get_results(self, request: HttpRequest) -> None:
        try:
            super().get_results(request)
        except UNANSWERABLE as fault:
            raise IncorrectLookupParameters from fault


class Wary(admin.ModelAdmin):
    """Asks the database for nothing that it cannot answer."""

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
