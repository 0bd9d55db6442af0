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

from linnapp import imports, jobs
from linnapp.actors import Actor, Side
from linnapp.admin_editing import EditingAdmin
from linnapp.errors import NotPossible
from linnapp.import_files import MOST_BYTES
from linnapp.new_rows import NewRows
from linnapp.pages import acting
from linnapp.signing_in.fresh_sign_ins import ask_for_fresh_sign_in
from linnapp.staff_actions import Import, Values

NOTHING_YET = "You see what each row would change before anything happens."


class FileForm(forms.Form):
    file = forms.FileField(
        error_messages={"required": "Choose a file first.", "empty": "This file is empty. Choose another one."},
        widget=forms.FileInput,
    )

    def __init__(self, act: Import, *sent: Any) -> None:
        super().__init__(*sent)
        self.fields["file"].widget.attrs["accept"] = act.kinds
        self.fields["file"].help_text = f"{act.hint} {NOTHING_YET}"

    def clean_file(self) -> Any:
        sent = self.cleaned_data["file"]
        if sent.size > MOST_BYTES:
            raise forms.ValidationError("The file has more than 10 MB. Upload it in parts.")
        return sent


def _name(page: "ImportingAdmin", act: Import) -> str:
    return f"{page.opts.app_label}_{page.opts.model_name}_{act.name}"


def _told(name: str, field: forms.Field) -> str:
    return f"{name} (yes or no)" if isinstance(field, forms.BooleanField) else name


class ImportingAdmin(EditingAdmin):
    """`importable` are the columns that a file may change, `import_keys` those that a row is found by; `new_rows` is
    how it makes a row that is not there, where it may."""

    change_list_template = "admin/importing_list.html"
    importable: ClassVar[tuple[str, ...]] = ()
    import_keys: ClassVar[tuple[str, ...]] = ("id",)
    new_rows: ClassVar[NewRows | None] = None

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.act = Import(
            on_side=self.on_side,
            read_by=self.read_by,
            fresh=self.fresh or (self.new_rows is not None and self.new_rows.fresh),
            save=self.save_values,
            reads=imports.rows_of_table,
            makes=self.new_rows,
            mark=self.import_mark,
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

    def stands(self, row: Any, name: str) -> Any:
        """What of a row is compared with a column of the file."""
        return getattr(row, name)

    def refuses(self, row: Any, wanted: Values) -> str:
        return ""

    def import_mark(self, row: Any) -> object:
        """What tells, where the values alone do not, that a row stands as an import left it."""
        return ""

    def imports(self) -> list[Import]:
        return [act for act in self.staff_actions if isinstance(act, Import)]

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(self.import_view)
        places = [(f"{act.name.replace('_', '-')}/", act) for act in self.imports()]
        own = [path(place, page, {"act": act}, name=_name(self, act)) for place, act in places]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        may = [act for act in self.imports() if self.may_do(act, request.user)]
        more = {"imports": [(act.label or act.verb, reverse(f"admin:{_name(self, act)}")) for act in may]}
        return super().changelist_view(request, (extra_context or {}) | more)

    def import_view(self, request: HttpRequest, act: Import) -> HttpResponse:
        if not self.may_do(act, request.user):
            raise PermissionDenied
        # Asked before a file is chosen: what was sent once would have to be sent again.
        if act.fresh:
            ask_for_fresh_sign_in(request)
        form = FileForm(act, request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            sent = form.cleaned_data["file"]
            try:
                change = imports.begin(self.model, act, sent.name, sent.read(), by=acting(request, Side.STAFF))
            except NotPossible as refused:
                form.add_error("file", str(refused))
            else:
                jobs.ask(imports.read, change.pk)
                return redirect("admin:linnapp_bulkchange_change", change.pk)
        context = self.admin_site.each_context(request) | {
            "title": f"{act.verb} {self.opts.verbose_name_plural}",
            "act": act,
            "opts": self.opts,
            "form": form,
            "makes": act.makes if act.makes and request.user.has_perm(act.makes.needs) else None,
            "columns": [_told(name, field) for name, field in self.import_fields().items()],
            "keys": self.import_keys,
        }
        return TemplateResponse(request, "admin/import.html", context, status=422 if form.errors else 200)
