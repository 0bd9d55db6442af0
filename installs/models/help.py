"""What people ask of support, and what they are answered."""

import uuid
from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models.functions import Upper
from django.utils import timezone

from installs.models.installations import Installation
from linnapp.models import Account, Application, TimelineEntry, User
from linnapp.models.folded import among, leads_to
from linnapp.models.managers import manager_of
from linnapp.models.people import Reader
from linnapp.models.traces import OfPerson, Traces

FACTS = ("application__account", "installation__application__account", "installation__account")
Side = TimelineEntry.Side


class HelpCaseQuerySet(models.QuerySet["HelpCase"]):
    def readable_by(self, user: Reader) -> Self:
        """Those of the accounts this person owns, or is inside of, and those they opened themselves and still have a
        seat for."""
        return self._of(user, Account.objects.overseen_by(user))

    def writable_by(self, user: Reader) -> Self:
        """The same by seats alone: nobody of staff writes in a customer's name."""
        return self._of(user, Account.objects.owned_by(user))

    def _of(self, user: Reader, accounts: "models.QuerySet[Any]") -> Self:
        own = models.Q(opened_by_id=user.pk, account__in=Account.objects.with_seat_of(user).values("pk"))
        return self.filter(own | models.Q(account__in=accounts.values("pk")))

    def for_support(self, user: Reader) -> Self:
        """All of them, for those the support console is open to."""
        return self if user.is_authenticated and user.is_support else self.none()

    def on_account(self, slug: str) -> Self:
        return self.filter(account__slug=slug)

    def of_account(self, account: Account) -> Self:
        return self.filter(account=account)

    def with_its_facts(self) -> Self:
        return self.select_related("account", "opened_by", "assigned_to", *FACTS)

    def for_inbox(self) -> Self:
        """With what the list of all accounts' cases shows, each read by itself: were it joined, SQLite would begin with
        the accounts, or sort every case."""
        return self.prefetch_related("account", "assigned_to", "installation__application", "installation__account")

    def unsolved(self) -> Self:
        return self.filter(state__in=HelpCase.UNSOLVED)

    def in_state(self, state: str) -> Self:
        """By the word of a filter: a state in lower case."""
        return self.filter(state=state.upper())

    def about(self, installation: Installation) -> Self:
        """As it was asked, or where the reference led that was sent along."""
        return self.filter(models.Q(installation=installation) | models.Q(led_to=installation))

    def matching(self, text: str) -> Self:
        """Of accounts with this text in their name, or with this reference, in whatever case it was sent."""
        named = among(Account.objects.filter(name_folded__has=text))
        sent = self.model.objects.alias(sent=Upper("reference")).filter(sent=text.strip().upper())
        return self.filter(leads_to("account", named) | models.Q(pk__in=sent.order_by().values("pk")))

    def assigned(self, user: Reader) -> Self:
        return self.filter(assigned_to_id=user.pk)

    def over(self, before: datetime) -> Self:
        """Solved before this moment."""
        return self.filter(state=HelpCase.State.SOLVED, since__lt=before)


class HelpCase(models.Model):
    """Somebody asked support for help, or reported an application.

    `installation` is what was asked about; `led_to` the one that the reference leads to, which may be another
    account's: support reads it, the account does not. `reference` is kept as it was sent.
    """

    class Kind(models.TextChoices):
        HELP = "HELP", "Help"
        REPORT = "REPORT", "Report"

    class State(models.TextChoices):
        """By whose turn it is: support's, the customer's, nobody's."""

        OPEN = "OPEN", "Open"
        WAITING = "WAITING", "Waiting for the customer"
        SOLVED = "SOLVED", "Solved"

    class Complaint(models.TextChoices):
        NOT_AS_SAID = "NOT_AS_SAID", "It does not do what it says"
        ASKS_TOO_MUCH = "ASKS_TOO_MUCH", "It asks for too much"
        LOOKS_LIKE_ANOTHER = "LOOKS_LIKE_ANOTHER", "It looks like somebody else's"
        OTHER = "OTHER", "Something else"

    UNSOLVED = (State.OPEN, State.WAITING)
    LONGEST_SENTENCE: ClassVar = 1000
    LONGEST_REFERENCE: ClassVar = 200

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.HELP)
    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    opened_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    opened_at = models.DateTimeField(default=timezone.now)
    installation = models.ForeignKey(Installation, models.SET_NULL, null=True, related_name="+")
    led_to = models.ForeignKey(Installation, models.SET_NULL, null=True, related_name="+")
    application = models.ForeignKey(Application, models.SET_NULL, null=True, related_name="+")
    # Of the application, as it was called then: it may be deleted.
    about = models.CharField(max_length=80, blank=True)
    complaint = models.CharField(max_length=20, choices=Complaint, blank=True)
    reference = models.CharField(max_length=LONGEST_REFERENCE, blank=True)
    sentence = models.TextField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    # The moment it came to its state: whoever waits has waited since.
    since = models.DateTimeField(default=timezone.now)
    assigned_to = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    assigned_at = models.DateTimeField(null=True, blank=True)

    traces: ClassVar[Traces] = Traces(
        texts=("sentence",),
        made="opened_at",
        accounts=("account",),
        people=("messages__written_by",),
        work_of=("assigned_to",),
    )
    of_person: ClassVar[OfPerson] = OfPerson(
        "help_cases",
        "opened_by",
        {
            "account": "account__name",
            "at": "opened_at",
            "about": "about",
            "reference": "reference",
            "sentence": "sentence",
            "state": "state",
        },
    )
    objects: ClassVar[HelpCaseQuerySet] = manager_of(HelpCaseQuerySet)

    class Meta:
        verbose_name = "help case"
        indexes = (
            models.Index(fields=("state", "since"), name="help_cases_by_state"),
            models.Index(fields=("state", "-opened_at"), name="help_cases_of_state_by_age"),
            models.Index(fields=("since",), name="help_cases_by_turn"),
            models.Index(fields=("-opened_at",), name="help_cases_by_age"),
            models.Index(fields=("account", "-opened_at"), name="help_cases_by_account"),
            models.Index(Upper("reference"), name="help_cases_by_reference"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.account}"

    @property
    def is_solved(self) -> bool:
        return self.state == self.State.SOLVED

    @property
    def is_report(self) -> bool:
        return self.kind == self.Kind.REPORT

    @property
    def side(self) -> Side:
        """Whose eyes the account has on what it asks about: its developer's, for its own application."""
        own = self.installation and self.installation.application.account_id == self.account_id
        return Side.DEVELOPER if own else Side.CUSTOMER

    @property
    def subject(self) -> str:
        """In words, as the account may read it; "" where it named nothing."""
        if self.installation is None:
            return self.about
        if self.installation.account_id == self.account_id:
            return str(self.installation.application)
        return str(self.installation)


class HelpMessage(models.Model):
    """One answer in a case, by the account's people or by support."""

    class Writer(models.TextChoices):
        ACCOUNT = "ACCOUNT", "the account"
        SUPPORT = "SUPPORT", "support"

    LONGEST: ClassVar = 4000

    case = models.ForeignKey(HelpCase, models.CASCADE, related_name="messages")
    written_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    writer = models.CharField(max_length=10, choices=Writer)
    text = models.TextField()
    at = models.DateTimeField(default=timezone.now)

    traces: ClassVar[Traces] = Traces(
        texts=("text",),
        made="at",
        accounts=("case__account",),
        people=("case__opened_by", "case__messages__written_by"),
    )
    of_person: ClassVar[OfPerson] = OfPerson(
        "help_messages", "written_by", {"case": "case_id", "at": "at", "text": "text"}
    )

    class Meta:
        verbose_name = "help message"
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"Message of {self.get_writer_display()}"

    @property
    def is_of_support(self) -> bool:
        return self.writer == self.Writer.SUPPORT
