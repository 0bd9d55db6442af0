"""The page kit: what pages of both packages share. Queries in, one page of rows out."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, cast
from urllib.parse import quote_plus, urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.db.models import Model, Q, QuerySet
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django_filters import FilterSet

from linnapp import credentials, list_files
from linnapp.actors import Actor, Side
from linnapp.errors import NotPossible, OverQuota
from linnapp.keys_first import first_of
from linnapp.models import User
from linnapp.models.access import REVEAL_PERMISSION
from linnapp.models.capped import MOST_COUNTED, count_found, count_up_to
from linnapp.page_requests import asks_for_sign_in, wants_part, will_show_credential
from linnapp.signing_in.fresh_sign_ins import sign_in_is_old
from linnapp.staff_requests import staff_access_of
from linnapp.words import NOTHING_CHANGED, with_commas

SHOWN_FOR = timedelta(minutes=10)
SHOWN = "shown:"
# Rows of a CSV file that are read at once.
ROWS_AT_ONCE = 100
PAGE_SIZE = 50
# In the place of a value that differs from row to row.
MARK = "9070605040"
# What the address of a list may hold besides filters.
NO_FILTERS = frozenset({"sort", "after", "format"})
# Only a list that is longer is searched and narrowed by chips.
FEW = 10
# Of what is found by a text, which costs more to count than to show.
MOST_OF_TEXT = 1_000


def signed_in(request: HttpRequest) -> User:
    """Who is signed in, in a view that the middleware opens to nobody else."""
    return cast(User, request.user)


def acting(request: HttpRequest, side: Side, reason: str = "", on_side: Side | None = None) -> Actor:
    """Who acts in this request, on the side whose page it is: the one place where an actor is made of a request. Staff
    inside an account act as staff, for the reason that they entered for. `on_side`: whose page the admin stands for.
    Without the mark of `linnapp.signing_in.fresh_sign_ins` on the page nobody's sign-in is fresh."""
    fresh = asks_for_sign_in(request) and not sign_in_is_old(request)
    if access := staff_access_of(request):
        return Actor(signed_in(request), Side.STAFF, access.reason, access.pk, side, fresh=fresh)
    return Actor(signed_in(request), side, reason, on_side=on_side, fresh=fresh)


def installation_url(application_id: UUID, tracking: str = "") -> str:
    """The address that installs an application, for a mail or a page of the developer's."""
    address = settings.SITE_URL + reverse("authorize", args=[application_id])
    return f"{address}?{urlencode({'Tracking': tracking})}" if tracking else address


# A secret shown once more to the person who just made it.


def show_once(request: HttpRequest, kind: str, key: object) -> None:
    """Lets this browser session see one credential in the clear for ten minutes. Only the row's key is kept. Staff see
    none without a permission of its own, and none after they left."""
    access = staff_access_of(request)
    if access and not signed_in(request).has_perm(REVEAL_PERMISSION):
        return
    for name in [name for name, _ in request.session.items() if name.startswith(SHOWN)]:
        if not _is_fresh(request.session[name]):
            del request.session[name]
    request.session[f"{SHOWN}{kind}:{key}"] = f"{timezone.now().isoformat()} {access.pk if access else ''}"


def may_show(request: HttpRequest, kind: str, key: object) -> bool:
    """The page that shows it is not compressed."""
    shown = request.session.get(f"{SHOWN}{kind}:{key}")
    if shown is None or not _is_fresh(shown):
        return False
    access = staff_access_of(request)
    if access and (access.is_to_look or not signed_in(request).has_perm(REVEAL_PERMISSION)):
        return False
    if shown.partition(" ")[2] != (str(access.pk) if access else ""):
        return False
    will_show_credential(request)
    return True


def _is_fresh(shown: str) -> bool:
    return timezone.now() - datetime.fromisoformat(shown.partition(" ")[0]) < SHOWN_FOR


# Lists.


@dataclass(frozen=True)
class Sort:
    """A way to sort: fields as in order_by, none of them null; the primary key is added to tell equals apart. One that
    no head of a column stands for (`in_head`) is offered among the filters, on every screen."""

    label: str
    fields: tuple[str, ...]
    in_head: bool = True

    @property
    def direction(self) -> str:
        """As a column that is sorted by it says in aria-sort."""
        return "descending" if self.fields[0].startswith("-") else "ascending"


@dataclass(frozen=True)
class Column:
    """A column of a list as a file: its heading, and its value for a row."""

    label: str
    value: Callable[[Any], object]


def in_words(count: int, most: int = MOST_COUNTED) -> str:
    """Of rows that were counted up to one more than `most`."""
    return f"more than {with_commas(most)}" if count > most else with_commas(count)


class ListPage:
    """A list as one reader asked for it: searched, filtered, sorted, and cut by keyset.

    Keyset and not OFFSET: page 10,000 costs what page 1 costs, and a row added meanwhile shifts nothing. The address
    holds everything (`q`, the filters, `sort`, `after`), so a list can be bookmarked and sent. `told` makes of some
    rows what the columns of a file read.
    """

    def __init__(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        *,
        filters: Callable[..., FilterSet],
        sorts: Mapping[str, Sort],
        columns: Sequence[Column] = (),
        told: Callable[[Sequence[Any]], Sequence[Any]] = list,
        size: int = PAGE_SIZE,
    ) -> None:
        self.request = request
        self.filters = filters
        self.filterset = filters(request.GET or None, queryset=queryset, request=request)
        self.sorts = sorts
        self.columns = columns
        self.told = told
        self.size = size
        wanted = request.GET.get("sort", "")
        self.sort_key = wanted if wanted in sorts else next(iter(sorts))

    @cached_property
    def queryset(self) -> QuerySet[Any]:
        found: QuerySet[Any] = self.filterset.qs
        return found.order_by(*self.ordering)

    @property
    def ordering(self) -> tuple[str, ...]:
        fields = self.sorts[self.sort_key].fields
        return (*fields, "-pk" if fields[0].startswith("-") else "pk")

    @cached_property
    def _window(self) -> list[Any]:
        """One row more than the page holds, to know whether another page follows."""
        queryset = self.queryset
        if after := self.request.GET.get("after"):
            queryset = queryset.filter(self._beyond(after))
        return self.first(queryset, self.size + 1)

    def first(self, found: QuerySet[Any], most: int) -> list[Any]:
        return first_of(found, most, of=self.filterset.queryset)

    @cached_property
    def rows(self) -> list[Any]:
        return self._window[: self.size]

    def _beyond(self, cursor: str) -> Q:
        """Rows that come after the cursor: greater in the first field, or equal there and greater in the next, ..."""
        try:
            values = json.loads(self._signer.unsign(cursor))
        except (signing.BadSignature, ValueError):
            return Q()
        return self._after(values)

    def _after(self, values: Sequence[Any]) -> Q:
        condition, equal = Q(), Q()
        for field, value in zip(self.ordering, values, strict=False):
            name = field.lstrip("-")
            condition |= equal & Q(**{f"{name}__{'lt' if field.startswith('-') else 'gt'}": value})
            equal &= Q(**{name: value})
        # The same once more, as a bound at which an index can begin.
        first = self.ordering[0]
        return condition & Q(**{f"{first.lstrip('-')}__{'lte' if first.startswith('-') else 'gte'}": values[0]})

    def _place_of(self, row: Any) -> list[Any]:
        return [_at(row, field.lstrip("-")) for field in self.ordering]

    @cached_property
    def next_url(self) -> str | None:
        if len(self._window) <= self.size:
            return None
        return self.url(after=self._signer.sign(json.dumps(self._place_of(self.rows[-1]), default=str)))

    def _all_rows(self) -> Iterator[list[Any]]:
        """By keyset, so that nothing of the database is held while somebody slow takes what was read."""
        queryset = self.queryset
        while rows := self.first(queryset, ROWS_AT_ONCE):
            yield rows
            queryset = self.queryset.filter(self._after(self._place_of(rows[-1])))

    @property
    def _signer(self) -> signing.Signer:
        """A cursor holds for the list and the sort it was made for: any other is no cursor, and page 1 is shown."""
        return signing.Signer(salt=f"cursor {self.request.path} {self.sort_key}")

    @property
    def first_url(self) -> str | None:
        """Back to the first page, from any other."""
        return self.url(after=None) if self.request.GET.get("after") else None

    def url(self, **changes: str | None) -> str:
        """This list's address with some of its parameters changed; None takes one out."""
        asked = {key: value for key, value in self.request.GET.items() if value}
        asked |= {key: value for key, value in changes.items() if value is not None}
        for key, value in changes.items():
            if value is None:
                asked.pop(key, None)
        return f"{self.request.path}?{urlencode(asked)}" if asked else self.request.path

    def narrowing(self, name: str, **changes: str | None) -> Callable[[object], str]:
        """What makes the addresses that narrow this list by one value of a filter, one for each of its rows."""
        before, *after = self.url(**{name: MARK}, **changes, after=None).split(MARK)
        if len(after) != 1:
            return lambda value: self.url(**{name: str(value)}, **changes, after=None)
        return lambda value: f"{before}{quote_plus(str(value))}{after[0]}"

    @cached_property
    def total(self) -> str:
        """How many rows match, in words; never an exact count of a whole large table."""
        rows, by_text = self.queryset, self.request.GET.get("q")
        return in_words(count_found(rows, MOST_OF_TEXT), MOST_OF_TEXT) if by_text else in_words(count_up_to(rows))

    @property
    def is_narrowed(self) -> bool:
        """Whether the reader asked for less than everything: an empty page then says "nothing matches"."""
        return self.filters_in_force > 0

    @property
    def is_long(self) -> bool:
        """Whether there is something to narrow, or it is narrowed."""
        return len(self.rows) > FEW or bool(self.next_url or self.first_url or self.is_narrowed)

    @property
    def filters_in_force(self) -> int:
        return sum(bool(value) for key, value in self.request.GET.items() if key not in NO_FILTERS)

    @property
    def sort_links(self) -> list[tuple[str, str, bool, bool]]:
        """Label, address, whether it is the one in force, and whether a head of a column stands for it."""
        return [
            (sort.label, self.url(sort=key, after=None), key == self.sort_key, sort.in_head)
            for key, sort in self.sorts.items()
        ]

    @property
    def has_every_sort_in_heads(self) -> bool:
        return all(sort.in_head for sort in self.sorts.values())

    def chips(
        self, name: str, choices: Iterable[tuple[object, str]], *, drops: Iterable[str] = ()
    ) -> list[tuple[str, str, bool]]:
        """Label, address, and whether it is in force, for each value of a filter; the first chip takes it off. With
        any of them go the filters it `drops`: their values fit no other value of this one."""
        chosen = self.request.GET.get(name, "")
        values = [("", "All"), *((str(value), label) for value, label in choices)]
        gone: dict[str, str | None] = dict.fromkeys((*drops, "after"))
        return [(label, self.url(**gone | {name: value or None}), value == chosen) for value, label in values]

    def besides(self, name: str) -> QuerySet[Any]:
        """What all filters but this one leave: what its chips choose among."""
        others = {key: value for key, value in self.request.GET.items() if key != name}
        narrowed = self.filters(others, queryset=self.filterset.queryset, request=self.request)
        return cast("QuerySet[Any]", narrowed.qs)

    def as_csv(self, filename: str) -> StreamingHttpResponse:
        return list_files.as_csv(filename, self._labels, self._values())

    def as_json(self, filename: str) -> StreamingHttpResponse:
        return list_files.as_json(filename, self._labels, self._values())

    @property
    def _labels(self) -> list[str]:
        return [column.label for column in self.columns]

    def _values(self) -> Iterator[Iterator[list[object]]]:
        """By pages of what is read at once, each row as the values of its columns."""
        for rows in self._all_rows():
            yield ([column.value(row) for column in self.columns] for row in self.told(rows))


def searched(request: HttpRequest, narrow: Callable[[str], dict[str, str]]) -> HttpResponse | None:
    """For a list whose search is posted: what leads on from there, and from an address with a credential in it: the
    list's address without one. `narrow` says what to ask for in the place of a text that may hold one. None for all
    other requests."""
    given = request.POST if request.method == "POST" else request.GET
    text = given.get("q", "").strip()
    may_be_credential = credentials.may_be_in(text)
    if request.method != "POST" and not may_be_credential:
        return None
    left = {"q", "after", "csrfmiddlewaretoken"}
    asked = {name: str(value) for name, value in given.items() if value and name not in left}
    found = narrow(text) if may_be_credential else {"q": text} if text else {}
    if may_be_credential and not found:
        messages.info(request, "Nothing is known by the id or credential that you searched for.")
    asked |= found
    return redirect(f"{request.path}?{urlencode(asked)}" if asked else request.path)


def _at(row: Model, path: str) -> Any:
    """A row's value at an order_by path, relations included."""
    value: Any = row
    for name in path.split("__"):
        value = getattr(value, name)
    if isinstance(value, Model):
        value = value.pk
    return value.isoformat() if isinstance(value, datetime) else value


def page_or_part(
    request: HttpRequest, template: str, context: dict[str, Any], *, part: str = "", status: int = 200
) -> HttpResponse:
    """The whole page, or for htmx only the partial that stands in it under the same context: `folder/_name.html` for
    `folder/name.html`, where no other is named."""
    folder, _, name = template.rpartition("/")
    return render(request, (part or f"{folder}/_{name}") if wants_part(request) else template, context, status=status)


@contextmanager
def refusal_in(form: BaseForm, field: str | None = None) -> Iterator[None]:
    """Whatever the services in it refuse is shown in the form, which keeps what was typed: at `field`, or on top of it
    where no field is to blame."""
    try:
        yield
    except NotPossible as refusal:
        form.add_error(None if isinstance(refusal, OverQuota) else field, str(refusal))


@contextmanager
def refusal_told(request: HttpRequest) -> Iterator[None]:
    """Whatever the services in it refuse is told on top of the page that follows."""
    try:
        yield
    except NotPossible as refusal:
        messages.error(request, str(refusal))


def tell_saved(request: HttpRequest, changed: object, told: str = "Saved.") -> None:
    """On top of the page that follows: `told`, or that the form was saved as it was."""
    if changed:
        messages.success(request, told)
    else:
        messages.info(request, NOTHING_CHANGED)


def at_section(section: str, url_name: str, *args: object) -> str:
    """The address of a page at the section that somebody saved, so that they go on where they were."""
    return f"{reverse(url_name, args=args)}#{section}"


def reveal(request: HttpRequest, kind: str, act: Callable[[], Model], back: str) -> HttpResponse:
    """Shows a credential in the clear on the page that it goes back to, for ten minutes. `act` is the service that puts
    it on record, and gives its row."""
    with refusal_told(request):
        show_once(request, kind, act().pk)
    return redirect(back)
