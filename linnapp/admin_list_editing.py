"""Lists of the admin that are typed into: a page beside the list, with its search, filters and pages, its cells as
fields, and one *Why* beside Save. What is saved is a bulk change, each row in a transaction of its own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Self, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html

from linnapp import bulk_changes, jobs
from linnapp.actors import Actor, Side
from linnapp.admin_editing import WHY, WhyForm
from linnapp.admin_imports import ImportingAdmin
from linnapp.admin_lookups import keys_sent
from linnapp.admin_pages import SummedList, some_of
from linnapp.bulk_changes import AT_ONCE, Wish
from linnapp.exports import narrowed_by
from linnapp.models import BulkChange, BulkRow
from linnapp.pages import acting
from linnapp.signing_in.fresh_sign_ins import ask_for_fresh_sign_in
from linnapp.staff_actions import Import
from linnapp.words import NOTHING_CHANGED, counted

SHEET = "_sheet_of_list"
ROW = "row"
# Each text is sent twice, as it was and as it is, and a letter of some scripts takes nine bytes: a page of long ones is
# still less than a request may hold.
ROWS_A_PAGE = 20
CLOSED = "It can no longer be changed. What you typed was not saved."


@dataclass(frozen=True)
class ListEdit(Import):
    """What was typed into a list: each row its own values."""

    name: str = "edit_in_list"
    verb: str = "Edit"
    after: str = " in the list"
    undone_by: str = "edit_in_list"


class KeyField(forms.CharField):
    """The row that a form is of. All forms of a sheet send theirs under one name."""

    def __init__(self, key: object) -> None:
        super().__init__(required=False, initial=str(key), widget=forms.HiddenInput(attrs={"id": False}))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What was sent under that name is the key of some row or other."""
        return initial


class RowForm(WhyForm):
    """The cells of one row that this person may type into."""

    def add_prefix(self, field_name: str) -> str:
        return ROW if isinstance(self.fields.get(field_name), KeyField) else super().add_prefix(field_name)

    @property
    def row(self) -> Any:
        return self.instance

    def typed(self) -> dict[str, Any]:
        """What was changed of it; valid forms only."""
        return {name: self.cleaned_data[name] for name in self.changed_data}

    def seen(self) -> dict[str, str]:
        """What stood there when it was opened, of what was changed."""
        started = self.started_from()
        return {name: started[name] for name in self.changed_data if name in started}


class WhyOfListForm(forms.Form):
    why = WhyForm.base_fields[WHY]


class Sheet:
    """A page of a list as forms, and what is told above it. Django's templates of a list ask it as they ask a formset;
    what is wrong they are not to tell."""

    errors: tuple[str, ...] = ()
    is_multipart = False
    management_form = ""

    def __init__(self, page: "ListEditingAdmin", request: HttpRequest, rows: Iterable[Any]) -> None:
        """As it stands in the database."""
        self.page, self.request = page, request
        self.forms = [page.row_form(request, row) for row in rows]
        self.why = WhyOfListForm()
        self.notes: list[str] = []
        self._explain(self.why)

    @classmethod
    def sent(cls, page: "ListEditingAdmin", request: HttpRequest) -> Self:
        """As somebody sent it: their rows in their order, with what they typed."""
        keys = keys_sent(page.model, request.POST.getlist(ROW)[:AT_ONCE])
        rows = page.rows_of(request, keys)
        sheet = cls(page, request, ())
        sheet.forms = [page.row_form(request, rows[key], request.POST) for key in keys if key in rows]
        sheet.why = WhyOfListForm(request.POST)
        sheet._explain(sheet.why)
        for lost in (page.typed_for(request, key) for key in keys if key not in rows):
            if lost:
                sheet.notes.append(f"A row was deleted in the meantime. You had typed: {lost}")
        return sheet

    @property
    def media(self) -> forms.Media:
        return sum((form.media for form in self.forms), forms.Media())

    @property
    def rows(self) -> list[Any]:
        return [form.row for form in self.forms]

    @property
    def writable(self) -> bool:
        return any(len(form.fields) > 1 for form in self.forms)

    def _explain(self, why: WhyOfListForm) -> None:
        why.fields[WHY].help_text = self.page.read_by

    def save(self) -> BulkChange | None:
        """All that was typed, if all of it is right. What is left alone keeps what was typed, beside what stands there
        now; everything else becomes as it stands."""
        changed = [form for form in self.forms if form.has_changed()]
        judged = [form.is_valid() for form in (*changed, self.why)]
        right = all(judged)
        if not changed and not self.notes:
            self.notes.append(f"{NOTHING_CHANGED} Change something, or leave the page.")
        elif not right:
            self.notes.append("There is a problem. Nothing was saved.")
        if not changed or not right:
            self._take_anew(kept=changed)
            return None
        by = acting(self.request, Side.STAFF, self.why.cleaned_data[WHY], on_side=self.page.on_side)
        change, left = self._write(changed, by)
        if left:
            self.notes.append(f"Left as it is: {some_of([str(form.row) for form in left])}. What you typed is below.")
        self._take_anew(kept=left)
        return change

    def _write(self, changed: Sequence[RowForm], by: Actor) -> tuple[BulkChange | None, list[RowForm]]:
        """The change, and the forms of the rows that it left alone, each with the reason."""
        open_to = [form for form in changed if self.page.has_change_permission(self.request, form.row)]
        left = [form for form in changed if form not in open_to]
        for form in left:
            form.add_error(None, CLOSED)
        if not open_to:
            return None, left
        wishes = [Wish(form.row.pk, str(form.row), form.typed(), form.seen()) for form in open_to]
        change = bulk_changes.begin(self.page.list_edit, self.page.model, wishes, by=by, wanted={})
        try:
            bulk_changes.work_on(change.pk)
        except OperationalError:
            # The database was busy: a job does the rest, and the page of the change tells how far it is.
            jobs.ask(bulk_changes.work, change.pk)
            return change, left
        change.refresh_from_db()
        waits = BulkRow.State.WAITING, BulkRow.State.LEFT
        refused = dict(change.rows.filter(state__in=waits).values_list("target", "said"))
        now = self.page.rows_of(self.request, [form.row.pk for form in open_to])
        for form in open_to:
            if str(form.row.pk) in refused:
                left.append(form)
                self._refuse(form, now.get(form.row.pk), refused[str(form.row.pk)] or change.said)
        return change, left

    def _refuse(self, form: RowForm, now: Model | None, said: str) -> None:
        seen = form.seen()
        theirs = {name: getattr(now, name) for name in seen if now is not None and getattr(now, name) != seen[name]}
        if theirs:
            form.put_beside(theirs)
        else:
            form.add_error(None, said)

    def _take_anew(self, kept: Sequence[RowForm]) -> None:
        now = self.page.rows_of(self.request, [form.row.pk for form in self.forms])
        self.forms = [
            form if form in kept else self.page.row_form(self.request, now[form.row.pk])
            for form in self.forms
            if form in kept or form.row.pk in now
        ]


class EditedList(SummedList):
    """Of what was sent, in the order in which it was sent, where something was. There is no *Show all*."""

    def get_results(self, request: HttpRequest) -> None:
        self.list_per_page, self.list_max_show_all = ROWS_A_PAGE, 0
        self.list_editable = cast(ListEditingAdmin, self.model_admin).list_edited
        super().get_results(request)
        if sheet := getattr(request, SHEET):
            self.result_list = sheet.rows


class ListEditingAdmin(ImportingAdmin):
    """`list_edited` are the fields that are typed into the list, beside the first two columns of it. They are saved by
    `save_values`."""

    change_list_template = "admin/editing_list.html"
    list_edited: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.list_edit = ListEdit(on_side=self.on_side, read_by=self.read_by, fresh=self.fresh, save=self.save_values)
        self.staff_actions = (*self.staff_actions, self.list_edit)

    def imports(self) -> list[Import]:
        return [act for act in super().imports() if not isinstance(act, ListEdit)]

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(self.edit_list_view)
        return [path("edit/", page, name=f"{self.opts.app_label}_{self.opts.model_name}_edit"), *super().get_urls()]

    def edit_list_view(self, request: HttpRequest) -> HttpResponse:
        """Whoever may only look reads it as it is."""
        sheet = None
        if request.method == "POST":
            if not self.has_change_permission(request):
                raise PermissionDenied
            if self.fresh:
                ask_for_fresh_sign_in(request)
            sheet = Sheet.sent(self, request)
            if change := sheet.save():
                self._tell_saved(request, change)
            if not sheet.notes:
                return redirect(request.get_full_path())
        setattr(request, SHEET, sheet)
        back = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
        more = {"title": f"Edit {self.opts.verbose_name_plural} in the list", "back": _narrowed(request, reverse(back))}
        more["undo_told"] = self.list_edit.undo_told
        page: HttpResponse = self.changelist_view(request, more)
        if isinstance(page, TemplateResponse):
            page.template_name, page.status_code = "admin/edit_list.html", 200 if sheet is None else 422
        return page

    def _tell_saved(self, request: HttpRequest, change: BulkChange) -> None:
        number = change.counts()[BulkRow.State.DONE]
        if change.state == BulkChange.State.WORKING:
            self.message_user(request, "This portal is busy. The other rows are saved in a moment.", messages.WARNING)
        if not number:
            return
        names = counted(number, str(self.opts.verbose_name), str(self.opts.verbose_name_plural))
        told = f"{self.list_edit.came_to(names, number)}."
        if self.admin_site._registry[BulkChange].has_view_permission(request):
            there = reverse("admin:linnapp_bulkchange_change", args=[change.pk])
            told = format_html('{} <a href="{}">{}: what became of each, and Undo</a>', told, there, change.title)
        self.message_user(request, told, messages.SUCCESS)

    # What Django's list asks, on that page and on the other.

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        there = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_edit")
        offered = self.list_edited and self.has_change_permission(request)
        more = {"edit_list": _narrowed(request, there) if offered else ""}
        return super().changelist_view(request, more | (extra_context or {}))

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return EditedList if hasattr(request, SHEET) else super().get_changelist(request, **options)

    def get_list_display(self, request: HttpRequest) -> Any:
        found = super().get_list_display(request)
        if not hasattr(request, SHEET):
            return found
        return (*[name for name in found if name not in self.list_edited][:2], *self.list_edited)

    def get_actions(self, request: HttpRequest) -> Any:
        return {} if hasattr(request, SHEET) else super().get_actions(request)

    def get_changelist_formset(self, request: HttpRequest, **options: Any) -> Any:
        return lambda queryset: getattr(request, SHEET) or Sheet(self, request, queryset)

    # What a sheet asks.

    def rows_of(self, request: HttpRequest, keys: Iterable[Any]) -> dict[Any, Any]:
        rows: QuerySet[Any] = self.get_queryset(request)
        if self.list_select_related:
            rows = rows.select_related(*cast(Sequence[str], self.list_select_related))
        return {row.pk: row for row in rows.filter(pk__in=list(keys))}

    def row_form(self, request: HttpRequest, row: Any, sent: Any = None) -> RowForm:
        """Of a row as it is, what may be typed; of what was sent, what this person may type at all: of a row that was
        closed meanwhile it is kept."""
        typed = self.typed(request, row) if sent is None else self.changeable_by(request, row)
        names = tuple(name for name in self.list_edited if name in typed)
        made = forms.modelform_factory(
            self.model,
            type(f"{self.form.__name__}OfRow", (RowForm, self.form), {}),
            fields=names,
            formfield_callback=partial(self.formfield_for_dbfield, request=request),
        )
        made.base_fields = {name: made.base_fields[name] for name in names}
        for field in made.base_fields.values():
            field.show_hidden_initial, field.help_text = True, ""
            field.widget.attrs |= {"aria-label": f"{field.label}: {row}"}
            if isinstance(field.widget, forms.Textarea):
                field.widget.attrs["rows"] = 2
        form = cast(RowForm, made(sent, instance=row, prefix=str(row.pk)))
        form.fields[self.opts.pk.name] = KeyField(row.pk)
        return form

    def typed_for(self, request: HttpRequest, key: object) -> str:
        """What somebody typed for a row that is gone."""
        sent = request.POST
        found = [
            sent[f"{key}-{name}"]
            for name in self.list_edited
            if sent.get(f"{key}-{name}", "") != sent.get(f"initial-{key}-{name}", "")
        ]
        return "; ".join(value or "(empty)" for value in found)


def _narrowed(request: HttpRequest, page: str) -> str:
    """An address with what narrows the list that somebody looks at."""
    kept = narrowed_by(request)
    return f"{page}?{urlencode(kept)}" if kept else page
