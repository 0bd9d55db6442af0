"""Mail on its way, and what became of it. Nobody reads here what is written in one."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from linnapp import outbox
from linnapp.actors import Actor
from linnapp.admin_pages import ReadOnlyAdmin
from linnapp.models import OutgoingMail
from linnapp.staff_actions import Effect, StaffAction


def sending_again(rows: list[OutgoingMail]) -> list[Effect]:
    return [Effect(row, _sent_again(row)) for row in rows]


def _sent_again(row: OutgoingMail) -> str:
    if not row.may_be_sent_again:
        return f"Nothing is sent: {outbox.why_not(row)}."
    return f"{row.recipient} gets the mail of {row.created_at:%d %b %Y, %H:%M} UTC."


def _send_again(row: OutgoingMail, by: Actor) -> bool:
    outbox.send_again(row, by=by)
    return True


def _sendable(rows: QuerySet[OutgoingMail]) -> QuerySet[OutgoingMail]:
    in_time = Q(ends_at=None) | Q(ends_at__gt=Now())
    return rows.filter(in_time, state=OutgoingMail.State.FAILED).exclude(content_encrypted="")


SEND_AGAIN = StaffAction(
    "send_again",
    "Send",
    "sent again",
    "Staff read this.",
    sending_again,
    _send_again,
    after=" again",
    label="Send again",
    concerns=_sendable,
    fits=lambda row: row.may_be_sent_again,
)


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnlyAdmin):
    room = "What happened"
    list_display = ("recipient", "kind", "state", "said", "tries", "created_at", "due", "ended_at")
    list_filter = ("state", "kind")
    search_fields = ("recipient",)
    ordering = ("-created_at", "-pk")
    exclude = ("content_encrypted", "due_at", "opens")
    readonly_fields = ("due",)
    staff_actions = (SEND_AGAIN,)

    @admin.display(description="tried next", ordering="due_at", empty_value="")
    def due(self, row: OutgoingMail) -> object:
        return row.due_at if row.state == OutgoingMail.State.WAITING else None
