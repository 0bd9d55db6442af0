"""The cells of a list of the admin, as Django draws them. What is the same in all rows of a column is worked out once a
page: its field and choices, its heading, the address of a row, and the filters that follow it there."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.admin.utils import display_for_field, display_for_value, lookup_field
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import BooleanField, DateField, DateTimeField, Field, ForeignKey, ManyToOneRel, TimeField
from django.utils.html import escape
from django.utils.safestring import SafeString

from linnapp.moments import shown
from linnapp.quick_addresses import MARKS, addresses_of
from linnapp.templatetags.names import drawn

# Django's own class takes no type between brackets at run time.
if TYPE_CHECKING:
    AnyField = Field[Any, Any]
else:
    AnyField = Field
CHECKBOX = "action_checkbox"


def columns_of(cl: ChangeList, labels: Sequence[str]) -> list["Column"]:
    """Of a list that has rows; `labels` are attributes that each cell of a column has."""
    named = zip(cl.list_display, labels, strict=True)
    return [Column(cl, place, name, label) for place, (name, label) in enumerate(named)]


def checkbox_of(row: Any) -> SafeString:
    """As `ModelAdmin.action_checkbox`, for which Django renders a template."""
    label = escape(f"Select this object for an action - {row}")
    value = escape(str(row.pk))
    named = f'name="{ACTION_CHECKBOX_NAME}" value="{value}"'
    return SafeString(f'<input type="checkbox" {named} class="action-select" aria-label="{label}">')


def moment(value: datetime) -> str:
    """As Django writes one."""
    return shown(value, "DATETIME_FORMAT")


class Column:
    def __init__(self, cl: ChangeList, place: int, name: Any, label: str) -> None:
        self.name, self.page = name, cl.model_admin
        self.icons: dict[Any, Any] = {}
        self.empty = cl.model_admin.get_empty_value_display()
        self.address = _address_of(cl) if _leads(cl, place, name) else None
        self.value_of = self._value_of(self._field(cl))
        called = "action-checkbox" if name == CHECKBOX else f"field-{_called(name, place)}"
        is_head = self.address is not None and not any(_leads(cl, at, cl.list_display[at]) for at in range(place))
        self.tag = "th" if is_head else "td"
        self.start = f'<{self.tag}{label} class="{called}">'
        self.start_nowrap = f'<{self.tag}{label} class="{called} nowrap">'
        self.end = f"</{self.tag}>"

    def cell(self, row: Any) -> str:
        shown, nowrap = self.value_of(row)
        inside = drawn(shown)
        if self.address:
            inside = f'<a href="{self.address(row)}">{inside}</a>'
        return f"{self.start_nowrap if nowrap else self.start}{inside}{self.end}"

    def _field(self, cl: ChangeList) -> AnyField | None:
        """None for what a function tells."""
        try:
            field: AnyField | None = lookup_field(self.name, cl.result_list[0], cl.model_admin)[0]
        except ObjectDoesNotExist:
            return None
        return None if field is None or field.auto_created else field

    def _value_of(self, field: AnyField | None) -> Callable[[Any], tuple[Any, bool]]:
        """What makes of a row what is shown of it, and whether that stays on one line."""
        if self.name == CHECKBOX:
            return lambda row: (checkbox_of(row), False)
        if field is None:
            return self._told
        name, empty = field.name, self.empty
        if isinstance(field.remote_field, ManyToOneRel):
            nowrap = isinstance(field, ForeignKey)
            return lambda row: (empty if (found := _pointed_at(row, name)) is None else found, nowrap)
        if choices := getattr(field, "flatchoices", None):
            words = dict(choices)
            return lambda row: (words.get(_plain(getattr(row, name)), empty), False)
        if isinstance(field, BooleanField):
            return lambda row: (self._icon(getattr(row, name)), False)
        if isinstance(field, DateTimeField):
            return lambda row: (empty if (at := getattr(row, name)) is None else moment(at), True)
        return lambda row: self._of_field(field, row)

    def _of_field(self, field: AnyField, row: Any) -> tuple[Any, bool]:
        value = _plain(getattr(row, field.name))
        if type(value) is int:
            return str(value), False
        shown = display_for_field(value, field, self.empty, avoid_link=self.address is not None)
        return shown, isinstance(field, DateField | TimeField)

    def _told(self, row: Any) -> tuple[Any, bool]:
        """Of a function, a property or a path."""
        try:
            _, attribute, value = lookup_field(self.name, row, self.page)
        except ObjectDoesNotExist:
            return self.empty, False
        empty = getattr(attribute, "empty_value_display", self.empty)
        boolean = getattr(getattr(attribute, "fget", attribute), "boolean", False)
        if isinstance(value, datetime) and not boolean:
            return moment(value), True
        if boolean:
            return self._icon(value), isinstance(value, date | time)
        return display_for_value(_plain(value), empty), isinstance(value, date | time)

    def _icon(self, value: Any) -> Any:
        """Of yes, no and not known: looked for among the static files once a page."""
        if value not in self.icons:
            self.icons[value] = display_for_value(value, self.empty, boolean=True)
        return self.icons[value]


def _pointed_at(row: Any, name: str) -> Any:
    """None also where it is gone: some keys are kept without a constraint."""
    try:
        return getattr(row, name)
    except ObjectDoesNotExist:
        return None


def _plain(value: Any) -> Any:
    return "" if isinstance(value, str) and not value.strip() else value


def _called(name: Any, place: int) -> str:
    if not callable(name):
        return str(name)
    return f"lambda{place}" if name.__name__ == "<lambda>" else str(name.__name__)


def _leads(cl: ChangeList, place: int, name: Any) -> bool:
    """Whether the cells of this column lead to the page of their row: the first column does where none is named."""
    if cl.list_display_links is None:
        return False
    return name in cl.list_display_links or (not cl.list_display_links and place == 0)


def _address_of(cl: ChangeList) -> Callable[[Any], str]:
    """The page of a row, with the filters and the page of the list to come back to."""
    about: Any = {"preserved_filters": cl.preserved_filters, "opts": cl.opts}
    row = cl.result_list[0]
    first = cl.url_for_result(row)
    filters = add_preserved_filters(about, first).removeprefix(first)
    key = cl.pk_attname
    kind = type(getattr(row, key))
    if kind not in MARKS:
        return lambda row: escape(f"{cl.url_for_result(row)}{filters}")
    address = addresses_of(f"admin:{cl.opts.app_label}_{cl.opts.model_name}_change", kind=kind)
    return lambda row: escape(f"{address(getattr(row, key))}{filters}")
