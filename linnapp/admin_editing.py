"""Pages of the admin that edit: what is typed goes to the services of the portal's own pages, with a reason where
somebody outside reads it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.db.models import Model
from django.http import HttpRequest, HttpResponse

from linnapp.actors import Actor, Side
from linnapp.admin_pages import ReadOnlyAdmin
from linnapp.errors import NotPossible
from linnapp.form_fields import MeanwhileForm, ReasonField
from linnapp.pages import acting
from linnapp.services.editing import EditedMeanwhile
from linnapp.signing_in.fresh_sign_ins import ask_for_fresh_sign_in
from linnapp.words import NOTHING_CHANGED

REFUSED = "_refused_by_service"
WHY = "why"


class WhyForm(MeanwhileForm, forms.ModelForm):
    """What staff change, and why. `refused` is what the service said to the same values a moment ago: it stands in the
    form, and what was typed stays."""

    refused: NotPossible | EditedMeanwhile | None = None
    why = ReasonField(help_text="The people this is about read it.")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if isinstance(self.refused, EditedMeanwhile):
            self.put_beside(self.refused.theirs)
        elif self.refused is not None:
            self.add_error(None, str(self.refused))
        elif not self.errors and not set(self.changed_data) - {WHY}:
            self.add_error(None, f"{NOTHING_CHANGED} Change something, or leave the page.")
        return cleaned

    def put_beside(self, theirs: Mapping[str, str]) -> None:
        super().put_beside(theirs)
        for name, value in theirs.items():
            self.add_error(name, f"Now it is: {value or '(empty)'}. Save again to replace it with yours.")

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != WHY}


class EditingAdmin(ReadOnlyAdmin):
    """What `changeable` names is edited by whoever may change the table, all else is shown. Saving asks the service by
    `save_by_service`; `on_side` is the side whose page it stands on otherwise, which reads it."""

    form: type[WhyForm] = WhyForm
    changeable: ClassVar[tuple[str, ...]] = ()
    addable: ClassVar[tuple[str, ...]] = ()
    on_side: ClassVar[Side] = Side.CUSTOMER
    read_by: ClassVar[str] = ""
    # Whether saving asks for a fresh sign-in.
    fresh: ClassVar[bool] = False

    def save_by_service(self, row: Any, form: WhyForm, by: Actor) -> None:
        raise NotImplementedError

    def add_by_service(self, form: WhyForm, by: Actor) -> Model:
        raise NotImplementedError

    def may_change(self, request: HttpRequest, row: Any) -> bool:
        """Whether the state of the row still allows it, to whoever may change the table."""
        return True

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        may = bool(self.changeable) and self.has_act_permission(request)
        return may and (obj is None or self.may_change(request, obj))

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return bool(self.addable) and request.user.has_perm(f"{self.opts.app_label}.add_{self.opts.model_name}")

    def changeable_by(self, request: HttpRequest, row: Any) -> tuple[str, ...]:
        return self.changeable

    def typed(self, request: HttpRequest, row: Any) -> tuple[str, ...]:
        """The fields that this person fills in: of a new row where there is none, the reason last."""
        if row is None:
            return (*self.addable, WHY)
        return (*self.changeable_by(request, row), WHY) if self.has_change_permission(request, row) else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        typed, others = self.typed(request, obj), self.get_readonly_fields(request, obj)
        found = [(None, {"fields": typed}), ("As it stands" if typed else None, {"fields": others})]
        return [fieldset for fieldset in found if fieldset[1]["fields"]]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        typed = self.typed(request, obj)
        return () if obj is None else [name for name in self.get_fields(request, obj) if name not in typed]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        """What a form class declares is in every form of it, asked for or not: whoever may not type it gets none."""
        form: Any = super().get_form(request, obj, change, **options)
        typed = self.typed(request, obj)
        form.base_fields = {name: field for name, field in form.base_fields.items() if name in typed}
        for name, field in form.base_fields.items():
            for way in ("add", "change", "view"):
                # Another window over this one would save by another form.
                setattr(field.widget, f"can_{way}_related", False)
            field.show_hidden_initial = change and name != WHY and not isinstance(field, forms.FileField)
        if WHY in form.base_fields and self.read_by:
            form.base_fields[WHY].help_text = self.read_by
        form.refused = getattr(request, REFUSED, None)
        return form

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """What a service refuses takes all back that this request wrote, and stands in the form."""
        if self.fresh and request.method == "POST":
            ask_for_fresh_sign_in(request)
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (NotPossible, EditedMeanwhile) as refused:
            setattr(request, REFUSED, refused)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        answer = super().render_change_form(request, context, *args, **options)
        if context["errors"]:
            answer.status_code = 422
        return answer

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        by = acting(request, Side.STAFF, form.cleaned_data[WHY], on_side=self.on_side)
        if change:
            self.save_by_service(obj, form, by)
        else:
            obj.__dict__.update(self.add_by_service(form, by).__dict__)

    def save_related(self, *args: Any, **options: Any) -> None:
        """The service wrote them."""
