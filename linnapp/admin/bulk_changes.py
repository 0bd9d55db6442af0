"""Bulk changes as a list: who, when, why, what, how far, undone; and what became of each row."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, ClassVar, cast

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from linnapp import bulk_changes, imports, jobs
from linnapp.actors import Actor, Side
from linnapp.admin_pages import ReadOnlyAdmin, ReasonForm, SummedList
from linnapp.errors import NotPossible
from linnapp.models import BulkChange, BulkNotice, BulkRow, TimelineEntry, User
from linnapp.models.bulk_changes import opened
from linnapp.pages import acting
from linnapp.signing_in.fresh_sign_ins import ask_for_fresh_sign_in

ROWS_SHOWN = 50


def _stop(change: BulkChange, by: Actor) -> BulkChange:
    bulk_changes.stop(change)
    return change


def _go_on(change: BulkChange, by: Actor) -> BulkChange:
    bulk_changes.go_on(change, by=by)
    jobs.ask(bulk_changes.work, change.pk)
    return change


def _apply(change: BulkChange, by: Actor) -> BulkChange:
    imports.apply(change, by=by)
    jobs.ask(bulk_changes.work, change.pk)
    return change


def _undo(change: BulkChange, by: Actor) -> BulkChange:
    undone = bulk_changes.undo(change, by=by)
    jobs.ask(bulk_changes.work, undone.pk)
    return undone


def _discard(change: BulkChange, by: Actor) -> None:
    bulk_changes.discard(change)


# They begin something new, and whoever it is about reads why.
WITH_REASON = ("apply", "undo")


# Of a file that was not applied so far, what waits is what it would make.
NEW = "NEW"


def _label(change: BulkChange, row: BulkRow) -> str:
    """And of one that was, what of it was made."""
    if change.state == BulkChange.State.READY and row.state == BulkRow.State.WAITING:
        return "New" if row.is_new else "Changed"
    return "New, made" if row.is_new and row.state == BulkRow.State.DONE else row.get_state_display()


def _filters(change: BulkChange) -> list[tuple[str, str, int]]:
    """Label, name and number of each state that its rows are in."""
    counts = change.counts()
    if change.state != BulkChange.State.READY:
        return [(BulkRow.State(name).label, name, count) for name, count in counts.items() if count]
    new, waiting = change.rows.would_be_made().count(), BulkRow.State.WAITING
    told = [("New", NEW, new), ("Changed", waiting.value, counts.pop(waiting) - new)]
    told += [(BulkRow.State(name).label, name, count) for name, count in counts.items()]
    return [one for one in told if one[2]]


def _tables_seen(request: HttpRequest) -> list[str]:
    """What a change was of names rows, and tells of them: that is for who may look at their table."""
    pages = admin.site._registry.items()
    return [model._meta.label for model, page in pages if page.has_view_permission(request)]


def _how_far(change: BulkChange, counts: dict[str, int]) -> str:
    """In a sentence: of a file that was not applied, what it would do."""
    waiting, wrong = counts[BulkRow.State.WAITING], counts[BulkRow.State.WRONG]
    if change.state == BulkChange.State.READING:
        return "Reading the file…"
    if change.may_be_discarded and change.state == BulkChange.State.STOPPED:
        return "The file could not be read."
    if change.state == BulkChange.State.READY:
        return f"Not applied: {waiting:,} to change{f', {wrong:,} wrong' if wrong else ''}."
    return f"{change.get_state_display()}: {change.total - waiting:,} of {change.total:,}."


def _that_are_there(rows: list[BulkRow]) -> set[tuple[str, str]]:
    """Which of what they point to still exists: a statement for each table."""
    keys: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        table, key = row.points_to()
        keys[table] |= {key} - {""}
    tables = ((table, apps.get_model(table)._default_manager.filter(pk__in=some)) for table, some in keys.items())
    return {(table, str(pk)) for table, found in tables for pk in found.values_list("pk", flat=True)}


def _rows(change: BulkChange, state: str) -> Any:
    if state == NEW:
        return change.rows.would_be_made()
    rows = change.rows.filter(state=state) if state in BulkRow.State.values else change.rows.all()
    if state == BulkRow.State.WAITING and change.state == BulkChange.State.READY:
        return rows.exclude(target="")
    return rows


def _asks_for_sign_in(change: BulkChange) -> bool:
    """As its act does, or the one that takes it back."""
    back = bulk_changes.way_back(change)
    return bulk_changes.act_of(change).fresh or (back is not None and back.fresh)


class ChangesList(SummedList):
    """Of all changes of a page at once how many rows wait or are wrong: few of what is over, and all that is told."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        rows = BulkRow.objects.order_by().filter(change__in=[change.pk for change in self.result_list])
        told = rows.filter(state__in=(BulkRow.State.WAITING, BulkRow.State.WRONG)).values_list("change_id", "state")
        found = {(key, state): count for key, state, count in told.annotate(Count("pk"))}
        for change in self.result_list:
            change.unfinished = {state: found.get((change.pk, state), 0) for state in BulkRow.State.values}


@admin.register(BulkChange)
class BulkChangeAdmin(ReadOnlyAdmin):
    room = "What happened"
    change_form_template = "admin/bulk_change.html"
    list_display = ("title", "person_name", "reason", "created_at", "progress", "undone")
    list_filter = ("state",)
    list_select_related = ("undoes", "undone_by")
    search_fields = ("title", "reason", "person_name")
    search_ids = ("pk",)
    # Its state and the note about it stand above.
    fields = ("reason", "person_name", "created_at", "ended_at", "undone")
    ordering = ("-created_at", "-pk")
    private = frozenset({"wanted"})
    asked: ClassVar[dict[str, Callable[[BulkChange, Actor], BulkChange | None]]] = {
        "stop": _stop,
        "go-on": _go_on,
        "undo": _undo,
        "apply": _apply,
        "discard": _discard,
    }

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return ChangesList

    def get_queryset(self, request: HttpRequest) -> QuerySet[BulkChange]:
        return super().get_queryset(request).filter(table__in=_tables_seen(request))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return list(self.fields)

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(self.ask_view)
        return [path("<path:object_id>/ask/<slug:what>/", page, name="linnapp_bulkchange_ask"), *super().get_urls()]

    def ask_view(self, request: HttpRequest, object_id: str, what: str) -> HttpResponse:
        """Apply, discard, stop, go on, undo: by whoever may do the act itself."""
        change = self.get_object(request, object_id)
        if change is None or what not in self.asked or request.method != "POST":
            raise Http404
        form = ReasonForm({"reason": request.POST.get("why", "")}) if what in WITH_REASON else None
        if form and not form.is_valid():
            self.message_user(request, f"Reason: {form.errors.as_data()['reason'][0].messages[0]}", messages.WARNING)
            return redirect("admin:linnapp_bulkchange_change", change.pk)
        by = acting(request, Side.STAFF, form.cleaned_data["reason"] if form else change.reason)
        if by.person is None or not bulk_changes.may(change, by.person):
            raise PermissionDenied
        begins = what not in ("stop", "discard") and _asks_for_sign_in(change)
        if begins:
            ask_for_fresh_sign_in(request)
        try:
            there = self.asked[what](change, by)
        except NotPossible as refused:
            self.message_user(request, str(refused), messages.WARNING)
            there = change
        if there is None:
            self.message_user(request, f"{change.title}: discarded. Nothing was changed.")
            return redirect("admin:linnapp_bulkchange_changelist")
        return redirect("admin:linnapp_bulkchange_change", there.pk)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> HttpResponse:
        if change := context["original"]:
            context |= self._of_page(request, change)
        return super().render_change_form(request, context, *args, **options)

    def _of_page(self, request: HttpRequest, change: BulkChange) -> dict[str, Any]:
        state, page = request.GET.get("state", ""), request.GET.get("page", "1")
        act, open_to = bulk_changes.act_of(change), bulk_changes.may(change, cast(User, request.user))
        rows = Paginator(_rows(change, state).order_by("position"), ROWS_SHOWN).get_page(page)
        counts = change.counts()
        waiting, wrong = counts[BulkRow.State.WAITING], counts[BulkRow.State.WRONG]
        ready = change.state == BulkChange.State.READY
        undoable = open_to and bulk_changes.may_be_undone(change)
        return {
            "how_far": _how_far(change, counts),
            "beyond": change.total - waiting,
            "counts": _filters(change),
            "chosen": state,
            "rows": rows,
            "told": self._told_all(change, list(rows), values=open_to),
            "open_to": open_to,
            "goes_on": open_to and bulk_changes.may_go_on(change),
            "wrong": wrong if ready else 0,
            "applies": waiting if ready and open_to and not wrong else 0,
            "new": change.rows.would_be_made().exists() if ready else False,
            "act": act,
            "back": bulk_changes.way_back(change),
            "undoable": counts[BulkRow.State.DONE] if undoable else 0,
            "until": bulk_changes.undone_until(change),
            "sees_timeline": self.admin_site._registry[TimelineEntry].has_view_permission(request),
        }

    def _told_all(self, change: BulkChange, rows: list[BulkRow], *, values: bool) -> list[dict[str, Any]]:
        there = _that_are_there(rows)
        return [self._told(change, row, values=values, there=row.points_to() in there) for row in rows]

    def _told(self, change: BulkChange, row: BulkRow, *, values: bool, there: bool) -> dict[str, Any]:
        """One row: its page, and to whoever may do the same what an edit sets in it, old and new; of a wrong one, what
        was typed."""
        table, key = row.points_to()
        meta = apps.get_model(table)._meta
        page = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[key]) if there else ""
        before = opened(row.before_encrypted) if values else {}
        after = change.wanted | opened(row.wanted_encrypted)
        words = {field.name: field.verbose_name for field in meta.fields}
        act = bulk_changes.act_of(change)
        made = [(name, "", str(value)) for name, value in after.items()] if values and row.is_new else []
        edits = [(words.get(name, name), old, new) for name, old, new in [*act.shown(before, after), *made]]
        return {"row": row, "page": page, "edits": edits, "state": _label(change, row)}

    @admin.display(description="how far")
    def progress(self, change: BulkChange) -> str:
        return _how_far(change, vars(change).get("unfinished") or change.counts())

    @admin.display(description="undone")
    def undone(self, change: BulkChange) -> SafeString | str:
        other = change.undoes or getattr(change, "undone_by", None)
        if other is None:
            return "no"
        page = reverse("admin:linnapp_bulkchange_change", args=[other.pk])
        return format_html('<a href="{}">{}</a>', page, f"undoes {other}" if change.undoes else "yes")


@admin.register(BulkRow)
class BulkRowAdmin(ReadOnlyAdmin):
    list_display = ("change", "position", "name", "state", "said")
    list_filter = ("state",)
    list_select_related = ("change",)
    # The newest: the rows of a change are made with it.
    ordering = ("-pk",)
    sortable_by = ()
    search_fields = ("name",)
    search_ids = ("change_id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[BulkRow]:
        return super().get_queryset(request).filter(change__table__in=_tables_seen(request))


@admin.register(BulkNotice)
class BulkNoticeAdmin(ReadOnlyAdmin):
    """Only whom a mail waits for: its text is theirs."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[BulkNotice]:
        return super().get_queryset(request).filter(change__table__in=_tables_seen(request))

    list_display = ("address", "change")
    list_select_related = ("change",)
    search_ids = ("change_id",)
