"""Mail on its way, and what became of it. Nobody reads here what is written in one."""

from typing import ClassVar

from django.contrib import admin
from django.contrib.admin.utils import display_for_value
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from linnapp import outbox
from linnapp.actors import Actor
from linnapp.admin_filters import StateFilter
from linnapp.admin_pages import ReadOnlyAdmin
from linnapp.models import OutgoingMail
from linnapp.models.mails import IN_VAIN
from linnapp.staff_actions import Effect, StaffAction
from linnapp.words import moment_in_words

_IN_TIME = Q(ends_at=None) | Q(ends_at__gt=Now())


def sending_again(rows: list[OutgoingMail]) -> list[Effect]:
    return [Effect(row, _sent_again(row)) for row in rows]


def _sent_again(row: OutgoingMail) -> str:
    if not row.may_be_sent_again:
        return f"Nothing is sent: {outbox.why_not(row)}."
    return f"{row.recipient} gets the e-mail of {moment_in_words(row.created_at)}."


def _send_again(row: OutgoingMail, by: Actor) -> bool:
    outbox.send_again(row, by=by)
    return True


def _sendable(rows: QuerySet[OutgoingMail]) -> QuerySet[OutgoingMail]:
    return rows.filter(_IN_TIME, state=OutgoingMail.State.FAILED).exclude(content_encrypted="")


def sending_now(rows: list[OutgoingMail]) -> list[Effect]:
    return [Effect(row, _sent_now(row)) for row in rows]


def _sent_now(row: OutgoingMail) -> str:
    if not row.may_be_sent_now:
        return f"Nothing changes: {outbox.why_not_now(row)}."
    return f"Tried now instead of on {moment_in_words(row.due_at)}. Last time: {row.said}"


def _send_now(row: OutgoingMail, by: Actor) -> bool:
    outbox.send_now(row, by=by)
    return True


def _waiting_in_vain(rows: QuerySet[OutgoingMail]) -> QuerySet[OutgoingMail]:
    return rows.filter(_IN_TIME, state=OutgoingMail.State.WAITING, due_at__gt=Now()).exclude(said="")


SEND_AGAIN = StaffAction(
    "send_again",
    "Send",
    "sent again",
    "Staff read this.",
    sending_again,
    _send_again,
    of=" again:",
    outcome="will be tried again now",
    label="Send again",
    concerns=_sendable,
    fits=lambda row: row.may_be_sent_again,
)
SEND_NOW = StaffAction(
    "send_now",
    "Send",
    "sent now",
    "Staff read this.",
    sending_now,
    _send_now,
    of=" now:",
    outcome="will be tried now",
    label="Send now",
    concerns=_waiting_in_vain,
    fits=lambda row: row.may_be_sent_now,
)


class MailState(StateFilter):
    conditions: ClassVar[dict[str, Q]] = {
        "Waiting": Q(state=OutgoingMail.State.WAITING),
        IN_VAIN: OutgoingMail.IN_VAIN,
        "Sent": Q(state=OutgoingMail.State.SENT),
        "Failed": Q(state=OutgoingMail.State.FAILED),
        "Too late to be sent": Q(state=OutgoingMail.State.LAPSED),
    }


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnlyAdmin):
    room = "What happened"
    list_display = ("recipient", "kind", "state", "said", "created_at", "due")
    list_filter = (MailState, "kind")
    search_fields = ("recipient",)
    ordering = ("-created_at", "-pk")
    sortable_by = ("created_at",)
    exclude = ("content_encrypted", "due_at", "opens")
    readonly_fields = ("due",)
    staff_actions = (SEND_AGAIN, SEND_NOW)

    @admin.display(description="tried next", ordering="due_at")
    def due(self, row: OutgoingMail) -> object:
        """Formatted here: a row's page shows what is no field as it is."""
        return display_for_value(row.due_at if row.state == OutgoingMail.State.WAITING else None, "-")
