"""The page kit of the admin: what the admin classes of both packages are made of.

The admin shows, and acts through services. Nothing is saved by the admin itself where a service exists, because that
would pass by locks, timeline and rules.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.db.models import Model, Q, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from linnapp import bulk_changes, credentials, jobs
from linnapp.actors import Actor, Side
from linnapp.admin_columns import is_hidden
from linnapp.admin_export import Exporting
from linnapp.admin_finding import keys_of, narrowed
from linnapp.admin_lookups import AtLeast, WaryList
from linnapp.bulk_changes import AT_ONCE, Wish
from linnapp.form_fields import ReasonField
from linnapp.models import BulkRow, StaffAccess, User
from linnapp.models.access import purposes_of
from linnapp.models.people import Reader, may_act_as_superuser
from linnapp.names import isolated
from linnapp.pages import acting
from linnapp.signing_in.fresh_sign_ins import ask_for_fresh_sign_in
from linnapp.staff_actions import Effect, Import, StaffAction, Values
from linnapp.words import counted, with_commas

MOST_NAMED = 8
# The end of a search field, the table that it is read in, and what opens that.
GATES = (("__email", "user", "linnapp.view_user"), ("__contact_email", "account", "linnapp.view_account"))
ENTERED_FIRST = "Pages of an account first ask why you enter it. Its Owners are told."


class ReadOnlyAdmin(Exporting):
    """Lists and pages to look at. `search_ids` are UUID fields, found in any spelling of a UUID; `staff_actions` are
    done to chosen rows of the list, and to one by a button of its page. With `on_timeline` the timeline is found by a
    row's key; `summed` are numbers told in all, each with its word."""

    change_form_template = "admin/row.html"
    show_full_result_count = False
    # Counts beside filters would read the whole table for each.
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    search_ids: ClassVar[Sequence[str]] = ()
    staff_actions: Sequence[StaffAction] = ()
    on_timeline: ClassVar[bool] = False
    summed: ClassVar[Mapping[str, str]] = {}

    def named(self, row: Any) -> str:
        """How the search over everything names a row."""
        return str(row)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever may change may look, though the change itself goes through an action."""
        names = (f"{self.opts.app_label}.{verb}_{self.opts.model_name}" for verb in ("view", "change"))
        return any(request.user.has_perm(name) for name in names)

    def has_act_permission(self, request: HttpRequest) -> bool:
        return self.may_act(request.user)

    def may_act(self, person: Reader) -> bool:
        return person.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def may_do(self, act: StaffAction, person: Reader) -> bool:
        if act.for_superusers and not may_act_as_superuser(person):
            return False
        return self.may_act(person) and (not act.needs or person.has_perm(act.needs))

    def listed_actions(self) -> list[StaffAction]:
        """Those of a list and of its rows: an import begins with a file."""
        return [act for act in self.staff_actions if not isinstance(act, Import)]

    def get_actions(self, request: HttpRequest) -> Any:
        own = [act for act in self.listed_actions() if self.may_do(act, request.user)]
        return super().get_actions(request) | {
            act.name: (_on_rows(act), act.name, act.label or act.verb) for act in own if not act.one_by_one
        }

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Whoever searches by parts of an address reads it, letter by letter: that is for who may see it."""
        found = super().get_search_fields(request)
        return [field for field in found if not any(self._hides(request, field, *gate) for gate in GATES)]

    def _hides(self, request: HttpRequest, field: str, ending: str, table: str, permission: str) -> bool:
        may = request.user.has_perm(permission) or request.user.has_perm(permission.replace("view_", "change_"))
        return field.endswith(ending) and self.opts.model_name != table and not may

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(self.act_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_act"
        return [path("<path:object_id>/act/<slug:act>/", page, name=name), *super().get_urls()]

    def act_view(self, request: HttpRequest, object_id: str, act: str) -> HttpResponse:
        """One act on one row: the same page as for many."""
        row = self.get_object(request, unquote(object_id))
        wanted = next((one for one in self.listed_actions() if one.name == act), None)
        if row is None or wanted is None or not self.has_view_permission(request, row):
            raise Http404
        if not self.may_do(wanted, request.user):
            raise PermissionDenied
        answer = ask_and_perform(self, request, self.get_queryset(request).filter(pk=row.pk), wanted, row)
        return answer or redirect(self.page_of(row))

    def page_of(self, row: Model | None) -> str:
        """The row's page; the list, where there is none or it is gone."""
        base = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        if row is not None and self.model._base_manager.filter(pk=row.pk).exists():
            return reverse(f"{base}_change", args=[row.pk])
        return reverse(f"{base}_changelist")

    def buttons(self, request: HttpRequest, row: Any) -> list["Button"]:
        """What can be done about a row now."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_act"
        fitting = [act for act in self.staff_actions if self.may_do(act, request.user) and act.fits(row)]
        return [Button(act.label or act.verb, reverse(name, args=[row.pk, act.name]), act.destroys) for act in fitting]

    def doors(self, request: HttpRequest, row: Any) -> list["PageLink"]:
        """Pages of the portal about a row that this person can open: label and address."""
        return []

    def timeline_of(self, request: HttpRequest, row: Any) -> str:
        """Where what happened to a row is listed, for whoever may read that."""
        if not self.on_timeline or not request.user.has_perm("linnapp.view_timelineentry"):
            return ""
        return f"{reverse('admin:linnapp_timelineentry_changelist')}?{urlencode({'q': str(row.pk)})}"

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return SummedList

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        if row := context["original"]:
            context |= {
                "buttons": sorted(self.buttons(request, row), key=lambda button: button.destroys),
                "doors": self.doors(request, row),
                "entered_first": ENTERED_FIRST,
                "timeline": self.timeline_of(request, row),
            }
        return super().render_change_form(request, context, *args, **options)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        left_out = self.private | set(self.exclude or ())
        names = (field.name for field in self.opts.concrete_fields)
        own = [name for name in names if name not in left_out and not is_hidden(name)]
        return [*own, *self.readonly_fields]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Any field of a model can be named in the address by default: a filter on a digest would be an oracle."""
        names = lookup.split("__")
        hidden = any(is_hidden(name) or name in self.private for name in names)
        return not hidden and super().lookup_allowed(lookup, value, request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        spelled = credentials.canonical(search_term)
        if spelled is None or not self.search_ids:
            return narrowed(queryset, self.get_search_fields(request), search_term, keys_of(request)), False
        condition = Q.create([(field, UUID(spelled)) for field in self.search_ids], connector=Q.OR)
        return queryset.filter(condition), False


def entrance(slug: str, page: str, purpose: str = StaffAccess.Purpose.WORK) -> str:
    """Where staff enter an account, on the way to one of its pages."""
    return f"{reverse('access_enter', args=[slug])}?{urlencode({'purpose': purpose, 'next': page})}"


class ReasonForm(forms.Form):
    reason = ReasonField(widget=forms.Textarea(attrs={"rows": 3, "cols": 60}))


def _on_rows(act: StaffAction) -> Callable[[ReadOnlyAdmin, HttpRequest, QuerySet[Any]], HttpResponse | None]:
    return lambda page, request, rows: ask_and_perform(page, request, rows, act)


def _form_of(act: StaffAction, request: HttpRequest) -> ReasonForm:
    """The reason; before it, what else the act asks for."""
    form = ReasonForm(request.POST if "apply" in request.POST else None, label_suffix="")
    form.fields = {**act.fields(), **form.fields}
    return form


def ask_and_perform(
    page: ReadOnlyAdmin, request: HttpRequest, queryset: QuerySet[Any], act: StaffAction, one: Model | None = None
) -> HttpResponse | None:
    """The page that shows the effect and asks for the reason; once it was given, the act, and back to the list, or to
    the page of the one row that it is about. Of many rows the first are told one by one."""
    if act.fresh:
        ask_for_fresh_sign_in(request)
    # Just those that were read are done, however many match meanwhile.
    keys = list(queryset.values_list("pk", flat=True))
    if not keys:
        page.message_user(request, "Nothing matches now, so nothing was done.", messages.WARNING)
        return None
    form, number, rows = _form_of(act, request), len(keys), list(queryset[:AT_ONCE])
    typed = dict(form.cleaned_data) if form.is_valid() else {}
    reason = typed.pop("reason", "")
    wanted = act.wanted_of(typed) if typed else {}
    effects, told = act.told(rows, wanted), bool(wanted) or not act.fields()
    read = digest_of(effects, sorted(map(str, keys)), wanted)
    moved = form.is_bound and request.POST.get("read", "") != read
    if form.is_valid() and not moved:
        by = acting(request, Side.STAFF, reason, act.on_side)
        return _perform(page, request, _of_keys(queryset, set(keys)), act, by, wanted)
    context = page.admin_site.each_context(request) | {
        "title": f"{act.asked_of(_named(page, number) if one is None else str(one))}?",
        "opts": page.opts,
        "act": act,
        "effects": effects,
        "in_numbers": act.in_numbers(queryset, number, wanted) if one is None else [],
        "more": number - len(rows),
        # What was judged before anything was told is nothing.
        "read": read if told else "",
        # A value is typed first, and what it changes is told then.
        "moved": moved and bool(request.POST.get("read")),
        "told": told,
        "form": form,
        "rows": rows,
        "checkbox": ACTION_CHECKBOX_NAME,
        "across": request.POST.get("select_across") == "1" and one is None,
        "back": page.page_of(one),
        # One row of which nothing can be done is told so, and asked nothing.
        "possible": one is None or act.possible(one),
    }
    return TemplateResponse(request, "admin/confirm.html", context, status=422 if form.errors or moved else 200)


def _of_keys(queryset: QuerySet[Any], keys: set[Any]) -> Iterable[Wish]:
    return (wish for wish in bulk_changes.wishes_of(queryset) if wish.target in keys)


def digest_of(effects: list[Effect], *judged: object) -> str:
    """Of all that was judged: the rows, what of them was read, and what is set in them; "" where nothing was."""
    read = "\0".join(f"{effect.row.pk} {effect.read}" for effect in effects if effect.read)
    told = "\0".join([read, *map(repr, judged)]) if read or any(judged) else ""
    return signing.Signer(salt="what staff judged").signature(told) if told else ""


def _perform(
    page: ReadOnlyAdmin, request: HttpRequest, wishes: Iterable[Wish], act: StaffAction, by: Actor, wanted: Values
) -> HttpResponse | None:
    """A bulk change: one of few rows is done while the person waits, any other by a job, and its page tells how far it
    is."""
    change = bulk_changes.begin(act, page.model, wishes, by=by, wanted=wanted)
    there = reverse("admin:linnapp_bulkchange_change", args=[change.pk])
    if change.total > AT_ONCE:
        jobs.ask(bulk_changes.work, change.pk)
        return redirect(there)
    try:
        bulk_changes.work_on(change.pk)
    except OperationalError:
        # The database was busy, or two waited for each other: the job begins again where it stopped.
        jobs.ask(bulk_changes.work, change.pk)
        return redirect(there)
    counts = change.counts()
    left = change.rows.filter(state=BulkRow.State.LEFT).order_by("position").values_list("said", flat=True)
    _tell(page, request, act, counts[BulkRow.State.DONE], counts[BulkRow.State.SAME], list(left))
    if act.undone_by or change.total > 1:
        what = "what became of each" if change.total > 1 else "what became of it, and Undo"
        page.message_user(request, format_html('<a href="{}">{}: {}</a>', there, change.title, what))
    return None


def _tell(
    page: ReadOnlyAdmin, request: HttpRequest, act: StaffAction, changed: int, same: int, refusals: list[str]
) -> None:
    if changed:
        page.message_user(request, f"{act.came_to(_named(page, changed), changed)}.", messages.SUCCESS)
    if same:
        page.message_user(request, f"{_named(page, same)}: nothing changed.", messages.INFO)
    for refusal in refusals[:MOST_NAMED]:
        page.message_user(request, refusal, messages.WARNING)
    if len(refusals) > MOST_NAMED:
        page.message_user(request, f"{len(refusals) - MOST_NAMED} more could not be {act.done}.", messages.WARNING)


def _named(page: ReadOnlyAdmin, count: int) -> str:
    return counted(count, str(page.opts.verbose_name), str(page.opts.verbose_name_plural))


def some_of(names: Sequence[str]) -> str:
    """The first names, and how many more."""
    shown = ", ".join(map(isolated, names[:MOST_NAMED]))
    return f"{shown} and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else shown


def lines(rows: Iterable[object]) -> SafeString:
    return format_html_join("", "<div>{}</div>", ((row,) for row in rows))


class SummedList(WaryList):
    """With the sums of what is found, while it is less than all: a figure of the first page leads to them."""

    sums: Sequence[str] = ()

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        words: Mapping[str, str] = getattr(self.model_admin, "summed", {})
        # Of what was found by a text and is too many to count, nothing is added up either.
        uncounted = self.query and isinstance(self.result_count, AtLeast)
        if words and (self.query or self.has_active_filters) and not uncounted:
            found = self.queryset.order_by().aggregate(**{f"{name}_sum": Sum(name) for name in words})
            self.sums = [f"{with_commas(found[f'{name}_sum'] or 0)} {word}" for name, word in words.items()]


PageLink = tuple[str, str]


class Button(NamedTuple):
    label: str
    address: str
    destroys: bool = False


def door(label: str, name: str, *args: object) -> PageLink:
    """A page of the portal: label, URL name, arguments."""
    return label, reverse(name, args=args)


def doors_inside(
    request: HttpRequest, *pages: tuple[str, str, tuple[object, ...]], to_work: bool = False
) -> list[PageLink]:
    """Pages of an account (label, URL name, arguments with the account first) that its entrance leads to: for whoever
    may enter, `to_work` those that are closed to a look."""
    person = request.user
    purposes = purposes_of(person) if isinstance(person, User) else []
    if StaffAccess.Purpose.WORK in purposes:
        purpose = StaffAccess.Purpose.WORK
    elif purposes and not to_work:
        purpose = StaffAccess.Purpose.LOOK
    else:
        return []
    return [(label, entrance(str(args[0]), reverse(name, args=args), purpose)) for label, name, args in pages]
