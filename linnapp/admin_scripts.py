"""Which scripts a page of the admin brings: those that it uses. Django gives each page, for whatever may be on it, 83
kB of jQuery and of spellings in all alphabets, before anything is drawn."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse

SCRIPTS = "admin/js"
# Ticked rows are counted and the button to run an action comes up: after the rows are drawn.
ACTIONS = forms.Media(js=[Script(f"{SCRIPTS}/actions.js", defer=True)])  # type: ignore[list-item]
# What calendars and other fields with scripts of their own are written with.
WRITTEN_WITH = forms.Media(js=[f"{SCRIPTS}/core.js"])
# The links beside a field that leads to another table, each in a window of its own.
RELATED = forms.Media(
    js=[
        f"{SCRIPTS}/vendor/jquery/jquery.min.js",
        f"{SCRIPTS}/jquery.init.js",
        f"{SCRIPTS}/admin/RelatedObjectLookups.js",
    ]
)


class Light(admin.ModelAdmin):
    """Brings the scripts of its fields, and Django's own where something on the page uses them."""

    @property
    def media(self) -> forms.Media:
        return ACTIONS

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> HttpResponse:
        fields = context["adminform"]
        context["media"] = scripts_before(fields.form) + fields.media
        return super().render_change_form(request, context, *args, **options)


def scripts_before(form: forms.BaseForm) -> forms.Media:
    """What the scripts of these fields need before them."""
    media = WRITTEN_WITH if form.media.render_js() else forms.Media()
    return media + RELATED if any(map(_leads_elsewhere, form.fields.values())) else media


def _leads_elsewhere(field: forms.Field) -> bool:
    widget = field.widget
    return isinstance(widget, RelatedFieldWidgetWrapper) and any(
        (widget.can_add_related, widget.can_change_related, widget.can_delete_related, widget.can_view_related)
    )
