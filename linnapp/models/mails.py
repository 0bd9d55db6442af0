"""Mail that is to be sent: a row before it is anything else, so that no queue and no process can lose it."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models.expressions import RawSQL
from django.utils import timezone

from linnapp.models.managers import manager_of
from linnapp.models.traces import Traces
from linnapp.models.wording import Wording

# What lists call those that were tried already, and wait for the next try.
IN_VAIN = "Waiting, tried in vain"
RECIPIENTS = Wording("linnapp_outgoingmail", "mails_by_recipient", ("recipient",))


class OutgoingMailQuerySet(models.QuerySet["OutgoingMail"]):
    def waiting(self) -> Self:
        return self.filter(state=OutgoingMail.State.WAITING)

    def in_vain(self) -> Self:
        """Tried already, and waiting for the next try."""
        return self.filter(OutgoingMail.IN_VAIN)

    def failed(self) -> Self:
        return self.filter(state=OutgoingMail.State.FAILED)

    def due(self, now: datetime) -> Self:
        return self.waiting().filter(due_at__lte=now).order_by("due_at", "pk")

    def due_of_kind(self, kind: str, now: datetime) -> Self:
        return self.due(now).filter(kind=kind)

    def leading_to(self, kind: str, *opens: str) -> Self:
        """Those whose link opens one of these, and that are not sent."""
        unsent = (OutgoingMail.State.WAITING, OutgoingMail.State.FAILED)
        return self.filter(state__in=unsent, kind=kind, opens__in=opens)

    def over(self) -> Self:
        return self.exclude(state=OutgoingMail.State.WAITING)


class OutgoingMail(models.Model):
    """One message to one mailbox, or to the few that it names. `content_encrypted` holds all that is written in it, and
    is empty once nobody sends it any more. `due_at` is when it is tried next; whoever sends it puts that off first, so
    that nobody else does meanwhile, and `tries` tells whose the outcome is. `ends_at` is when its link ends."""

    class State(models.TextChoices):
        WAITING = "WAITING", "Waiting"
        SENT = "SENT", "Sent"
        FAILED = "FAILED", "Failed"
        LAPSED = "LAPSED", "Too late to be sent"

    class Kind(models.TextChoices):
        INVITATION = "INVITATION", "Invitation"
        CONFIRMATION = "CONFIRMATION", "Confirmation of an address"
        PASSWORD = "PASSWORD", "Link for a new password"
        SIGN_IN = "SIGN_IN", "Sign-in"
        NOTICE = "NOTICE", "Notice"
        UPDATES = "UPDATES", "Available updates"
        POSTBACKS = "POSTBACKS", "Postbacks and events"
        HELP = "HELP", "Answers from support"
        CASES = "CASES", "Support cases"
        OTHER = "OTHER", "Other"

    # Tried already, and waiting for the next try: as the index says it, without parameters, by which SQLite finds no
    # index of some rows.
    IN_VAIN: ClassVar[models.Q] = models.Q(state=RawSQL("'WAITING'", ())) & ~models.Q(said=RawSQL("''", ()))

    # Somebody sits and waits for one of these: they go before all others, in this order.
    WAITED_FOR: ClassVar[tuple[str, ...]] = (Kind.PASSWORD, Kind.CONFIRMATION, Kind.SIGN_IN, Kind.INVITATION)

    # The same at every try: a mailbox that gets it twice can tell.
    message_id = models.CharField("Message-ID", max_length=300, unique=True, editable=False)
    kind = models.CharField("about", max_length=20, choices=Kind, default=Kind.OTHER, editable=False)
    recipient = models.TextField(editable=False)
    opens = models.TextField(blank=True, editable=False)
    content_encrypted = models.TextField(blank=True, editable=False)
    state = models.CharField(max_length=20, choices=State, default=State.WAITING, editable=False)
    said = models.TextField("what went wrong", blank=True, editable=False)
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    created_at = models.DateTimeField("written", default=timezone.now, db_index=True, editable=False)
    due_at = models.DateTimeField("tried next", default=timezone.now, editable=False)
    ends_at = models.DateTimeField("not sent after", null=True, blank=True, editable=False)
    ended_at = models.DateTimeField("sent or failed", null=True, blank=True, editable=False)

    traces: ClassVar[Traces] = Traces(texts=("opens", "said"), made="created_at")
    wordings: ClassVar[tuple[Wording, ...]] = (RECIPIENTS,)
    objects: ClassVar[OutgoingMailQuerySet] = manager_of(OutgoingMailQuerySet)

    class Meta:
        verbose_name = "e-mail"
        ordering = ("-created_at", "-pk")
        indexes = (
            models.Index(fields=("state", "due_at"), name="mails_by_state"),
            # One that is waited for is found behind any number of others.
            models.Index(fields=("state", "kind", "due_at"), name="mails_by_kind"),
            # As the list of the admin has them: about one thing, of one state, and the few that were tried in vain.
            models.Index(fields=("kind", "-created_at", "-id"), name="mails_of_kind"),
            models.Index(fields=("state", "-created_at", "-id"), name="mails_newest_by_state"),
            models.Index(
                fields=("state", "-created_at", "-id"),
                condition=models.Q(state="WAITING") & ~models.Q(said=""),
                name="mails_in_vain",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} to {self.recipient}"

    @property
    def is_over(self) -> bool:
        """Its link ended."""
        return self.ends_at is not None and self.ends_at <= timezone.now()

    @property
    def may_be_sent_again(self) -> bool:
        """Given up, its text still there, and its link too."""
        return self.state == self.State.FAILED and bool(self.content_encrypted) and not self.is_over

    @property
    def may_be_sent_now(self) -> bool:
        """It failed and waits for its next try: nobody has it in hand."""
        waits = self.state == self.State.WAITING and self.due_at > timezone.now()
        return waits and bool(self.said) and not self.is_over
