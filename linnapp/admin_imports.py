"""Tables of the admin that are changed by a file: sent here, read by a job, and applied from the page of the change."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import PermissionDenied
from django.forms.models import fields_for_model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from linnapp import imports
from linnapp.actors import Actor, Side
from linnapp.admin_editing import EditingAdmin
from linnapp.import_files import MOST_BYTES
from linnapp.pages import acting
from linnapp.staff_actions import Import, Values


class FileForm(forms.Form):
    file = forms.FileField(
        help_text="CSV, XLSX or JSON, as the export makes it, at most 10 MB. Nothing is changed before you have seen "
        "what each row would change.",
        error_messages={"required": "Choose a file first.", "empty": "This file is empty. Choose another one."},
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,.json,text/csv,application/json"}),
    )

    def clean_file(self) -> Any:
        sent = self.cleaned_data["file"]
        if sent.size > MOST_BYTES:
            raise forms.ValidationError("The file has more than 10 MB. Send it in parts.")
        return sent


def _name(page: "ImportingAdmin", act: Import) -> str:
    return f"{page.opts.app_label}_{page.opts.model_name}_{act.name}"


class ImportingAdmin(EditingAdmin):
    """`importable` are the columns that a file may change, `import_keys` those that a row is found by."""

    change_list_template = "admin/importing_list.html"
    importable: ClassVar[tuple[str, ...]] = ()
    import_keys: ClassVar[tuple[str, ...]] = ("id",)

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.act = Import(
            on_side=self.on_side, read_by=self.read_by, save=self.save_values, reads=imports.rows_of_table
        )
        self.staff_actions = (*type(self).staff_actions, self.act)

    def save_values(self, row: Any, wanted: Values, seen: Values | None, by: Actor) -> object:
        """The service; False where nothing changed."""
        raise NotImplementedError

    def import_fields(self) -> Mapping[str, forms.Field]:
        """As the form of the page has them: what it declares, and what follows from the model."""
        declared = self.form.base_fields
        made = fields_for_model(self.model, fields=[name for name in self.importable if name not in declared])
        return {name: declared.get(name) or made[name] for name in self.importable}

    def imports(self) -> list[Import]:
        return [act for act in self.staff_actions if isinstance(act, Import)]

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(self.import_view)
        places = [(f"{act.name.replace('_', '-')}/", act) for act in self.imports()]
        own = [path(place, page, {"act": act}, name=_name(self, act)) for place, act in places]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        may = [act for act in self.imports() if self.may_do(act, request.user)]
        more = {"imports": [(act.verb, reverse(f"admin:{_name(self, act)}")) for act in may]}
        return super().changelist_view(request, (extra_context or {}) | more)

    def import_view(self, request: HttpRequest, act: Import) -> HttpResponse:
        if not self.may_do(act, request.user):
            raise PermissionDenied
        form = FileForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            sent = form.cleaned_data["file"]
            change = imports.begin(self.model, act, sent.name, sent.read(), by=acting(request, Side.STAFF))
            imports.read(change.pk)
            return redirect("admin:linnapp_bulkchange_change", change.pk)
        context = self.admin_site.each_context(request) | {
            "title": f"{act.verb}: {self.opts.verbose_name_plural}",
            "act": act,
            "opts": self.opts,
            "form": form,
            "columns": self.importable,
            "keys": self.import_keys,
        }
        return TemplateResponse(request, "admin/import.html", context, status=422 if form.errors else 200)
