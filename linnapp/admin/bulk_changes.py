"""Bulk changes as a list: who, when, why, what, how far, undone; and what became of each row."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from linnapp import bulk_changes, imports
from linnapp.actors import Actor, Side
from linnapp.admin_pages import ReadOnlyAdmin
from linnapp.errors import NotPossible
from linnapp.models import BulkChange, BulkRow, User
from linnapp.models.bulk_changes import opened
from linnapp.pages import acting
from linnapp.staff_actions import Import

ROWS_SHOWN = 200


def _stop(change: BulkChange, by: Actor) -> BulkChange:
    bulk_changes.stop(change)
    return change


def _go_on(change: BulkChange, by: Actor) -> BulkChange:
    bulk_changes.go_on(change, by=by)
    bulk_changes.work(change.pk)
    return change


def _apply(change: BulkChange, by: Actor) -> BulkChange:
    imports.apply(change, by=by)
    bulk_changes.work(change.pk)
    return change


def _undo(change: BulkChange, by: Actor) -> BulkChange:
    undone = bulk_changes.undo(change, by=by)
    bulk_changes.work(undone.pk)
    return undone


def _label(change: BulkChange, state: str) -> str:
    """Of a file that was not applied so far, what waits is what it would change."""
    would_change = change.state == BulkChange.State.READY and state == BulkRow.State.WAITING
    return "Changed" if would_change else BulkRow.State(state).label


@admin.register(BulkChange)
class BulkChangeAdmin(ReadOnlyAdmin):
    room = "What happened"
    change_form_template = "admin/bulk_change.html"
    list_display = ("title", "person_name", "reason", "created_at", "progress", "undone")
    list_filter = ("state",)
    search_fields = ("title", "reason", "person_name")
    search_ids = ("pk",)
    fields = ("reason", "person_name", "created_at", "ended_at", "state", "said", "undone")
    ordering = ("-created_at", "-pk")
    asked: ClassVar[dict[str, Callable[[BulkChange, Actor], BulkChange]]] = {
        "stop": _stop,
        "go-on": _go_on,
        "undo": _undo,
        "apply": _apply,
    }

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return list(self.fields)

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(self.ask_view)
        return [path("<path:object_id>/ask/<slug:what>/", page, name="linnapp_bulkchange_ask"), *super().get_urls()]

    def ask_view(self, request: HttpRequest, object_id: str, what: str) -> HttpResponse:
        """Stop, go on, undo: by whoever may do the act itself."""
        change = self.get_object(request, object_id)
        if change is None or what not in self.asked or request.method != "POST":
            raise Http404
        reason = request.POST.get("why", "") if what == "apply" else change.reason
        by = acting(request, Side.STAFF, f"Undo: {reason}" if what == "undo" else reason)
        if by.person is None or not bulk_changes.may(change, by.person):
            raise PermissionDenied
        try:
            change = self.asked[what](change, by)
        except NotPossible as refused:
            self.message_user(request, str(refused), messages.WARNING)
        return redirect("admin:linnapp_bulkchange_change", change.pk)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> HttpResponse:
        if change := context["original"]:
            state, page = request.GET.get("state", ""), request.GET.get("page", "1")
            rows = change.rows.filter(state=state) if state in BulkRow.State.values else change.rows.all()
            counts = change.counts()
            context |= {
                "counts": [(_label(change, name), name, count) for name, count in counts.items()],
                "chosen": state,
                "rows": Paginator(rows.order_by("position"), ROWS_SHOWN).get_page(page),
                "waits": change.state == BulkChange.State.STOPPED and counts[BulkRow.State.WAITING] > 0,
                "wrong": counts[BulkRow.State.WRONG],
                "changed": counts[BulkRow.State.WAITING],
                "may_be_undone": bulk_changes.may_be_undone(change),
                "until": bulk_changes.undone_until(change),
            }
            open_to = isinstance(request.user, User) and bulk_changes.may(change, request.user)
            context["told"] = [self._told(change, row, values=open_to) for row in context["rows"]]
        return super().render_change_form(request, context, *args, **options)

    def _told(self, change: BulkChange, row: BulkRow, *, values: bool) -> dict[str, Any]:
        """One row: its page, and to whoever may do the same what an edit sets in it, old and new."""
        meta = bulk_changes.model_of(change)._meta
        page = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.target]) if row.target else ""
        before = opened(row.before_encrypted) if values else {}
        after = change.wanted | opened(row.wanted_encrypted)
        words = {field.name: field.verbose_name for field in meta.fields}
        act = bulk_changes.act_of(change)
        shown = act.shown if isinstance(act, Import) else Import.shown
        edits = [(words.get(name, name), old, new) for name, old, new in shown(before, after)]
        return {"row": row, "page": page, "edits": edits, "state": _label(change, row.state)}

    @admin.display(description="how far")
    def progress(self, change: BulkChange) -> str:
        waiting = change.counts()[BulkRow.State.WAITING]
        return f"{change.total - waiting:,} of {change.total:,}, {change.get_state_display().lower()}"

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
    search_fields = ("name",)
    search_ids = ("change_id",)
