"""How the admin puts lists together: the rooms of its first page and sidebar, and cells that say what they hold."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import template
from django.contrib.admin.templatetags.admin_list import result_headers, result_hidden_fields, results
from django.contrib.admin.views.main import ChangeList
from django.template.context import Context
from django.utils.html import escape, strip_tags
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from linnapp.admin_cells import columns_of
from linnapp.admin_rooms import Rooms, rooms_of
from linnapp.templatetags.names import drawn
from linnapp.templatetags.portal import CURRENT

register = template.Library()
CELL = re.compile(r"<t[dh]\b")


@register.simple_tag
def rooms(apps: Iterable[Mapping[str, Any]] | None) -> Rooms:
    return rooms_of(apps or ())


@register.simple_tag(takes_context=True)
def list_links(context: Context, models: Iterable[Mapping[str, Any]]) -> SafeString:
    """Rows of the first page and of the sidebar, which is on every page: a link to each list, with `show_changelinks`
    and one to add to it."""
    path, adds = context["request"].path, bool(context.get("show_changelinks"))
    return SafeString("".join(_link_to(model, path, adds=adds) for model in models))


def _link_to(model: Mapping[str, Any], path: str, *, adds: bool) -> str:
    address, name = str(model.get("admin_url") or ""), str(model["name"])
    is_here = bool(address) and address in path
    link = f'<a href="{drawn(address)}"{CURRENT if is_here else ""}>{drawn(capfirst(name))}</a>'
    if adds and (add := model.get("add_url")):
        link += f' <a href="{drawn(add)}" class="addlink">Add<span class="visually-hidden"> to {drawn(name)}</span></a>'
    called = f"model-{drawn(model['object_name'].lower())}{' current-model' if is_here else ''}"
    return f'<tr class="{called}"><th scope="row">{link}</th></tr>\n'


@register.inclusion_tag("admin/change_list_results.html")
def drawn_list(cl: ChangeList) -> dict[str, Any]:
    """As Django's own `result_list`: each of its cells is looked up, labelled and put together for itself. What is the
    same in all rows of a column is worked out once here."""
    headers = list(result_headers(cl))
    drawn_by_django = cl.formset or cl.is_popup or cl.to_field
    return {
        "cl": cl,
        "result_hidden_fields": list(result_hidden_fields(cl)),
        "result_headers": headers,
        "num_sorted_fields": sum(1 for header in headers if header["sortable"] and header["sorted"]),
        "rows": _rows_of_django(cl, headers) if drawn_by_django else _rows(cl, headers),
    }


def _rows(cl: ChangeList, headers: Sequence[Mapping[str, Any]]) -> list[SafeString]:
    if not cl.result_list:
        return []
    columns = columns_of(cl, [label_of(header) for header in headers])
    return [SafeString("".join(column.cell(row) for column in columns)) for row in cl.result_list]


def _rows_of_django(cl: ChangeList, headers: Sequence[Mapping[str, Any]]) -> list[SafeString]:
    return [SafeString(_said_of(row) + "".join(map(_labelled, map(str, row), headers))) for row in results(cl)]


def _said_of(row: Any) -> str:
    """What is wrong with a row as a whole, above it."""
    said = row.form.non_field_errors() if row.form else ""
    return f'<td colspan="{len(row)}">{said}</td></tr><tr>' if said else ""


def _labelled(cell: str, header: Mapping[str, Any]) -> str:
    """Both are markup of Django's own, the heading's text escaped here."""
    label = label_of(header)
    return CELL.sub(lambda tag: f"{tag.group()}{label}", cell, count=1) if label else cell


def label_of(header: Mapping[str, Any]) -> str:
    """The heading of a column at its cells: a phone shows rows as cards."""
    text = strip_tags(str(header["text"])).strip()
    return f' data-label="{escape(text[:1].upper() + text[1:])}"' if text else ""
