"""Postbacks: what is owed to a developer's endpoint, and every attempt to bring it there."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache
from typing import ClassVar, Self
from uuid import UUID

from django.db import connections, models
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce
from django.utils import timezone

from installs.models.events import EventSettings, EventType
from installs.models.hosts_of_deliveries import ALL_HOSTS, HOSTS
from installs.models.installations import Installation
from linnapp import web_servers
from linnapp.models import Account, Application, User, commonness
from linnapp.models.folded import among, leads_to
from linnapp.models.managers import manager_of
from linnapp.models.people import Reader

LAST_FEW = 5


def goes_out() -> models.Q:
    """A permanent token that ended with its installation is sent no more. What happened stays true, and is sent for as
    long as there is an Events URL."""
    # Asked row by row: an OR over two lists would read every live installation of the portal for a few rows.
    live = models.Exists(Installation.objects.live().filter(pk=models.OuterRef("installation")))
    listening = EventSettings.objects.with_url().filter(application=models.OuterRef("application"))
    return models.Q(live, number=None) | models.Q(models.Exists(listening), number__isnull=False)


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def visible_to(self, user: Reader) -> Self:
        """Those of the applications that this person's accounts own."""
        return self.filter(application__in=Application.objects.visible_to(user).values("pk"))

    def of_application(self, application: Application) -> Self:
        return self.filter(application=application)

    def of_installation(self, installation: Installation) -> Self:
        return self.filter(installation=installation)

    def of_consents(self) -> Self:
        """Those that somebody's consent led to."""
        return self.filter(event__in=(Delivery.Event.INSTALLED, Delivery.Event.AUTHORISED))

    def owed(self) -> Self:
        """Postbacks, without tests, which nobody is owed, and without events, which carry no permanent token."""
        return self.filter(kind=Delivery.Kind.POSTBACK).without_tests()

    def without_tests(self) -> Self:
        return self.exclude(event=Delivery.Event.TEST)

    def tests(self) -> Self:
        return self.filter(event=Delivery.Event.TEST)

    def events(self) -> Self:
        """Without tests, which have no number."""
        return self.filter(number__isnull=False)

    def without_events(self) -> Self:
        return self.filter(number=None)

    def of_kind(self, kind: str) -> Self:
        return self.filter(kind=kind)

    def due(self, now: datetime) -> Self:
        """To be attempted at this moment, and by nobody yet; the longest due first. An event has its turn once all
        before it, of the same installation or application, had their first attempt."""
        rows = self.unclaimed(now).filter(state=Delivery.State.DUE, next_attempt_at__lte=now)
        going = models.Q(application__suspended_by_staff_at=None, application__account__suspended_by_staff_at=None)
        # An event tells of the suspension itself, and carries nothing that a suspension keeps from anybody.
        goes_on = models.Q(number__isnull=False)
        before = Delivery.objects.filter(state=Delivery.State.DUE, tried=0, number__lt=models.OuterRef("number"))
        has_turn = models.Q(number=None) | ~models.Exists(before.filter(subject=models.OuterRef("subject")))
        return rows.filter(going | goes_on, has_turn).order_by("next_attempt_at", "created_at", "number")

    def unclaimed(self, now: datetime) -> Self:
        return self.filter(models.Q(claimed_until=None) | models.Q(claimed_until__lt=now))

    def failed(self) -> Self:
        """Given up: they can be replayed."""
        return self.filter(state__in=Delivery.FAILED)

    def sendable(self) -> Self:
        return self.filter(goes_out())

    def waiting(self) -> Self:
        return self.filter(state__in=Delivery.WAITING)

    def delivered(self) -> Self:
        return self.filter(state=Delivery.State.DELIVERED)

    def not_delivered(self) -> Self:
        return self.filter(state__in=(*Delivery.WAITING, *Delivery.FAILED))

    def owed_and_delivered(self, since: Sequence[datetime]) -> tuple[int, list[int]]:
        """Of those owed since the first of these moments: how many they are, and how many of those owed between each
        and the next one arrived. By moments and not by days, which SQLite would reckon out row by row in Python."""
        ends = (*since[1:], timezone.now())
        arrived = [
            models.Count("state", models.Q(state=Delivery.State.DELIVERED, created_at__gte=begin, created_at__lt=end))
            for begin, end in zip(since, ends, strict=True)
        ]
        counts = self.created_since(since[0]).aggregate(
            owed=models.Count("*"), **{f"arrived_{place}": count for place, count in enumerate(arrived)}
        )
        return counts["owed"], [counts[f"arrived_{place}"] for place in range(len(arrived))]

    def created_since(self, moment: datetime) -> Self:
        return self.filter(created_at__gte=moment)

    def to_host(self, host: str) -> Self:
        return self.filter(host=host)

    def newest_first(self) -> Self:
        return self.order_by("-created_at", "-pk")

    def last_few(self) -> Self:
        """What the page of an installation shows of its postbacks."""
        return self.newest_first()[:LAST_FEW]

    def held(self) -> Self:
        return self.filter(state=Delivery.State.HELD)

    def waiting_for_hosts(self) -> Self:
        """What is held and goes out once its host answers again: without tests, and without what ended with its
        installation, which is given up at the next trial."""
        return self.without_tests().held().sendable()

    def in_state(self, state: str) -> Self:
        """By the word of a filter: a state in lower case, or "failed" for both that are given up."""
        return self.failed() if state == "failed" else self.filter(state=state.upper())

    def matching(self, text: str, application: Application) -> Self:
        """Of an application those to a host, or of an installation on an account, that has this text in its name."""
        accounts = among(Account.objects.filter(name_folded__has=text))
        of_account = leads_to("installation__account", accounts)
        if isinstance(accounts, list):
            theirs = Installation.objects.of_application(application).filter(account__in=accounts)
            of_account = models.Q(installation__in=among(theirs))
        hosts = [host for host in self.hosts_of(application) if text.lower() in host]
        return self.filter(of_account | models.Q(host__in=hosts) if hosts else of_account)

    def hosts_of(self, application: Application) -> list[str]:
        """Where anything of this application's went or goes: from one to the next in their index, however much that
        is to each."""
        with connections[self.db].cursor() as cursor:
            key = Delivery._meta.get_field("application").get_db_prep_value(application.pk, cursor.db)
            cursor.execute(HOSTS, [key, key])
            return [host for (host,) in cursor.fetchall()]

    def with_text(self, names: Collection[str], text: str) -> models.Q | None:
        """How those of all applications with this text in one of these columns are found by an index: by the host,
        as `hosts_of` finds those of one. None where that is no way: where many hosts have it, the first rows that do
        are soon met."""
        if [*names] != ["host"]:
            return None
        with connections[self.db].cursor() as cursor:
            cursor.execute(ALL_HOSTS)
            found = [(key, host) for key, host in cursor.fetchall() if text.lower() in host.lower()]
        if len(found) > commonness.FEW:
            return None
        keys, hosts = ({pair[place] for pair in found} for place in (0, 1))
        return models.Q(application__in=[UUID(str(key)) for key in keys], host__in=hosts)

    def with_id(self, key: UUID) -> Self:
        """The one with this webhook-id, or those of the installation with this id."""
        return self.filter(models.Q(pk=key) | models.Q(installation=key))

    def for_lists(self) -> Self:
        """With what a row of a list shows, `attempt_count` among it; a sub-select a row, and not a join of all."""
        attempts = Attempt.objects.filter(delivery=models.OuterRef("pk")).order_by().values("delivery")
        count = models.Subquery(attempts.annotate(count=models.Count("pk")).values("count"))
        rows = self.select_related("installation__account").defer("tracking", "steps", "payload")
        return rows.annotate(attempt_count=Coalesce(count, 0))

    def for_page(self) -> Self:
        """With what the page of one shows, and what decides whether it can be asked for again."""
        rows = self.select_related("installation__account", "installation__version", "requested_by")
        return rows.defer("installation__version__snapshot", "steps")

    def counted_by_host(self) -> list[tuple[str, int]]:
        """Host and how many of these go there, the most first."""
        counts = self.order_by().values_list("host").annotate(count=models.Count("pk"))
        return list(counts.order_by("-count", "host"))

    def claimed(self, keys: Collection[UUID], until: datetime) -> Self:
        """Those of these that are still held by the claim that ends at this moment."""
        return self.filter(pk__in=keys, claimed_until=until)


class Delivery(models.Model):
    """One postback owed, or one event. The body of a postback is rendered at sending: no permanent token lies in the
    row. Its key is the `webhook-id`, the same at every attempt."""

    class Kind(models.TextChoices):
        POSTBACK = "postback", "Postback"
        EVENT = "event", "Event"

    class Event(models.TextChoices):
        INSTALLED = "installed", "Installed"
        AUTHORISED = "authorised", "Authorised again"
        TOKEN_ROTATED = "token_rotated", "Permanent token rotated"
        TEST = "test", "Test"

    class State(models.TextChoices):
        DUE = "DUE", "Waiting"
        HELD = "HELD", "Held"
        DELIVERED = "DELIVERED", "Delivered"
        STOPPED = "STOPPED", "Stopped"
        EXHAUSTED = "EXHAUSTED", "Exhausted"

    # Of postbacks and tests, and of events.
    EVENTS = (*Event.choices, *EventType.choices)
    WAITING, FAILED = (State.DUE, State.HELD), (State.STOPPED, State.EXHAUSTED)
    # As the index says it, without parameters: by these SQLite finds no index of some rows.
    IS_WAITING: ClassVar[models.Q] = models.Q(state__in=(RawSQL("'DUE'", ()), RawSQL("'HELD'", ())))
    IS_EVENT: ClassVar[models.Q] = models.Q(kind=RawSQL("'event'", ()))
    IS_NOT_OF_MOST: ClassVar[models.Q] = ~models.Q(event=RawSQL("'installed'", ()))
    HAS_FAILED: ClassVar[models.Q] = models.Q(state__in=(RawSQL("'STOPPED'", ()), RawSQL("'EXHAUSTED'", ())))
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    application = models.ForeignKey(Application, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.POSTBACK)
    # None for a test, and for an event of the application as a whole.
    installation = models.ForeignKey(Installation, models.CASCADE, null=True, related_name="deliveries")
    event = models.CharField(max_length=40, choices=EVENTS)
    # Of an event: the key of the installation or application that it is about, its number there, and its body.
    subject = models.UUIDField(null=True, blank=True, editable=False)
    number = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    payload = models.TextField(blank=True, editable=False)
    state = models.CharField(max_length=20, choices=State, default=State.DUE)
    # With its placeholders, as the version said when it was owed; of an event the Events URL as it is set now.
    url = models.TextField()
    host = models.CharField(max_length=260, blank=True, editable=False)
    tracking = models.TextField(blank=True)
    # The installation waits for it: one attempt, and only 200 completes it.
    decides = models.BooleanField(default=False)
    # Of the consent form: sending the form twice owes one postback.
    nonce = models.CharField(max_length=64, unique=True, editable=False)
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    # Attempts since it was owed, or asked for again: the place in the schedule.
    tried = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    # A worker that is gone gives its rows back at this moment.
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    # What the last attempt led to, in words; and when it ended, one way or the other.
    outcome = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # Of a test only: what it came to so far, as a list of {name, words, milliseconds, passed}.
    steps = models.JSONField(default=list, blank=True)

    objects: ClassVar[DeliveryQuerySet] = manager_of(DeliveryQuerySet)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = (
            models.UniqueConstraint(
                fields=("subject", "number"), condition=~models.Q(number=None), name="an_event_once_for_its_subject"
            ),
        )
        indexes = (
            # Few of many: events that had no attempt, which those after them wait for.
            models.Index(
                fields=("subject", "number"), condition=models.Q(state="DUE", tried=0), name="deliveries_first_attempts"
            ),
            models.Index(fields=("state", "next_attempt_at"), name="deliveries_due"),
            # Whose turn it is (installs.models.claiming): by application, and events after their first attempt.
            models.Index(
                fields=("application", "event", "next_attempt_at", "created_at", "number"),
                condition=models.Q(state="DUE", next_attempt_at__isnull=False)
                & (models.Q(number=None) | models.Q(tried__gt=0)),
                name="deliveries_in_turn",
            ),
            models.Index(
                fields=("application", "subject", "number"),
                condition=models.Q(state="DUE", tried=0, number__isnull=False),
                name="deliveries_first_events",
            ),
            models.Index(fields=("application", "-created_at"), name="deliveries_by_application"),
            models.Index(fields=("application", "host"), name="deliveries_by_host"),
            # In place of the rows themselves, where those of some days are counted.
            models.Index(fields=("application", "created_at", "kind", "event", "state"), name="deliveries_counted"),
            models.Index(fields=("application", "state", "-created_at"), name="deliveries_by_state"),
            models.Index(
                fields=("application", "-created_at"), condition=models.Q(kind="event"), name="deliveries_of_events"
            ),
            models.Index(fields=("installation", "-created_at"), name="deliveries_by_installation"),
            models.Index(fields=("created_at",), name="deliveries_by_age"),
            models.Index(
                fields=("-created_at", "id"), condition=models.Q(state__in=("DUE", "HELD")), name="deliveries_waiting"
            ),
            # Of what most are, the first rows are soon met.
            models.Index(
                fields=("event", "-created_at", "id"),
                condition=~models.Q(event="installed"),
                name="deliveries_by_event",
            ),
            models.Index(
                fields=("-created_at", "id"), condition=models.Q(kind="event"), name="deliveries_newest_events"
            ),
            models.Index(
                fields=("-created_at", "id"),
                condition=models.Q(state__in=("STOPPED", "EXHAUSTED")),
                name="deliveries_given_up",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_event_display()} to {self.host}"

    @classmethod
    def label_of(cls, event: str) -> str:
        return dict(cls.EVENTS)[event]

    @property
    def is_over(self) -> bool:
        return self.state in (self.State.DELIVERED, self.State.STOPPED, self.State.EXHAUSTED)

    @property
    def is_being_sent(self) -> bool:
        return self.claimed_until is not None and self.claimed_until > timezone.now()

    @property
    def is_awaited(self) -> bool:
        """Its one attempt, which decides an installation, is still to come."""
        return self.decides and not self.is_over

    @property
    def is_test(self) -> bool:
        return self.event == self.Event.TEST

    @property
    def is_event(self) -> bool:
        """Tests of the Events URL are among them."""
        return self.kind == self.Kind.EVENT

    @property
    def is_due(self) -> bool:
        """Its next attempt is as soon as a worker takes it."""
        return self.next_attempt_at is not None and self.next_attempt_at <= timezone.now()


@lru_cache(maxsize=10_000)
def host_of(url: str) -> str:
    """Host and port that an address leads to, as pages name it and as failing endpoints are counted; "" for none. Asked
    several times for each attempt."""
    return web_servers.server_of(url)[:260]


class AttemptQuerySet(models.QuerySet["Attempt"]):
    def since(self, moment: datetime) -> Self:
        return self.filter(at__gte=moment)

    def failed(self) -> Self:
        return self.filter(passed=False)

    def passed(self) -> Self:
        return self.filter(passed=True)

    def newest_first(self) -> Self:
        return self.order_by("-at", "-pk")


class Attempt(models.Model):
    """One request and its answer. Permanent tokens are masked before they get here."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts")
    at = models.DateTimeField(default=timezone.now)
    passed = models.BooleanField(default=False)
    milliseconds = models.PositiveIntegerField(null=True)
    # Of the answer; None where there was none.
    status = models.PositiveIntegerField(null=True)
    cause = models.TextField(blank=True)
    request = models.TextField(blank=True)
    answer = models.TextField(blank=True)

    objects: ClassVar[AttemptQuerySet] = manager_of(AttemptQuerySet)

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.status or 'no answer'}"
