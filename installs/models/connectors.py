"""The other side of the wire: stored credentials of a system that authorises against a Linnworks API, its session, and
the checks of it."""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar, Self
from urllib.parse import urlsplit

from django.db import models
from django.utils import timezone

from linnapp import credentials
from linnapp.models import Account, User
from linnapp.models.folded import FillsFolded, FoldedField, Searched
from linnapp.models.managers import manager_of
from linnapp.models.named import Named
from linnapp.models.people import Reader
from linnapp.models.traces import Traces

# A worker takes a check within a second; one that nobody took in a minute is not run any more.
TAKEN_WITHIN = timedelta(seconds=60)
# From its beginning, and longer than any check takes: an older one was left behind by a worker that is gone.
TAKES_AT_MOST = TAKEN_WITHIN + timedelta(seconds=30)


class ConnectorQuerySet(FillsFolded["Connector"]):
    def manageable_by(self, user: Reader) -> Self:
        """Those of the accounts this person owns: a connector holds a permanent token."""
        return self.filter(account__in=Account.objects.owned_by(user).values("pk"))

    def readable_by(self, user: Reader) -> Self:
        """Masked."""
        return self.filter(account__in=Account.objects.overseen_by(user).values("pk"))

    def on_account(self, slug: str) -> Self:
        return self.filter(account__slug=slug)

    def named(self, name: str) -> Self:
        return self.filter(name__iexact=name)

    def in_state(self, state: str) -> Self:
        """By the word of a filter: a state in lower case."""
        return self.filter(state=state.upper())

    def matching(self, text: str) -> Self:
        return self.filter(models.Q(name_folded__has=text) | models.Q(base_url__icontains=text))


class Connector(Named, Searched):
    """One connector instance: where it calls, and the credentials it authorises with, which are never shown again."""

    class State(models.TextChoices):
        UNTESTED = "UNTESTED", "Not tested"
        WORKING = "WORKING", "Working"
        FAILING = "FAILING", "Failing"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    NAME_LENGTH: ClassVar = 80

    name = models.CharField(max_length=NAME_LENGTH)
    name_folded = FoldedField(of="name")
    base_url = models.TextField("base URL")
    enabled = models.BooleanField(default=True)
    # The six credentials of the source page. Encrypted is what opens something, or says what it opens.
    scope_encrypted = models.TextField(editable=False)
    token_encrypted = models.TextField(editable=False)
    application_id_encrypted = models.TextField(editable=False)
    application_secret_encrypted = models.TextField(editable=False)
    grant_type = models.CharField(max_length=40)
    token_key = models.CharField("response authentication token key", max_length=80)
    state = models.CharField(max_length=20, choices=State, default=State.UNTESTED)
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    last_error_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    # Counts what was changed of it: whoever holds it as it was before sends nothing more, and keeps no session.
    revision = models.PositiveBigIntegerField(default=0, editable=False)
    # The session that its calls share. `generation` counts renewals: whoever renews claims the one that it saw fail.
    session_encrypted = models.TextField(blank=True, editable=False)
    # Where its calls go, as its answer said, without /api; empty for the base URL.
    session_server = models.TextField(blank=True, editable=False)
    session_ends_at = models.DateTimeField(null=True, blank=True, editable=False)
    generation = models.PositiveBigIntegerField(default=0, editable=False)
    renewing_until = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[ConnectorQuerySet] = manager_of(ConnectorQuerySet)

    class Meta:
        indexes = (
            models.Index(fields=("account", "-created_at"), name="connectors_by_account"),
            models.Index(fields=("-created_at", "id"), name="connectors_newest"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def host(self) -> str:
        """Of the base URL, with its port where that is none of the usual."""
        return urlsplit(self.base_url).netloc

    @property
    def keeps_session(self) -> bool:
        """Whether calls begin with a session token, which its server may have ended early."""
        return self.session_ends_at is not None and self.session_ends_at > timezone.now()

    @property
    def calls_go_to(self) -> str:
        """The Server of the session that it keeps, else the base URL, which the next call authorises at."""
        return (self.session_server if self.keeps_session else "") or self.base_url

    @property
    def scope(self) -> str:
        return credentials.decrypt(self.scope_encrypted)

    @property
    def token(self) -> str:
        return credentials.decrypt(self.token_encrypted)

    @property
    def application_id(self) -> str:
        return credentials.decrypt(self.application_id_encrypted)

    @property
    def application_secret(self) -> str:
        return credentials.decrypt(self.application_secret_encrypted)

    @property
    def session_token(self) -> str:
        """The session token of the last renewal, "" for none; it may have ended since."""
        return credentials.decrypt(self.session_encrypted) if self.session_encrypted else ""


class ConnectorCheckQuerySet(models.QuerySet["ConnectorCheck"]):
    def of_account(self, account: Account) -> Self:
        return self.filter(connector__account=account)

    def created_since(self, moment: datetime) -> Self:
        return self.filter(created_at__gte=moment)

    def created_before(self, moment: datetime) -> Self:
        return self.filter(created_at__lt=moment)

    def waiting(self, now: datetime) -> Self:
        """Without those that nobody took in time."""
        return self.filter(state=ConnectorCheck.State.WAITING, created_at__gte=now - TAKEN_WITHIN)

    def running(self, now: datetime) -> Self:
        """Without those whose worker is gone."""
        return self.filter(state=ConnectorCheck.State.RUNNING, created_at__gte=now - TAKES_AT_MOST)

    def under_way(self, now: datetime) -> Self:
        return self.waiting(now) | self.running(now)


class ConnectorCheck(models.Model):
    """One run of Test connection: its steps as they happen, and the conversation without secrets."""

    class State(models.TextChoices):
        WAITING = "WAITING", "Waiting"
        RUNNING = "RUNNING", "Running"
        PASSED = "PASSED", "Passed"
        FAILED = "FAILED", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connector = models.ForeignKey(Connector, models.CASCADE, related_name="checks")
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    # Of the connector, as it was tested.
    revision = models.PositiveBigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=20, choices=State, default=State.WAITING)
    # {name, words, milliseconds, passed} each.
    steps = models.JSONField(default=list)
    # {request, answer} each, masked before it is written.
    conversation = models.JSONField(default=list)
    # What failed, and what mends it; empty where nothing did.
    fault = models.TextField(blank=True)
    fix = models.TextField(blank=True)

    # Servers answer with the contact e-mail of the account.
    traces: ClassVar[Traces] = Traces(
        texts=("steps", "conversation", "fault", "fix"), made="created_at", accounts=("connector__account",)
    )
    objects: ClassVar[ConnectorCheckQuerySet] = manager_of(ConnectorCheckQuerySet)

    class Meta:
        indexes = (
            models.Index(fields=("connector", "-created_at"), name="checks_by_connector"),
            models.Index(fields=("state", "created_at"), name="checks_by_state"),
        )

    def __str__(self) -> str:
        return f"{self.get_state_display()} check of {self.connector}"

    @property
    def is_over(self) -> bool:
        return self.state in (self.State.PASSED, self.State.FAILED)
